"""An object store whose user dies at a step that was told before, table by table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from odpf.errors import TransientError
from odpf.ports import ObjectStore


class DyingObjects:
    """Objects; whoever writes or deletes below a doomed table dies before that step, or after it.

    Attributes:
        doomed: by a table's base path, the step of its death, and whether that one is still done.
    """

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects
        self.doomed: dict[str, tuple[int, bool]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """One step."""
        self._step(key, lambda: self._objects.put(bucket, key, content))

    def put_new(self, bucket: str, key: str, content: bytes) -> bool:
        """One step."""
        return bool(self._step(key, lambda: self._objects.put_new(bucket, key, content)))

    def put_file(self, bucket: str, key: str, file: BinaryIO) -> None:
        """One step."""
        self._step(key, lambda: self._objects.put_file(bucket, key, file))

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        """One step an object."""
        for key in keys:
            self._step(key, lambda key=key: self._objects.delete(bucket, [key]))

    def _step(self, key: str, act: Callable[[], Any]) -> Any:
        table = next((table for table in self.doomed if key.startswith(f"{table}/")), None)
        if table is None:
            return act()
        steps, is_done = self.doomed[table]
        self.doomed[table] = (steps - 1, is_done)
        done = act() if steps > 1 or (steps == 1 and is_done) else None
        if steps <= 1:
            raise TransientError("The process is gone.")
        return done
