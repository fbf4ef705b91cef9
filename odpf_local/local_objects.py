"""Objects as files of a folder: what Spark reads and writes below the same folder is seen as objects, and the other way round."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import BinaryIO, NamedTuple

from odpf.errors import TerminalError
from odpf.ports import StoredObject

_WRITING = ".writing"
"""Unfinished files, on the same file system and in no bucket: a bucket's name does not begin with a dot."""
_CHECKSUM = ".crc"
"""Hadoop keeps a checksum of the file `name` in `.name.crc` beside it, and believes it more than the file."""
_LONGEST_NAME = 255
_NOT_THERE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class LocalObjectStore:
    """Objects by bucket and key, each a file `<root>/<bucket>/<key>`, for tests and benchmarks.

    A reader sees the old or the new object, never a part. Processes may share the folder; only the condition of
    `delete_if_unchanged` holds among the users of one store object alone. Keys that no file can have are refused:
    empty, `.` and `..` parts, parts over 255 bytes, names of Hadoop's checksums, an object below another one.

    Args:
        root: the folder; made if it is missing.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._writing = self._root / _WRITING
        self._writing.mkdir(parents=True, exist_ok=True)
        self._lock = RLock()

    def get(self, bucket: str, key: str) -> bytes:
        """The whole object."""
        with self.open(bucket, key)[0] as file:
            return file.read()

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Write an object."""
        self._put(bucket, key, lambda file: file.write(content), os.replace)

    def put_new(self, bucket: str, key: str, content: bytes) -> bool:
        """Write an object unless there is one."""
        try:
            self._put(bucket, key, lambda file: file.write(content), os.link)
        except FileExistsError:
            return False
        return True

    def put_file(self, bucket: str, key: str, file: BinaryIO) -> None:
        """Write an object from where a file stands to its end."""
        self._put(bucket, key, lambda copy: shutil.copyfileobj(file, copy), os.replace)

    def copy(self, bucket: str, key: str, new_key: str) -> None:
        """Write an object once more under another key."""
        self.put(bucket, new_key, self.get(bucket, key))

    def open(self, bucket: str, key: str, tail: int = 0) -> tuple[BinaryIO, str]:  # noqa: ARG002  all of it is near
        """The file itself, which can be mapped into memory, and its etag; close it."""
        try:
            file = self._path(bucket, key).open("rb")
        except _NOT_THERE:
            raise FileNotFoundError(f"There is no object s3://{bucket}/{key}.") from None
        return file, _etag(os.fstat(file.fileno()))

    def list(self, bucket: str, prefix: str, after: str = "") -> Iterator[StoredObject]:
        """Objects below a prefix with a key greater than `after`, in key order; a folder is read when its turn comes."""
        folder = prefix.rpartition("/")[0]
        if _problem(folder):
            return
        base = f"{folder}/" if folder else ""
        wanted = _Wanted(os.fsencode(prefix), os.fsencode(after))
        listed_at = datetime.now(UTC)
        for key, entry in _files(f"{self._root}/{bucket}/{folder}", os.fsencode(base), wanted):
            try:
                found = entry.stat()
            except FileNotFoundError:
                continue
            yield StoredObject(os.fsdecode(key), _etag(found), found.st_size, _written(found), listed_at)

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        """Remove objects; their folders stay."""
        for key in keys:
            path = self._path(bucket, key)
            for gone in (_checksum(path), path):
                _remove(gone)

    def delete_if_unchanged(self, bucket: str, key: str, etag: str) -> bool:
        """Remove an object that still has this etag."""
        path = self._path(bucket, key)
        with self._lock:
            try:
                found = path.stat()
            except _NOT_THERE:
                return True
            if _etag(found) != etag:
                return False
            self.delete(bucket, [key])
            return True

    def _put(
        self, bucket: str, key: str, write: Callable[[BinaryIO], object], place: Callable[[Path, Path], None]
    ) -> None:
        """Write a file apart, then give it its name by `place`, which either replaces or insists on a free one."""
        path = self._path(bucket, key)
        descriptor, name = tempfile.mkstemp(dir=self._writing)
        unfinished = Path(name)
        try:
            with open(descriptor, "wb") as file:
                write(file)
            now = time.time_ns()
            os.utime(unfinished, ns=(now, now))  # the kernel's stamp ticks every few milliseconds: etags would repeat
            with self._lock:
                _place(unfinished, path, place)
        finally:
            _remove(unfinished)

    def _path(self, bucket: str, key: str) -> Path:
        problem = _problem(bucket or "/") or _problem(key or "/")
        if problem:
            raise TerminalError(f"A folder cannot hold s3://{bucket}/{key}: {problem}. Choose another key.")
        return self._root / bucket / key


class _Wanted(NamedTuple):
    """Which keys a listing wants, in UTF-8, the order S3 lists in."""

    prefix: bytes
    after: bytes

    def has(self, key: bytes) -> bool:
        return key.startswith(self.prefix) and key > self.after

    def reaches(self, folder: bytes) -> bool:
        """Whether keys that begin with `folder` may be wanted."""
        below = folder.startswith(self.prefix) or self.prefix.startswith(folder)
        return below and (folder > self.after or self.after.startswith(folder))


def _files(folder: str, base: bytes, wanted: _Wanted) -> Iterator[tuple[bytes, os.DirEntry[str]]]:
    """Keys and files below a folder, in key order: a folder's place is that of its name with the slash."""
    try:
        with os.scandir(folder) as entries:
            found = {os.fsencode(entry.name) + b"/" * entry.is_dir(): entry for entry in entries}
    except _NOT_THERE:
        return
    for name, entry in sorted(found.items()):
        key = base + name
        if name.endswith(b"/"):
            if wanted.reaches(key):
                yield from _files(entry.path, key, wanted)
        elif wanted.has(key) and not _is_checksum(entry.name):
            yield key, entry


def _place(unfinished: Path, path: Path, place: Callable[[Path, Path], None]) -> None:
    """Move a file to its name; a checksum of what stood there goes first, a file without one is fine to Hadoop."""
    _remove(_checksum(path))
    try:
        try:
            place(unfinished, path)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            place(unfinished, path)
    except FileExistsError:
        if path.is_file():
            raise
        raise _taken(path) from None
    except (NotADirectoryError, IsADirectoryError):
        raise _taken(path) from None


def _taken(path: Path) -> TerminalError:
    return TerminalError(f"{path} cannot be a file: a folder has its name, or a file that of its folder. Remove it.")


def _problem(key: str) -> str | None:
    """Why no file can have this key; also of a bucket, and of a folder, where empty is the top."""
    for part in key.split("/") if key else []:
        if part in ("", ".", ".."):
            return f"{part!r} is no name of a file"
        if "\0" in part or len(os.fsencode(part)) > _LONGEST_NAME:
            return f"{part[:20]!r}... is no name of a file"
        if _is_checksum(part):
            return f"{part!r} is the name of a Hadoop checksum"
    return None


def _is_checksum(name: str) -> bool:
    return name.startswith(".") and name.endswith(_CHECKSUM)


def _checksum(path: Path) -> Path:
    return path.with_name(f".{path.name}{_CHECKSUM}")


def _remove(path: Path) -> None:
    try:
        os.unlink(path)
    except _NOT_THERE:
        return


def _etag(found: os.stat_result) -> str:
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"


def _written(found: os.stat_result) -> datetime:
    return datetime.fromtimestamp(found.st_mtime, UTC)
