"""Commands of the pages, typed as they stand there, in one embedded AWS; each page in a folder of its own."""

from __future__ import annotations

import doctest
import os
import sys

import pytest

from odpf_local.aws import running
from tests.architecture.source_tree import ROOT, name_of
from tests.documentation import scenery
from tests.documentation.blocks import PAGES, SHELLS, TYPED_ELSEWHERE, Block, blocks
from tests.documentation.shell import Terminal

RUN = {*SHELLS, "python"}
FIRST = "docs/start.md"
"""The others go on with its table."""
LONG = {"docs/runbook.md"}
COMPARED = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def typed(page):
    """The blocks of a page that are typed here."""
    if name_of(page) in TYPED_ELSEWHERE:
        return []
    return [block for block in blocks(page) if block.language in RUN and not block.why_not_run()]


def pages():
    found = [page for page in PAGES if typed(page)]
    return sorted(found, key=lambda page: name_of(page) != FIRST)


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    folder = tmp_path_factory.mktemp("aws")
    try:
        yield folder, running.launch(folder)
    finally:
        running.stop(folder)


@pytest.fixture(scope="module")
def environment(instance):
    """Of a terminal in which nothing was typed yet: nobody's AWS, and the program on the path as after `activate`."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ODPF_"))}
    kept = {name: os.environ[name] for name in ("ODPF_CACHE",) if name in os.environ}
    return (
        own
        | kept
        | {"COLUMNS": "120", "TERM": "xterm", "PATH": os.pathsep.join([str(ROOT / ".venv" / "bin"), own["PATH"]])}
    )


@pytest.fixture(scope="module")
def tour(instance, environment, tmp_path_factory):
    """The table of the first page, for the others."""
    terminal = opened(tmp_path_factory.mktemp("tour"), instance, environment)
    for block in typed(ROOT / FIRST):
        type_in(terminal, block)


def opened(folder, instance, environment):
    """A terminal in a folder that looks like the project's, to which the embedded AWS belongs."""
    place, _ = instance
    (folder / ".odpf").symlink_to(place / ".odpf")
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "examples").symlink_to(ROOT / "examples")
    return Terminal(folder, dict(environment))


def type_in(terminal: Terminal, block: Block):
    """Type a block; the answers that it shows have to be those that come."""
    if block.language == "python":
        done = terminal.type(f"python - <<'PYTHON'\n{block.text}PYTHON\n")
        assert done.status == 0, f"{block.name}\n{done.output}"
        return
    for command in block.commands():
        done = terminal.type(command.text)
        assert done.status == 0, f"{block.name}: {command.text}\n{done.output}"
        if command.answer:
            assert agrees(command.answer, done.output), f"{block.name}: {command.text}\n{done.output}\n{command.answer}"


def agrees(shown: str, came: str) -> bool:
    return doctest.OutputChecker().check_output(" ".join(shown.split()), " ".join(came.split()), COMPARED)


def marked(page):
    return pytest.param(page, id=name_of(page), marks=pytest.mark.soak if name_of(page) in LONG else pytest.mark.more)


@pytest.mark.parametrize("page", [marked(page) for page in pages()])
def test_the_commands_of_a_page_do_what_it_says(page, instance, environment, tour, tmp_path, monkeypatch):
    if name_of(page) == FIRST:
        return  # typed by the fixture
    _, running_one = instance
    terminal = opened(tmp_path, instance, environment | running_one.environment)
    for name, value in running_one.environment.items():
        monkeypatch.setenv(name, value)
    for block in blocks(page):
        if block.title:
            (tmp_path / block.title).write_text(block.text)
    headings = set()
    for block in typed(page):
        if block.heading not in headings and (scene := scenery.before(page.name, block.heading)):
            scene()
        headings.add(block.heading)
        type_in(terminal, block)
