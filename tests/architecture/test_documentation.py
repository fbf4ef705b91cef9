"""The documentation speaks of targets and files that exist; of its commands tests/documentation knows."""

from __future__ import annotations

import re

import pytest

from tests.architecture.source_tree import ROOT, name_of

PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "benchmarks" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
MOST_LINES = 150
BLOCK = re.compile(r"^```(?:bash|sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"^(?:\$ )?make ([a-z-]+)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name for block in BLOCK.findall(page.read_text()) for name in MAKE.findall(block)}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file(page):
    assert [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()] == []


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= MOST_LINES


def test_the_readme_begins_with_the_two_commands():
    typed = [name for block in BLOCK.findall((ROOT / "README.md").read_text()) for name in MAKE.findall(block)]
    assert typed[:2] == ["demo", "test"]


def test_every_target_says_what_it_does():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    told = set(re.findall(r"^([a-z-]+):.* ## \S", makefile, re.MULTILINE))
    assert targets == told
