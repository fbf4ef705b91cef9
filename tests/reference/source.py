"""A random source table: its transactions, as DMS tells them, and its rows at every moment.

The rows are kept apart from the changes, by a dictionary alone, so that a replay has something to be compared with.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from tests.reference.changes import Change, File, Key, Row, hashable
from tests.reference.told import MIDNIGHT

BEFORE = "BI_"
SEQUENCE = "CDC_TIMESTAMP_SEQ"
COMMIT_TIME = "CDC_TIMESTAMP"
"""As DMS's TimestampColumnName, UseTaskStartTimeForFullLoadTimestamp: text; a load's rows have the moment it began."""
OF_CHANGES = (SEQUENCE, COMMIT_TIME)
"""Columns that tell of a change, beside before images."""

_NUMBERS = 6
_SHOPS = ("a", "a,b", "ü", "")
_PARTS = ("p", "q/r", "ü%=", "", None)
_UNTOLD = 3
_LONGEST_TRANSACTION = 5
_LONGEST_PAUSE = 300
"""Hundredths of a second; often there is none."""


class Kind(NamedTuple):
    """What a random source is.

    Attributes:
        composite: whether its key has two columns.
        partitioned: whether it has a column to partition by; updates change it, so that rows move.
        deletes: whether rows are deleted; half of the deletes carry the key alone.
        moves: whether keys are updated; every update carries the key's before images.
        evolves: whether a column is added on the way.
        careless: whether rows are inserted that are there, and updated or deleted that are not.
        overlaps: whether a load reads rows that changed after it began; those changes come once more as changes.
        loads: how many full loads there are.
    """

    composite: bool = False
    partitioned: bool = False
    deletes: bool = True
    moves: bool = False
    evolves: bool = False
    careless: bool = False
    overlaps: bool = False
    loads: int = 1

    @classmethod
    def of(cls, random: Random) -> Kind:
        """Any kind."""
        return cls(*(random.random() < 0.5 for _ in cls._fields[:-1]), loads=random.choice([1, 1, 2, 3]))


class Generation(NamedTuple):
    """A full load and the change files after it, in the order in which the source wrote them."""

    loads: tuple[File, ...]
    changes: tuple[File, ...]

    @property
    def files(self) -> tuple[File, ...]:
        """All of it."""
        return (*self.loads, *self.changes)


class Source:
    """A random source table: few keys, so that changes meet.

    Args:
        kind: what it is.
        random: where chance comes from.

    Attributes:
        keys: names of the key's columns.
        columns: all columns with their Python types, before images and what else tells of a change included.
        states: (moment, rows) after every transaction and at every load.
    """

    def __init__(self, kind: Kind, random: Random) -> None:
        self.kind, self._random = kind, random
        self.keys = ("shop", "id") if kind.composite else ("id",)
        self.columns: dict[str, type] = {"shop": str, "id": int} if kind.composite else {"id": int}
        self.columns |= {"v": str, "n": int} | ({"part": str} if kind.partitioned else {})
        self.columns |= {"added": str} if kind.evolves else {}
        self.columns |= {f"{BEFORE}{name}": self.columns[name] for name in self.keys}
        self.columns |= dict.fromkeys(OF_CHANGES, str)
        self.states: list[tuple[datetime, list[Row]]] = []
        self._rows: dict[Key, Row] = {}
        self._now = MIDNIGHT
        self._counter = self._files = 0
        self._has_added = False

    @property
    def rows(self) -> list[Row]:
        """The source's rows now."""
        return list(self._rows.values())

    def life(self, files: int = 4, transactions: int = 3) -> list[Generation]:
        """Everything it will ever write: full loads, and as many change files after each."""
        made = []
        for number in range(1, self.kind.loads + 1):
            for _ in range(_UNTOLD):  # what no task reads: the next load alone tells of it
                self._transaction()
            made.append(self._generation(number, files, transactions))
        return made

    def _generation(self, number: int, files: int, transactions: int) -> Generation:
        self._pass(100)
        began = self._now
        during = self._transaction() if self.kind.overlaps else []
        loads = tuple(self._load(number, began))
        self._keep_state()
        told = [[*during, *self._transactions(transactions)]]
        for _ in range(files - 1):
            told.append(self._transactions(transactions))
            self._has_added |= self.kind.evolves and self._random.random() < 0.5
        return Generation(loads, tuple(self._file(number, changes) for changes in told))

    def _load(self, generation: int, began: datetime) -> Iterator[File]:
        rows = self.rows
        self._random.shuffle(rows)
        cut = self._random.randint(0, len(rows))
        for number, part in enumerate([rows[:cut], rows[cut:]] if cut else [rows], 1):
            told = tuple(Change("I", "", {**row, **self._of_change("", began)}) for row in part)
            yield File(f"LOAD{number:08X}.parquet", generation, told, is_load=True, began=began)

    def _file(self, generation: int, changes: list[Change]) -> File:
        """DMS writes a file's rows in any order."""
        self._files += 1
        self._random.shuffle(changes)
        return File(f"20240101-{self._files:09d}.parquet", generation, tuple(changes))

    def _transactions(self, most: int) -> list[Change]:
        told: list[Change] = []
        for _ in range(self._random.randint(0, most)):
            told += self._transaction()
            self._keep_state()
        return told

    def _transaction(self) -> list[Change]:
        """Several changes with one commit time; often the transaction before had it too."""
        self._pass(self._random.choice([0, self._random.randrange(_LONGEST_PAUSE)]))
        return [self._change() for _ in range(self._random.randint(1, _LONGEST_TRANSACTION))]

    def _change(self) -> Change:
        self._counter += 1
        kind = self.kind
        return self._random.choice([self._write] * 2 + [self._delete] * kind.deletes + [self._move] * kind.moves)()

    def _write(self) -> Change:
        row = self._row()
        key = _key(row, self.keys)
        operation = "U" if key in self._rows else "I"
        self._rows[key] = row
        return self._told(self._random.choice("IU") if self.kind.careless else operation, row, row)

    def _delete(self) -> Change:
        row = self._row()
        old = self._rows.pop(_key(row, self.keys), row if self.kind.careless else None)
        if old is None:
            return self._write()
        return self._told("D", {name: old[name] for name in self.keys} if self._random.random() < 0.5 else old)

    def _move(self) -> Change:
        row = self._row()
        key = _key(row, self.keys)
        if not self._rows or key in self._rows:
            return self._write()
        old = self._rows.pop(self._random.choice(list(self._rows)))
        self._rows[key] = row
        return self._told("U", row, old)

    def _row(self) -> Row:
        random = self._random
        row: Row = {"shop": random.choice(_SHOPS)} if self.kind.composite else {}
        row |= {"id": random.randrange(_NUMBERS), "v": random.choice("abc"), "n": random.choice([None, 0, -(2**31)])}
        row |= {"part": random.choice(_PARTS)} if self.kind.partitioned else {}
        return row | ({"added": random.choice([None, "added"])} if self._has_added else {})

    def _told(self, operation: str, row: Row, before: Row | None = None) -> Change:
        sequence = f"{self._now:%Y%m%d%H%M%S}{self._now.microsecond // 10_000:02d}{self._counter:019d}"
        images = self._of_change(sequence, self._now, before if operation == "U" else None)
        return Change(operation, sequence, {**row, **images})

    def _of_change(self, sequence: str, time: datetime, before: Row | None = None) -> Row:
        images = {f"{BEFORE}{name}": before[name] if before else None for name in self.keys}
        return {**images, SEQUENCE: sequence, COMMIT_TIME: f"{time:%Y-%m-%d %H:%M:%S.%f}"}

    def _pass(self, hundredths: int) -> None:
        self._now += timedelta(milliseconds=10 * hundredths)

    def _keep_state(self) -> None:
        self.states.append((self._now, self.rows))


def source_columns(row: Row) -> Row:
    """A row of any table without what only tells of its change; a column that is not there is null."""
    return {
        name: value
        for name, value in row.items()
        if value is not None and name not in OF_CHANGES and not name.startswith((BEFORE, "_odpf_"))
    }


def _key(row: Row, keys: tuple[str, ...]) -> Key:
    return tuple(hashable(row[name]) for name in keys)
