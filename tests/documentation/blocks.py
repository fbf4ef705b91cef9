"""Fenced blocks of the pages, and what becomes of each: typed, parsed, or read by the models."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.architecture.source_tree import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TYPED_ELSEWHERE = {
    "README.md": "tests/end_to_end/test_readme.py",
    "docs/aws.md": "tests/deployed/test_guide.py",
    "docs/regions.md": "tests/end_to_end/test_regions.py",
}
"""Pages that lead through something of their own."""
SHELLS = {"bash", "sh", "console"}
_FENCE = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_MARK = re.compile(r"<!-- not run: ((?:(?!-->).)+) -->\s*\Z", re.DOTALL)
_ONLY_ON_AWS = re.compile(r"\*only on aws", re.IGNORECASE)
_STANDS_FOR = re.compile(r"(?<![\w$=/'\"-])[A-Z][A-Z_]+(?![\w=*])")
"""A word in capitals, which stands for one of the reader's."""
_NOT_HERE = {"aws": "the AWS command line is none of the project's tools", "make": "a target of its own"}


class Command(NamedTuple):
    """What is typed, and what is answered; None where the page does not show it."""

    text: str
    answer: str | None = None


class Block(NamedTuple):
    """One fenced block.

    Attributes:
        title: the file that it shows, if any.
        mark: the reason that the page gives for not running it.
    """

    page: Path
    line: int
    heading: str
    language: str
    title: str | None
    text: str
    mark: str | None

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    def commands(self) -> list[Command]:
        """A `console` block command by command with its answers; another one as a whole, unless all of it is `odpf`."""
        if self.language != "console":
            lines = [line for line in _joined(self.text).splitlines() if line.strip()]
            return (
                [Command(line) for line in lines]
                if all(line.startswith("odpf ") for line in lines)
                else [Command(self.text)]
            )
        parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]
        return [Command(*_typed_and_answered(part)) for part in parts]

    def lines(self) -> Iterator[list[str]]:
        """The words of each command line, continued lines joined, comments left out."""
        for command in self.commands():
            for line in _joined(command.text).splitlines():
                lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&<>")
                lexer.whitespace_split = True
                if words := list(lexer):
                    yield words

    def why_not_run(self) -> str | None:
        """Why the tests only parse it."""
        if self.mark:
            return self.mark
        for words in self.lines():
            if words[0] in _NOT_HERE:
                return _NOT_HERE[words[0]]
        bare = "\n".join(re.sub(r'"[^"]*"|#.*', "", command.text) for command in self.commands())
        return f"{found[0]} stands for a value of the reader's" if (found := _STANDS_FOR.search(bare)) else None


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    text = page.read_text()
    found = []
    for match in _FENCE.finditer(text):
        before = text[: match.start()]
        headings = _HEADING.findall(_FENCE.sub("", before))  # a comment in a block is none
        line, heading = before.count("\n") + 1, headings[-1] if headings else ""
        found.append(Block(page, line, heading, match[1], match[2], match[3], _mark(before, match[3])))
    return found


def _mark(before: str, inside: str) -> str | None:
    if marked := _MARK.search(before):
        return " ".join(marked[1].split())
    paragraph = before.rstrip().rpartition("\n\n")[2]
    return "only on AWS" if _ONLY_ON_AWS.search(paragraph) or inside.startswith("# only on AWS") else None


def _typed_and_answered(part: str) -> tuple[str, str]:
    lines = part.splitlines(keepends=True)
    last = next(index for index, line in enumerate(lines) if not line.endswith("\\\n"))
    return "".join(lines[: last + 1]), "".join(lines[last + 1 :])


def _joined(text: str) -> str:
    return text.replace("\\\n", " ")
