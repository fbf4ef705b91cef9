"""What a raw table must hold, and what a run must count: a replay over plain Python values.

It shares no code with the product and reads no parquet: it is given the rows that a test wrote. Rows are replayed in
the order (generation, change sequence, file name, row); a full load's rows have no sequence and so come first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

Row = dict[str, Any]
Key = tuple[Any, ...]

KINDS = ("inserted", "updated", "deleted", "collapsed", "late", "unchanged", "quarantined")


class Change(NamedTuple):
    """One row of a file; `sequence` is empty in a full load, `bad` says that it cannot be applied."""

    operation: str
    sequence: str
    row: Row
    bad: bool = False


class File(NamedTuple):
    """One file; `generation` counts the loads of its table, the file's own included."""

    name: str
    generation: int
    changes: tuple[Change, ...]
    is_load: bool = False


class Position(NamedTuple):
    """Where a row stands in the total order."""

    generation: int
    sequence: str
    file: str
    row: int


class _Placed(NamedTuple):
    position: Position
    change: Change


class Replay:
    """A table's files as they were applied, run by run.

    Args:
        keys: names of the key's columns.
        history: every change is a row of the table; otherwise it holds the newest state of every key.
    """

    def __init__(self, keys: Sequence[str], *, history: bool = False) -> None:
        self._keys = tuple(keys)
        self._history = history
        self._files: list[File] = []
        self._floors: dict[int, str] = {0: "", 1: ""}

    def apply(self, files: Iterable[File]) -> Counter[str]:
        """Take one run's files, and say what becomes of their rows."""
        files = list(files)
        counts = self._count(files)
        self._files += files
        return counts

    def rows(self) -> list[Row]:
        """The table's rows now."""
        return [placed.change.row for placed in self._stored().values()]

    def changes(self) -> list[tuple[str, str, int, Row]]:
        """(operation, sequence, generation, row) of a history table's rows."""
        return [
            (placed.change.operation, placed.change.sequence, placed.position.generation, placed.change.row)
            for placed in self._stored().values()
        ]

    def _stored(self) -> dict[Key, _Placed]:
        table: dict[Key, _Placed] = {}
        newest = self._generation()
        for placed in sorted(self._placed(self._files), key=lambda each: each.position):
            identity = self._identity(placed)
            if self._history:
                table.setdefault(identity, placed)
            elif placed.position.generation < newest:
                continue
            elif placed.change.operation == "D":
                table.pop(identity, None)
            else:
                table[identity] = placed
        return table

    def _count(self, files: Sequence[File]) -> Counter[str]:
        stored = self._stored()
        before = self._generation()
        self._raise_floor(files)
        rows = [change for file in files for change in file.changes]
        counts = Counter(read=len(rows), quarantined=sum(change.bad for change in rows))
        last: dict[Key, _Placed] = {}
        for placed in sorted(self._placed(files), key=lambda each: each.position):
            counts["collapsed"] += self._identity(placed) in last
            last[self._identity(placed)] = placed
        generation = max([before, *(file.generation for file in files)])
        reloads = 0 < before < generation and not self._history
        for identity, placed in last.items():
            counts[self._effect(placed, stored.get(identity), generation, reloads=reloads)] += 1
        if reloads:
            counts["removed"] = len(stored) - counts["updated"]
        return +counts

    def _effect(self, placed: _Placed, stored: _Placed | None, generation: int, *, reloads: bool) -> str:
        if self._history:
            return "unchanged" if stored else "inserted"
        if placed.position.generation < generation:
            return "late"
        if not reloads and stored and stored.position >= placed.position:
            return "late"
        if placed.change.operation == "D":
            return "deleted" if stored and not reloads else "unchanged"
        return "updated" if stored else "inserted"

    def _placed(self, files: Iterable[File]) -> Iterable[_Placed]:
        for file in files:
            for number, change in enumerate(file.changes):
                if not change.bad:
                    generation = self._generation_of(file, change)
                    yield _Placed(Position(generation, change.sequence, file.name, number), change)

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

    def _identity(self, placed: _Placed) -> Key:
        key = tuple(hashable(placed.change.row[name]) for name in self._keys)
        return (*key, placed.position.generation, placed.change.sequence) if self._history else key


def hashable(value: Any) -> Any:
    """A key part with its type, so that True, 1 and 1.0 stay three values."""
    return (type(value).__name__, value)


def only(rows: Iterable[Mapping[str, Any]], *columns: str) -> list[Row]:
    """The rows with some of their columns."""
    return [{name: row.get(name) for name in columns} for row in rows]
