"""Zips whose bytes depend on nothing but names and content of their files."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path

from odpf.errors import TerminalError

_NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
_UNIX = 3
_READABLE = stat.S_IFREG | 0o644  # functions run as a user that is not the owner


def merge(parts: Iterable[Iterable[tuple[str, bytes]]]) -> dict[str, bytes]:
    """Files of several origins in one folder.

    Raises:
        TerminalError: two of them have the same path with different content.
    """
    merged: dict[str, bytes] = {}
    for part in parts:
        for path, content in part:
            if merged.setdefault(path, content) != content:
                raise TerminalError(f"Two packages bring different files {path}. One of them has to go.")
    return merged


def write_zip(path: Path, files: dict[str, bytes]) -> None:
    """Write files in the order of their names, without times, owners and the permissions they have here."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, _NO_TIME)
            info.create_system, info.external_attr, info.compress_type = _UNIX, _READABLE << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, content, compresslevel=6)


def unzipped_bytes(path: Path) -> int:
    """Size of everything in it."""
    with zipfile.ZipFile(path) as archive:
        return sum(info.file_size for info in archive.infolist())
