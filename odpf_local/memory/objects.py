"""Objects in memory."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from threading import RLock
from typing import BinaryIO, NamedTuple

from odpf.clock import utc_now
from odpf.ports import StoredObject


class _Object(NamedTuple):
    content: bytes
    etag: str
    last_modified: datetime


class MemoryObjectStore:
    """Objects by bucket and key; buckets come into being by the first object."""

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self._lock = RLock()
        self._clock = clock
        self._buckets: dict[str, dict[str, _Object]] = {}

    def get(self, bucket: str, key: str) -> bytes:
        """The whole object."""
        return self._object(bucket, key).content

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Write an object."""
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        with self._lock:
            self._buckets.setdefault(bucket, {})[key] = _Object(content, etag, self._clock())

    def put_new(self, bucket: str, key: str, content: bytes) -> bool:
        """Write an object unless there is one."""
        with self._lock:
            if key in self._buckets.get(bucket, {}):
                return False
            self.put(bucket, key, content)
            return True

    def put_file(self, bucket: str, key: str, file: BinaryIO) -> None:
        """Write an object from where a file stands to its end."""
        self.put(bucket, key, file.read())

    def copy(self, bucket: str, key: str, new_key: str) -> None:
        """Write an object once more under another key."""
        self.put(bucket, new_key, self.get(bucket, key))

    def open(self, bucket: str, key: str, tail: int = 0) -> tuple[BinaryIO, str]:  # noqa: ARG002  all of it is near
        """A reader and the etag."""
        found = self._object(bucket, key)
        return io.BytesIO(found.content), found.etag

    def list(self, bucket: str, prefix: str, after: str = "") -> Iterator[StoredObject]:
        """Objects below a prefix with a key greater than `after`, in key order."""
        with self._lock:
            objects, listed_at = dict(self._buckets.get(bucket, {})), self._clock()
        for key in sorted(objects, key=str.encode):
            if key.startswith(prefix) and key.encode() > after.encode():
                found = objects[key]
                yield StoredObject(key, found.etag, len(found.content), found.last_modified, listed_at)

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        """Remove objects."""
        with self._lock:
            for key in keys:
                self._buckets.get(bucket, {}).pop(key, None)

    def delete_if_unchanged(self, bucket: str, key: str, etag: str) -> bool:
        """Remove an object that still has this etag."""
        with self._lock:
            objects = self._buckets.get(bucket, {})
            if key in objects and objects[key].etag != etag:
                return False
            objects.pop(key, None)
            return True

    def _object(self, bucket: str, key: str) -> _Object:
        with self._lock:
            try:
                return self._buckets[bucket][key]
            except KeyError:
                raise FileNotFoundError(f"There is no object s3://{bucket}/{key}.") from None
