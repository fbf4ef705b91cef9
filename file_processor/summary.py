"""Summarise a run: one result for every planned table, and an honest status. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from odpf.audit import AuditRow, RunSummary, TableResult
from odpf.counts import Counts
from odpf.manifest import PlannedTable, RunManifest
from odpf.states import Outcome, RefreshStatus, RunStatus

_LONGEST_CAUSE = 8_000
"""Step Functions takes a cause of 32,768 characters; names beyond this are in the summary."""


def planned(manifest: RunManifest) -> dict[str, PlannedTable]:
    """The tables that jobs were to process, by raw table."""
    return {f"{t.raw_database_name}.{t.raw_table_name}": t for batch in manifest.batches for t in batch}


def summarise(manifest: RunManifest, rows: Iterable[AuditRow], ended_at: str) -> RunSummary:
    """Join the plan with the audit rows; a planned table without a row failed with its job run."""
    by_table: dict[str, list[AuditRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.attempt):
        by_table[row.raw_table].append(row)
    tables = [
        _joined(by_table[raw]) if raw in by_table else _lost(table) for raw, table in planned(manifest).items()
    ] + list(manifest.decided)
    tables.sort(key=lambda table: table.source_table_name)
    warnings = list(manifest.warnings)
    for table in tables:
        warnings += [f"{table.source_table_name}: {warning}" for warning in table.warnings]
        if table.outcome is Outcome.SKIPPED_LOCKED:
            warnings.append(f"{table.source_table_name}: {table.error}")
    return RunSummary(
        run_id=manifest.run_id,
        refresh_cadence=manifest.refresh_cadence,
        status=_status(tables),
        started_at=manifest.started_at,
        ended_at=ended_at,
        warnings=tuple(warnings),
        tables=tuple(tables),
    )


def cause(summary: RunSummary) -> str:
    """One text that names the tables that failed, for the execution's cause."""
    text = "; ".join(f"{table.source_table_name}: {table.error}" for table in summary.failed)
    text = f"{len(summary.failed)} of {len(summary.tables)} tables failed. {text}"
    return text if len(text) <= _LONGEST_CAUSE else f"{text[:_LONGEST_CAUSE]} ... `odpf runs show {summary.run_id}`"


def _joined(rows: Sequence[AuditRow]) -> TableResult:
    """A table that was taken up more than once in the run: what all attempts did, and how the last one ended."""
    together = {
        "engine": next((row.engine for row in reversed(rows) if row.engine), None),
        "files": sum(row.files for row in rows),
        "files_quarantined": sum(row.files_quarantined for row in rows),
        "bytes": sum(row.bytes for row in rows),
        "counts": sum((row.counts for row in rows), Counts()),
        "warnings": tuple(warning for row in rows for warning in row.warnings),
    }
    return rows[-1].result().model_copy(update=together)


def _lost(table: PlannedTable) -> TableResult:
    return TableResult(
        source_table_name=table.source_table_name,
        raw_database_name=table.raw_database_name,
        raw_table_name=table.raw_table_name,
        outcome=Outcome.REFRESH_ERROR,
        refresh_status=RefreshStatus.ERROR,
        files=table.files,
        bytes=table.bytes,
        error="Its job run ended before the table was finished. Nothing is lost: the next run goes on from there. "
        "The job run's log says why it ended.",
    )


def _status(tables: Iterable[TableResult]) -> RunStatus:
    outcomes = [table.outcome for table in tables]
    failed = sum(outcome in (Outcome.REFRESH_ERROR, Outcome.SET_ASIDE) for outcome in outcomes)
    if not failed:
        waits = all(outcome is Outcome.WAITING_FOR_FULL_LOAD for outcome in outcomes)
        return RunStatus.NOTHING_TO_DO if waits else RunStatus.SUCCEEDED
    return RunStatus.FAILED if failed == len(outcomes) else RunStatus.PARTIAL
