"""The commands of a page of the documentation, as a reader types them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
ONLY_ON_AWS = "*Only on AWS"


class Block(NamedTuple):
    """One shell block; `only_on_aws` when the page says so in the paragraph before it."""

    text: str
    only_on_aws: bool


def blocks(page: Path) -> list[Block]:
    """The shell blocks of a page, in order."""
    text = page.read_text()
    found = []
    for match in _BLOCK.finditer(text):
        before = text[: match.start()].rstrip().rpartition("\n\n")[2]
        found.append(Block(match[1], before.startswith(ONLY_ON_AWS)))
    return found


def workplace(folder: Path, checkout: Path) -> Path:
    """A folder that looks like the checkout, in which what commands write stays apart from it."""
    folder.mkdir()
    for entry in checkout.iterdir():
        if entry.name not in {"build", ".git", ".odpf"}:
            (folder / entry.name).symlink_to(entry)
    return folder
