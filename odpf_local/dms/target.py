"""Where DMS files go: anything that takes an object; here a folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol

from odpf_local.dms.errors import InvalidTarget

_S3 = "s3://"


class Target(Protocol):
    """Takes finished files; `odpf.ports.ObjectStore` is one."""

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Write an object."""


class FolderTarget:
    """Files below a folder, `<folder>/<key>`; the bucket plays no part."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, bucket: str, key: str, content: bytes) -> None:  # noqa: ARG002  the port's signature
        """Write a file so that a reader never sees a part of it."""
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(content)
        part.replace(path)


class S3Place(NamedTuple):
    """A bucket, and the folder in it if one was named."""

    bucket: str
    folder: str | None

    @classmethod
    def parse(cls, text: str) -> S3Place:
        """Read `s3://bucket[/folder]`.

        Raises:
            InvalidTarget: no bucket in it.
        """
        bucket, slash, folder = text.removeprefix(_S3).partition("/")
        if not bucket or not text.startswith(_S3):
            raise InvalidTarget(f"{text!r} is no bucket. Write s3://bucket or s3://bucket/folder.")
        return cls(bucket, folder.strip("/") if slash else None)


def is_s3(text: str) -> bool:
    """Whether a target names a bucket, not a folder."""
    return text.startswith(_S3)
