"""The event that says: a raw table is not what its source is. Alarms start on it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

DETAIL_TYPE = "odpf.table.drifted"
TABLE_DRIFTED_VERSION = 1


class TableDrifted(BaseModel):
    """Detail of one event, one for every table that a reconciliation finds drifted.

    Attributes:
        reconciliation_id: of the report that has the details.
        rows_different: keys missing on one side, there twice, or with other values.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = TABLE_DRIFTED_VERSION
    reconciliation_id: str
    report: str
    refresh_cadence: str
    source_table_name: str
    raw_database_name: str
    raw_table_name: str
    rows_different: int
    rows_at_source: int | None
    rows_in_lake: int | None
