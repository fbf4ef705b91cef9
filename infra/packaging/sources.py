"""Our own source: the modules that a package reaches from its entries, and the release that names their state."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from modulefinder import ModuleFinder
from pathlib import Path
from typing import NamedTuple

from odpf.errors import TerminalError

RELEASE_MODULE = "odpf/release.py"
_UNSTAMPED = b'RELEASE = "source"'


class Sources(NamedTuple):
    """What entries reach."""

    files: dict[str, bytes]
    """Content by path below the root."""
    needed: frozenset[str]
    """Top-level modules that are neither ours nor of Python."""


def reach(root: Path, entries: Iterable[str]) -> Sources:
    """Follow imports, those inside functions too, from `entries` through everything below `root`.

    Raises:
        TerminalError: an entry does not exist.
    """
    finder = ModuleFinder(path=[str(root)])
    for entry in entries:
        try:
            finder.import_hook(entry)
        except ImportError:
            raise TerminalError(f"A package starts with {entry}, and there is no such module.") from None
    origins = [vars(module)["__file__"] for module in finder.modules.values()]
    paths = {Path(origin) for origin in origins if origin}
    ours = {name.split(".")[0] for name in finder.modules}
    others = {name.split(".")[0] for name in finder.any_missing()}
    return Sources(
        files={path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(paths)},
        needed=frozenset(others - ours - sys.stdlib_module_names),
    )


def release_of(files: dict[str, bytes]) -> str:
    """Twelve hex digits that change with any byte or name of what packages are made from."""
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:12]


def stamp(files: dict[str, bytes], release: str) -> dict[str, bytes]:
    """The files, with the release in the module that tells it.

    Raises:
        TerminalError: that module is not among them, or not as the repository has it.
    """
    content = files.get(RELEASE_MODULE, b"")
    if content.count(_UNSTAMPED) != 1:
        raise TerminalError(f"{RELEASE_MODULE} has to hold the line {_UNSTAMPED.decode()} in every package, once.")
    return files | {RELEASE_MODULE: content.replace(_UNSTAMPED, f'RELEASE = "{release}"'.encode())}
