"""The documentation speaks of commands, targets and files that exist."""

from __future__ import annotations

import re
import shlex

import pytest
import typer.main

from odpf_cli.main import app
from tests.architecture.source_tree import ROOT, name_of

PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
MOST_LINES = 150
BLOCK = re.compile(r"^```(?:bash|sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def commands(page):
    """Command lines of a page's shell blocks, continued lines joined, comments and prompts taken off."""
    for block in BLOCK.findall(page.read_text()):
        for line in block.replace("\\\n", " ").splitlines():
            if words := shlex.split(line.removeprefix("$ "), comments=True):
                yield words


def odpf_commands(page):
    for words in commands(page):
        for index, word in enumerate(words):
            inner = re.search(r"\$\(odpf ([^)]*)\)", word)
            if inner:
                yield inner[1].split()
            elif word.endswith("odpf") and index == 0:
                yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_exists_with_its_options(page):
    for words in odpf_commands(page):
        command, rest = typer.main.get_command(app), list(words)
        while rest and hasattr(command, "commands"):
            assert rest[0] in command.commands, f"odpf {' '.join(words)}"
            command = command.commands[rest.pop(0)]
        options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)} | {"--help"}
        given = {word.split("=")[0] for word in rest if word.startswith("--")}
        assert given <= options, f"odpf {' '.join(words)}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {words[1] for words in commands(page) if words[0] == "make" and len(words) > 1}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file(page):
    assert [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()] == []


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= MOST_LINES


def test_the_readme_begins_with_the_two_commands():
    first = [words for words in commands(ROOT / "README.md") if words[0] == "make"][:2]
    assert first == [["make", "demo"], ["make", "test"]]


def test_every_target_says_what_it_does():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    told = set(re.findall(r"^([a-z-]+):.* ## \S", makefile, re.MULTILINE))
    assert targets == told
