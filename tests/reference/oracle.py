"""What a raw table must hold, and what a run must count: a replay over plain Python values.

It shares no code with the product and reads no parquet: it is given the rows that a test wrote. Rows are replayed in
the order (generation, change sequence, file name, row); a full load's rows have no sequence and so come first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from typing import Any

from tests.reference.applied_files import AppliedFiles
from tests.reference.changes import KINDS, Change, File, Key, Position, Row, hashable, only
from tests.reference.history import History
from tests.reference.plain_values import plain
from tests.reference.snapshot import Snapshot
from tests.reference.validity import Validity

__all__ = ["KINDS", "Change", "File", "Key", "Mode", "Position", "Replay", "Row", "hashable", "only"]


class Mode(StrEnum):
    """How a table keeps what happened; delete_mode is a part of it."""

    HARD = "S hard"
    SOFT = "S soft"
    HISTORY = "H"
    VALIDITY = "V"


class Replay:
    """A table's files as they were applied, run by run.

    Args:
        keys: names of the key's columns.
        mode: what the table keeps.
        difference: reload_mode difference instead of replace: mode S counts what differs, and keeps rows that are equal.
        before_image_prefix: how columns begin that have a row's values before its change.
        commit_time: the column that has the commit time; mode V otherwise reads it off the sequence.
        stream_position: the column that has the place in the source's log, where mode H tells changes apart by it.
        of_changes: columns that tell of a change and not of the row (sequence, commit time): rows that differ in them
            alone are equal to a reload. Before images are such columns too.
    """

    def __init__(
        self,
        keys: Sequence[str],
        *,
        mode: Mode = Mode.HARD,
        difference: bool = False,
        before_image_prefix: str = "BI_",
        commit_time: str | None = None,
        stream_position: str | None = None,
        of_changes: Collection[str] = (),
    ) -> None:
        self._files = AppliedFiles(keys, before_image_prefix)
        self._prefix = before_image_prefix.lower()
        self._of_changes = {name.lower() for name in (*of_changes, *([commit_time] if commit_time else []))}
        self._table: Snapshot | History | Validity
        match mode:
            case Mode.HISTORY:
                self._table = History(stream_position)
            case Mode.VALIDITY:
                self._table = Validity(self._values, commit_time)
            case _:
                self._table = Snapshot(self._values, soft=mode is Mode.SOFT, difference=difference)

    def apply(self, files: Iterable[File]) -> Counter[str]:
        """Take one run's files, and say what becomes of their rows."""
        batch = self._files.take(files)
        rows = [change for file in batch.files for change in file.changes]
        counts = Counter(read=len(rows), quarantined=sum(change.bad for change in rows))
        return +(counts + self._table.apply(batch))

    def rows(self) -> list[Row]:
        """The table's rows now; with soft deletes and in mode V with the columns that ODPF adds."""
        return self._table.rows()

    def changes(self) -> list[tuple[str, str, int, Row]]:
        """(operation, sequence, generation, row) of a history table's rows."""
        assert isinstance(self._table, History), "only a history keeps changes"
        return self._table.changes()

    def _values(self, row: Row) -> Any:
        """A column that is not there is null."""
        return {
            name.lower(): plain(value)
            for name, value in row.items()
            if value is not None and name.lower() not in self._of_changes and not name.lower().startswith(self._prefix)
        }
