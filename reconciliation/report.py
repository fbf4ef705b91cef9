"""What a reconciliation found: the document that `odpf reconcile` prints and keeps."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from odpf.states import Difference, Reconciled

RECONCILIATION_VERSION = 1


class Level(StrEnum):
    """How closely tables are compared: rows are counted; digests of rows, by key; also the values of rows that differ."""

    COUNTS = "counts"
    DIGESTS = "digests"
    ROWS = "rows"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tolerance(_Frozen):
    """How many rows may differ: the greater of the two."""

    rows: int = Field(default=0, ge=0)
    percent: float = Field(default=0.0, ge=0, le=100)

    def allows(self, different: int, rows: int) -> bool:
        """Whether so many of a table's rows may differ."""
        return different <= max(self.rows, rows * self.percent / 100)


class RowDifference(_Frozen):
    """A key whose rows differ: its values, and what both sides have where they differ; None on a side without the row."""

    kind: Difference
    key: dict[str, str | None]
    columns: tuple[str, ...] = ()
    source: dict[str, str | None] | None = None
    lake: dict[str, str | None] | None = None


class SideTraffic(_Frozen):
    """What a side was asked, and what crossed the wire."""

    queries: int
    rows: int
    bytes: int


class Left(_Frozen):
    """A column that is not compared."""

    column: str
    reason: str


class Counts(_Frozen):
    """Rows of a table as each of the four has them; None where nobody knows."""

    source: int | None = None
    dms: int | None = None
    ledger: int | None = None
    lake: int | None = None


class TableReconciliation(_Frozen):
    """One table of a reconciliation.

    Attributes:
        differences: keys that are drift, by kind.
        explained: keys that differ and are no drift, by the reason.
        keys_not_seen, ranges_not_seen: keys, and ranges of keys, that differ and were not looked at, as there were too many.
        notes, remarks: sentences about what is drift besides the rows, and about what was not, or not fully, compared.
        columns: in how many of the rows looked at a column differs.
        rows: the differences themselves; `odpf reconcile` prints some and exports all.
    """

    source_table_name: str
    raw_database_name: str
    raw_table_name: str
    refresh_cadence: str
    outcome: Reconciled
    counts: Counts = Counts()
    differences: dict[Difference, int] = Field(default_factory=dict)
    explained: dict[str, int] = Field(default_factory=dict)
    keys_not_seen: int = 0
    ranges_not_seen: int = 0
    columns: dict[str, int] = Field(default_factory=dict)
    not_compared: tuple[Left, ...] = ()
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    error: str | None = None
    traffic: dict[str, SideTraffic] = Field(default_factory=dict)
    seconds: float = 0.0
    rows: tuple[RowDifference, ...] = ()

    @property
    def different(self) -> int:
        """Keys that are drift."""
        return sum(self.differences.values())


class Reconciliation(_Frozen):
    """One run of `odpf reconcile`."""

    version: int = RECONCILIATION_VERSION
    reconciliation_id: str
    started_at: str
    ended_at: str
    level: Level
    tolerance: Tolerance
    tables: tuple[TableReconciliation, ...]

    def printed(self, examples: int) -> dict[str, Any]:
        """The JSON form, with so many differences of each table."""
        shown = [table.model_copy(update={"rows": table.rows[:examples]}) for table in self.tables]
        return self.model_copy(update={"tables": tuple(shown)}).model_dump(mode="json")
