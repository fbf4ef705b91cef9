"""Every metric of ODPF: its name and unit, and what a run's summary says of it. Pure; adapters hand them over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from odpf.audit import RunSummary
from odpf.counts import Counts
from odpf.states import Outcome

NAMESPACE = "ODPF"

Dimensions = Mapping["Dimension", str]
"""What values are told of: the deployment alone, one cadence of it, or one source table of a cadence."""
Values = Mapping["Metric", float]


class Dimension(StrEnum):
    """Names of dimensions."""

    DEPLOYMENT = "deployment"
    REFRESH_CADENCE = "refresh_cadence"
    SOURCE_TABLE_NAME = "source_table_name"


class Unit(StrEnum):
    """Units (Amazon CloudWatch API, MetricDatum)."""

    COUNT = "Count"
    SECONDS = "Seconds"
    BYTES = "Bytes"


class Metric(StrEnum):
    """Names of metrics: first what a watch sees, then what a run did."""

    WATCHED = "Watched"
    FRESHNESS_LAG = "FreshnessLag"
    PENDING_FILES = "PendingFiles"
    PENDING_BYTES = "PendingBytes"
    OLDEST_PENDING_FILE = "OldestPendingFile"
    LAG_OBJECTIVES_MISSED = "LagObjectivesMissed"
    TABLES_FAILED = "TablesFailed"
    TABLES_PENDING_TOO_LONG = "TablesPendingTooLong"
    TABLES_QUARANTINING = "TablesQuarantining"
    RUNS_MISSED = "RunsMissed"
    DEAD_LETTERS = "DeadLetters"

    TABLES_COMPLETED = "TablesCompleted"
    TABLES_FAILED_IN_RUN = "TablesFailedInRun"
    TABLES_SKIPPED_LOCKED = "TablesSkippedLocked"
    TABLES_WAITING_FOR_FULL_LOAD = "TablesWaitingForFullLoad"
    TABLES_SET_ASIDE = "TablesSetAside"
    ROWS_READ = "RowsRead"
    ROWS_INSERTED = "RowsInserted"
    ROWS_UPDATED = "RowsUpdated"
    ROWS_DELETED = "RowsDeleted"
    ROWS_COLLAPSED = "RowsCollapsed"
    ROWS_LATE = "RowsLate"
    ROWS_UNCHANGED = "RowsUnchanged"
    ROWS_QUARANTINED = "RowsQuarantined"
    ROWS_REMOVED_BY_RELOAD = "RowsRemovedByReload"
    FILES_DONE = "FilesDone"
    FILES_QUARANTINED = "FilesQuarantined"
    BYTES_DONE = "BytesDone"
    RUN_SECONDS = "RunSeconds"
    DPU_SECONDS = "DpuSeconds"

    @property
    def unit(self) -> Unit:
        """What it is counted in."""
        return _UNITS.get(self, Unit.COUNT)


_UNITS: Mapping[Metric, Unit] = {
    Metric.FRESHNESS_LAG: Unit.SECONDS,
    Metric.PENDING_BYTES: Unit.BYTES,
    Metric.OLDEST_PENDING_FILE: Unit.SECONDS,
    Metric.BYTES_DONE: Unit.BYTES,
    Metric.RUN_SECONDS: Unit.SECONDS,
}

_OF_OUTCOME: Mapping[Outcome, Metric] = {
    Outcome.COMPLETED: Metric.TABLES_COMPLETED,
    Outcome.REFRESH_ERROR: Metric.TABLES_FAILED_IN_RUN,
    Outcome.SKIPPED_LOCKED: Metric.TABLES_SKIPPED_LOCKED,
    Outcome.WAITING_FOR_FULL_LOAD: Metric.TABLES_WAITING_FOR_FULL_LOAD,
    Outcome.SET_ASIDE: Metric.TABLES_SET_ASIDE,
}

_OF_ROWS: Mapping[str, Metric] = {
    "rows_read": Metric.ROWS_READ,
    "rows_inserted": Metric.ROWS_INSERTED,
    "rows_updated": Metric.ROWS_UPDATED,
    "rows_deleted": Metric.ROWS_DELETED,
    "rows_collapsed": Metric.ROWS_COLLAPSED,
    "rows_late": Metric.ROWS_LATE,
    "rows_unchanged": Metric.ROWS_UNCHANGED,
    "rows_quarantined": Metric.ROWS_QUARANTINED,
    "rows_removed_by_reload": Metric.ROWS_REMOVED_BY_RELOAD,
}


def run_values(summary: RunSummary, dpu_seconds: float | None) -> dict[Metric, float]:
    """What a run did: tables by outcome, rows by kind, files, bytes, seconds.

    Args:
        summary: of the run; its tables already hold what the job runs audited.
        dpu_seconds: of its job runs together, None when nobody knows them; the metric is then left out.
    """
    tables = summary.tables
    outcomes = Counter(table.outcome for table in tables)
    completed = [table for table in tables if table.outcome is Outcome.COMPLETED]
    rows = sum((table.counts for table in tables), Counts()).model_dump()
    values: dict[Metric, float] = {metric: outcomes[outcome] for outcome, metric in _OF_OUTCOME.items()}
    values |= {metric: rows[kind] for kind, metric in _OF_ROWS.items()}
    values |= {
        Metric.FILES_DONE: sum(table.files for table in completed),
        Metric.FILES_QUARANTINED: sum(table.files_quarantined for table in tables),
        Metric.BYTES_DONE: sum(table.bytes for table in completed),
        Metric.RUN_SECONDS: _seconds_between(summary.started_at, summary.ended_at),
    }
    return values if dpu_seconds is None else values | {Metric.DPU_SECONDS: dpu_seconds}


def _seconds_between(started_at: str, ended_at: str) -> float:
    lasted = datetime.fromisoformat(ended_at) - datetime.fromisoformat(started_at)
    return round(max(lasted.total_seconds(), 0.0), 3)
