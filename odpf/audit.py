"""What a run did for one table: the append-only audit row and the result that `odpf run` prints."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from odpf.counts import Counts
from odpf.phases import Phase
from odpf.states import Outcome, RefreshStatus, RunStatus


class TableResult(BaseModel):
    """One table in the output of `odpf run --wait`.

    `full_load_completion` is the rule that decided on a full load of the table; None when no LOAD object waited.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_table_name: str
    raw_database_name: str
    raw_table_name: str
    outcome: Outcome
    refresh_status: RefreshStatus | None = None
    error: str | None = None
    engine: str | None = None
    files: int = 0
    files_quarantined: int = 0
    bytes: int = 0
    counts: Counts = Field(default_factory=Counts)
    warnings: tuple[str, ...] = ()
    full_load_completion: str | None = None

    def printed(self) -> dict[str, Any]:
        """The JSON form of the output contract: counts beside the other keys."""
        return {**self.model_dump(mode="json", exclude={"counts"}), **self.counts.model_dump()}


class AuditRow(TableResult):
    """A row of `odpf_file_processing_tracker_history`; key raw_table_name + run_sort.

    Attributes:
        raw_table: `<database>.<table>`, the partition key.
        run_started_at, batch_no, attempt: with `run_id` the sort key `<started_at UTC>#<run id>#<batch no>#<attempt>`.
        started_at, ended_at: UTC, ISO 8601, of this table's work.
        seconds: that the table added to its job run, in which others were worked on at the same time; None of rows of an
            earlier release, and of tables that were not taken.
        phases: seconds of each phase that took a millisecond, up to this row; empty in rows of an earlier release.
        commit_instants: the Hudi instants this run added, oldest first.
        recovered: whether a dead run's commit was finished first.
    """

    raw_table: str
    run_id: str
    run_started_at: str
    batch_no: int
    attempt: int = 1
    refresh_cadence: str
    glue_job_run_id: str
    started_at: str
    ended_at: str
    seconds: float | None = None
    phases: dict[Phase, float] = Field(default_factory=dict)
    fence: int | None = None
    commit_instants: tuple[str, ...] = ()
    recovered: bool = False
    high_water_mark: str | None = None
    odpf_version: str = ""
    hudi_version: str = ""

    @property
    def run_sort(self) -> str:
        """The sort key."""
        return f"{self.run_started_at}#{self.run_id}#{self.batch_no}#{self.attempt}"

    def result(self) -> TableResult:
        """The part that `odpf run` prints."""
        return TableResult.model_validate(self.model_dump(include=set(TableResult.model_fields)))


class RunSummary(BaseModel):
    """How a run ended: the document `odpf run --wait` prints."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    refresh_cadence: str
    status: RunStatus
    started_at: str
    ended_at: str
    warnings: tuple[str, ...] = ()
    tables: tuple[TableResult, ...] = ()

    @property
    def failed(self) -> tuple[TableResult, ...]:
        """The tables that a person has to look at."""
        return tuple(t for t in self.tables if t.outcome in (Outcome.REFRESH_ERROR, Outcome.SET_ASIDE))

    def printed(self) -> dict[str, Any]:
        """The JSON form of the output contract."""
        return {**self.model_dump(mode="json", exclude={"tables"}), "tables": [t.printed() for t in self.tables]}
