"""Wheels: what their name and metadata say, and the files that they put on the import path."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from packaging.metadata import Metadata
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

PYTHON = (3, 11)
GLIBC = 26
"""Minor version of the C library below Lambda's Python 3.11, Amazon Linux 2; Glue's, Amazon Linux 2023, is later."""

PLATFORMS = [
    *(f"manylinux_2_{minor}_x86_64" for minor in range(GLIBC, 4, -1)),
    *(f"manylinux{name}_x86_64" for name in ("2014", "2010", "1")),
]
"""What runs there, https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/#manylinux"""

TAGS = frozenset(cpython_tags(PYTHON, platforms=PLATFORMS)) | frozenset(
    compatible_tags(PYTHON, interpreter="cp311", platforms=PLATFORMS)
)

_NOT_PACKED = {"__pycache__", "test", "tests"}
_NOT_PACKED_DATA = {"scripts", "headers", "data"}


class Wheel:
    """One wheel on disk, whose name says what it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name, version, _, self.tags = parse_wheel_filename(path.name)
        self.version = str(version)

    @cached_property
    def sha256(self) -> str:
        """Hash of the file."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    @cached_property
    def metadata(self) -> Metadata:
        """Core metadata; what is not valid in old wheels is only refused when it is asked for."""
        with zipfile.ZipFile(self.path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            return Metadata.from_email(archive.read(name), validate=False)

    @cached_property
    def modules(self) -> frozenset[str]:
        """Top-level names that can be imported from it."""
        tops = {path.split("/")[0] for path, _ in self.files() if ".dist-info/" not in path}
        return frozenset(top.split(".")[0] for top in tops)

    def runs_on(self, tags: frozenset[Tag] = TAGS) -> bool:
        """Whether one of its tags is among `tags`, by default those of Lambda and Glue."""
        return not self.tags.isdisjoint(tags)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Paths below the import path with their content; tests, scripts and RECORD, which lists them, are left out."""
        with zipfile.ZipFile(self.path) as archive:
            for info in archive.infolist():
                path = _installed(info.filename)
                if path and not info.is_dir():
                    yield path, archive.read(info)


def _installed(path: str) -> str | None:
    """Where a file of a wheel goes, https://packaging.python.org/en/latest/specifications/binary-distribution-format/."""
    first, _, rest = path.partition("/")
    if first.endswith(".data"):
        kind, _, path = rest.partition("/")
        return None if kind in _NOT_PACKED_DATA else path
    if first.endswith(".dist-info") and rest == "RECORD":
        return None
    return path if _NOT_PACKED.isdisjoint(path.split("/")[:-1]) else None
