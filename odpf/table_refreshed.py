"""The event that says: a raw table has a new commit. Other pipelines start on it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from odpf.counts import Counts

SOURCE = "odpf"
DETAIL_TYPE = "odpf.table.refreshed"
TABLE_REFRESHED_VERSION = 1


class TableRefreshed(BaseModel):
    """Detail of one event; at least once per commit, so a consumer tells repetitions by `batch_id`.

    Attributes:
        batch_id: of the file batch, the same in every repetition.
        commit_instant: Hudi's, `yyyyMMddHHmmssSSS` in UTC.
        high_water_mark: greatest order position in the table, as text; it sorts as positions do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = TABLE_REFRESHED_VERSION
    batch_id: str
    run_id: str
    refresh_cadence: str
    source_table_name: str
    raw_database_name: str
    raw_table_name: str
    location: str
    commit_instant: str
    generation: int
    high_water_mark: str | None
    counts: Counts
