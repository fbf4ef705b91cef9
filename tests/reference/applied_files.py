"""The files applied to a table: which load each row follows, and which key it had before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tests.reference.changes import Batch, Change, File, Key, Placed, Position, hashable


class AppliedFiles:
    """A table's files, run by run.

    Args:
        keys: names of the key's columns.
        before_image_prefix: how columns begin that have a row's values before its change.
    """

    def __init__(self, keys: Sequence[str], before_image_prefix: str) -> None:
        self._keys = tuple(keys)
        self._old_keys = tuple(f"{before_image_prefix}{name}".lower() for name in keys)
        self._files: list[File] = []
        self._floors: dict[int, str] = {}

    def take(self, files: Iterable[File]) -> Batch:
        """Add one run's files. Those that cannot be read are not applied."""
        readable = [file for file in files if not file.unreadable]
        before = self._generation()
        self._raise_floor(readable)
        rows = [placed for file in readable for placed in self._placed(file)]
        self._files += readable
        return Batch(readable, rows, before, self._generation())

    def _placed(self, file: File) -> Iterator[Placed]:
        for number, change in enumerate(file.changes):
            if not change.bad:
                position = Position(self._generation_of(file, change), change.sequence, file.name, number)
                key = tuple(hashable(change.row[name]) for name in self._keys)
                yield Placed(position, key, self._old_key(change, key), change, file.is_load)

    def _old_key(self, change: Change, key: Key) -> Key | None:
        """The key before the change: all its parts must be told, and one of them must differ."""
        if change.operation != "U":
            return None
        told = {name.lower(): value for name, value in change.row.items()}
        parts = [told.get(name) for name in self._old_keys]
        old = tuple(hashable(part) for part in parts)
        return None if None in parts or old == key else old

    def _generation_of(self, file: File, change: Change) -> int:
        """A change that a load already contains belongs to the generation before that load."""
        contained = not file.is_load and change.sequence <= self._floors.get(file.generation, "")
        return file.generation - 1 if contained else file.generation

    def _raise_floor(self, files: Sequence[File]) -> None:
        """A new load contains every change applied before it, those that come in one run with it included."""
        newest = self._generation()
        generation = max((file.generation for file in files if file.is_load), default=newest)
        if generation > newest > 0:
            before = [*self._files, *(file for file in files if file.generation < generation)]
            applied = (change.sequence for file in before for change in file.changes if not change.bad)
            self._floors[generation] = max(applied, default="")

    def _generation(self) -> int:
        return max((file.generation for file in self._files if file.is_load), default=0)
