"""What a test tells the oracle: files, their changes, and where a change stands among all others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
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
    """One file.

    Attributes:
        name: orders rows of one change sequence.
        generation: counts the loads of its table, the file's own included.
        changes: its rows.
        is_load: whether it belongs to a full load.
        began: of a load's file, the moment its load began; intervals need it.
        unreadable: whether it is quarantined as a whole: none of its rows is read.
    """

    name: str
    generation: int
    changes: tuple[Change, ...]
    is_load: bool = False
    began: datetime | None = None
    unreadable: bool = False


class Position(NamedTuple):
    """Where a row stands in the total order."""

    generation: int
    sequence: str
    file: str
    row: int


NOWHERE = Position(-1, "", "", -1)
"""Before any row."""


class Placed(NamedTuple):
    """A good row at its position; `old_key` is the key that it had, if the row changes it."""

    position: Position
    key: Key
    old_key: Key | None
    change: Change
    is_load: bool

    @property
    def identity(self) -> tuple[Any, ...]:
        """What makes a change the same one, however often and in whatever file it comes."""
        return (self.key, self.position.generation, self.change.sequence)

    def identity_by(self, stream_position: str) -> tuple[Any, ...]:
        """The same, by the column that says where the source's log has the change; a load's rows have no such place."""
        place = "" if self.is_load else self.change.row[stream_position]
        return (self.key, self.position.generation, place, self.change.operation)

    @property
    def own(self) -> Event:
        """What it does to its key."""
        return Event(self.key, self.position, self, deletes=self.change.operation == "D")

    @property
    def events(self) -> list[Event]:
        """What it does: a row that changes its key deletes the old one before it writes the new one."""
        if self.old_key is None:
            return [self.own]
        return [Event(self.old_key, self.position, self, deletes=True), self.own]


class Event(NamedTuple):
    """What happens to one key."""

    key: Key
    position: Position
    placed: Placed
    deletes: bool


class Batch(NamedTuple):
    """What one run applies.

    Attributes:
        files: those that could be read.
        rows: their good rows.
        before: the table's generation until then.
        after: its generation from then on.
    """

    files: list[File]
    rows: list[Placed]
    before: int
    after: int

    @property
    def reloads(self) -> bool:
        """Whether a load comes that is not the first."""
        return 0 < self.before < self.after


def hashable(value: Any) -> Any:
    """A key part with its type, so that True, 1 and 1.0 stay three values."""
    return (type(value).__name__, value)


def only(rows: Iterable[Mapping[str, Any]], *columns: str) -> list[Row]:
    """The rows with some of their columns."""
    return [{name: row.get(name) for name in columns} for row in rows]
