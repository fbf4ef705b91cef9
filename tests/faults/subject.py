"""The table of a scenario: file batches that change every row, so that one look tells which of them it has."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from odpf.audit import RunSummary, TableResult
from odpf.states import Outcome
from tests.engines.staged_table import COLUMNS, DATABASE, Change, StagedTable, delete, insert, load_row, update
from tests.faults.place import Place

ROWS, PARTS = 30, 3
CADENCE = "faulty"


class Subject:
    """One table that a scenario is about.

    Attributes:
        whole: rows of the table after each file batch, by its number as text.
        files: how many were staged.
    """

    def __init__(self, place: Place, name: str, engine: str, **options: Any) -> None:
        self.place, self.files, self.whole = place, 0, dict[str, int]()
        self._number, self._has_more, self._sequence = 0, False, 0
        columns = {**COLUMNS, "part": pa.string()}
        self.table = StagedTable(place, name, CADENCE, columns=columns, engine=engine, **options)

    @property
    def source(self) -> str:
        return self.table.source

    @property
    def raw_table(self) -> str:
        return f"{DATABASE}.{self.table.name}"

    def stage(self, kind: str) -> None:
        """Land the next file batch: `load`, `reload`, `changes`, or `many`, which is one of 60 files."""
        self._number += 1
        if kind in ("load", "reload"):
            self._has_more = False
            rows = [load_row(**self._row(key)) for key in range(1, ROWS + 1)]
            self.table.load(*rows) if kind == "load" else self.table.reload(*rows)
            self.files += 1
        else:
            self._change(60 if kind == "many" else 1)
        self.whole[str(self._number)] = ROWS + self._has_more

    def applied(self, summary: RunSummary) -> TableResult | None:
        """Hand what was staged to the replay, and tell what the run says of the table."""
        found = next((each for each in summary.tables if each.source_table_name == self.source), None)
        fine = found is not None and found.outcome is Outcome.COMPLETED
        self.table.ran(found if fine else completed(self.table))
        return found

    def _change(self, files: int) -> None:
        """Every row anew in the last file; the files before it change single rows to what is then overwritten."""
        for number in range(files - 1):
            self.table.changes(self._update(1 + number % ROWS))
        changes = [self._update(key) for key in range(1, ROWS + 1)]
        self._has_more = not self._has_more
        more = self._row(ROWS + 1)
        changes.append(insert(self._next(), **more) if self._has_more else delete(self._next(), **more))
        self.table.changes(*changes)
        self.files += files

    def _update(self, key: int) -> Change:
        return update(self._next(), **self._row(key))

    def _row(self, key: int) -> dict[str, object]:
        return {"id": key, "v": str(self._number), "part": f"p{key % PARTS}"}

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence


def completed(table: StagedTable) -> TableResult:
    """The result of a run that had nothing left to do for the table."""
    return TableResult(
        source_table_name=table.source,
        raw_database_name=DATABASE,
        raw_table_name=table.name,
        outcome=Outcome.COMPLETED,
    )
