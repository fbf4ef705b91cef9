"""What a report tells of a span of time: runs, delays, rows, failures, quarantine. Decided from audit and trackers; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from statistics import median

from pydantic import BaseModel, ConfigDict

from odpf.audit import AuditRow
from odpf.clock import iso
from odpf.file_record import FileRecord
from odpf.order import OrderPosition
from odpf.states import Outcome
from odpf_cli.table_status import TableStatus

FAILED = (Outcome.REFRESH_ERROR, Outcome.SET_ASIDE)
_SEQUENCE_TIME = "%Y%m%d%H%M%S"
_SEQUENCE_DIGITS = 14


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True)


class RunFact(_Fact):
    """One run that had work; `delay_seconds` is the median, over its tables, of what they were behind when they were done."""

    run_id: str
    refresh_cadence: str
    started_at: str
    ended_at: str
    seconds: float
    tables: int
    tables_failed: int
    rows_read: int
    files: int
    bytes: int
    delay_seconds: float | None


class TableFact(_Fact):
    """What happened to one table; `delay_seconds` is the greatest that it was behind when it was done."""

    source_table_name: str
    refresh_cadence: str
    runs: int
    failures: int
    rows_read: int
    files: int
    bytes: int
    seconds: float
    delay_seconds: float | None


class FailureFact(_Fact):
    """A table that failed in a run."""

    source_table_name: str
    run_id: str
    at: str
    outcome: Outcome
    error: str | None


class QuarantineFact(_Fact):
    """A file that is in quarantine now."""

    source_table_name: str
    path: str
    reason: str | None
    done_at: str | None


class Report(_Fact):
    """The document of `odpf report`; `status` is where all tables stand at its end."""

    deployment: str
    since: str
    until: str
    runs: tuple[RunFact, ...]
    tables: tuple[TableFact, ...]
    failures: tuple[FailureFact, ...]
    quarantine: tuple[QuarantineFact, ...]
    status: tuple[TableStatus, ...]


def report(
    deployment: str,
    span: tuple[datetime, datetime],
    rows: Iterable[AuditRow],
    quarantined: Iterable[FileRecord],
    statuses: Iterable[TableStatus],
) -> Report:
    """Put together what a span of time has brought.

    Args:
        deployment: its name.
        span: from when until when, by when tables were done.
        rows: audit rows; those outside of the span are left out.
        quarantined: files in quarantine now.
        statuses: of all tables, now.
    """
    since, until = map(iso, span)
    within = sorted((row for row in rows if since <= row.ended_at <= until), key=lambda row: row.ended_at)
    return Report(
        deployment=deployment,
        since=since,
        until=until,
        runs=tuple(_runs(within)),
        tables=tuple(_tables(within)),
        failures=tuple(_failure(row) for row in reversed(within) if row.outcome in FAILED),
        quarantine=tuple(
            QuarantineFact(
                source_table_name=record.file.source_table_name,
                path=record.file.path,
                reason=record.reason,
                done_at=record.done_at,
            )
            for record in sorted(quarantined, key=lambda record: record.done_at or "", reverse=True)
        ),
        status=tuple(statuses),
    )


def delay(row: AuditRow) -> float | None:
    """Seconds from the source's commit of the newest applied change to when the table was done; None without a change."""
    if row.outcome is not Outcome.COMPLETED or not row.high_water_mark or not row.commit_instants:
        return None
    digits = OrderPosition.parse(row.high_water_mark).sequence[:_SEQUENCE_DIGITS]
    try:
        committed = datetime.strptime(digits, _SEQUENCE_TIME).replace(tzinfo=UTC)
    except ValueError:  # a full load has no sequence
        return None
    return max(0.0, (datetime.fromisoformat(row.ended_at) - committed).total_seconds())


def _runs(rows: list[AuditRow]) -> list[RunFact]:
    by_run = groupby(sorted(rows, key=lambda row: (row.run_started_at, row.run_id)), key=lambda row: row.run_id)
    return [_run(list(group)) for _, group in by_run]


def _run(rows: list[AuditRow]) -> RunFact:
    began, ended = rows[0].run_started_at, max(row.ended_at for row in rows)
    delays = [seconds for seconds in map(delay, rows) if seconds is not None]
    return RunFact(
        run_id=rows[0].run_id,
        refresh_cadence=rows[0].refresh_cadence,
        started_at=began,
        ended_at=ended,
        seconds=(datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds(),
        tables=len({row.raw_table for row in rows}),
        tables_failed=len({row.raw_table for row in rows if row.outcome in FAILED}),
        rows_read=sum(row.counts.rows_read for row in rows),
        files=sum(row.files for row in rows),
        bytes=sum(row.bytes for row in rows),
        delay_seconds=median(delays) if delays else None,
    )


def _tables(rows: list[AuditRow]) -> list[TableFact]:
    by_table = groupby(sorted(rows, key=lambda row: row.source_table_name), key=lambda row: row.source_table_name)
    found = [_table(list(group)) for _, group in by_table]
    return sorted(found, key=lambda table: (-table.failures, -table.rows_read, table.source_table_name))


def _table(rows: list[AuditRow]) -> TableFact:
    delays = [seconds for seconds in map(delay, rows) if seconds is not None]
    return TableFact(
        source_table_name=rows[0].source_table_name,
        refresh_cadence=rows[-1].refresh_cadence,
        runs=len({row.run_id for row in rows}),
        failures=sum(row.outcome in FAILED for row in rows),
        rows_read=sum(row.counts.rows_read for row in rows),
        files=sum(row.files for row in rows),
        bytes=sum(row.bytes for row in rows),
        seconds=sum(row.seconds or 0.0 for row in rows),
        delay_seconds=max(delays, default=None),
    )


def _failure(row: AuditRow) -> FailureFact:
    return FailureFact(
        source_table_name=row.source_table_name,
        run_id=row.run_id,
        at=row.ended_at,
        outcome=row.outcome,
        error=row.error,
    )
