"""Runs: the newest ones, and one of them as a time line of its tables. What is drawn is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from odpf.adapters.executions import Execution
from odpf.audit import AuditRow, TableResult
from odpf.clock import iso
from odpf.errors import NothingRunning, OdpfError
from odpf.manifest import PlannedTable, RunManifest
from odpf.states import RefreshStatus
from odpf.table_state import TableState
from odpf_cli.console.deployment import Deployment
from odpf_cli.run_following import RunEnd, RunSource, end_of, table_key
from odpf_cli.runs import entry

RUNS_LISTED = 50
_AT_ONCE = 8
_INSTANT = "%Y%m%d%H%M%S%f"
_OF_A_TABLE = {
    *("source_table_name", "raw_table", "batch_no", "attempt", "engine", "outcome", "refresh_status"),
    *("started_at", "ended_at", "phases", "error", "warnings"),
}


class RunsReader:
    """Lists the newest runs; what has ended is read once and kept."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._ended: dict[str, dict[str, Any]] = {}

    def read(self, _before: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
        """The newest runs, newest first."""
        executions = self._deployment.executions.recent(RUNS_LISTED)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(self._entry, executions))
        ended = {each.run_id for each in executions if each.state.terminal}
        self._ended = {each["run_id"]: each for each in found if each["run_id"] in ended}
        return found

    def _entry(self, execution: Execution) -> dict[str, Any]:
        if known := self._ended.get(execution.run_id):
            return known
        try:
            return entry(execution, self._deployment.runs)
        except OdpfError as error:  # a run of an earlier release, whose manifest this one does not read
            return {
                "run_id": execution.run_id,
                "status": execution.state.value,
                "started_at": execution.started_at,
                "ended_at": execution.ended_at,
                "error": str(error),
            }


class RunReader:
    """Reads one run again and again while it goes on; its plan, which stays as it was written, once."""

    def __init__(self, run_id: str, source: RunSource) -> None:
        self._run_id, self._source = run_id, source
        self._manifest: RunManifest | None = None

    def read(self, _before: dict[str, Any] | None) -> dict[str, Any]:
        """How the run is by now.

        Raises:
            NothingRunning: there is no trace of such a run.
        """
        self._manifest = self._manifest or self._source.manifest(self._run_id)
        return run_view(self._run_id, self._source, self._manifest)


def run_view(run_id: str, source: RunSource, manifest: RunManifest | None) -> dict[str, Any]:
    """One run: how it is or ended, and every table of it with its times.

    Raises:
        NothingRunning: there is no trace of such a run.
    """
    execution, summary = source.executions.get(run_id), source.summary(run_id)
    if execution is None and summary is None:
        raise NothingRunning(f"There is no run {run_id}. `odpf runs` lists those there are.")
    rows = source.audit.of_run(run_id)
    open_tables = _open(manifest, rows)
    ended = execution is None or execution.state.terminal
    states = {} if ended else source.ledger.states(open_tables)
    if execution and ended:
        end: RunEnd | None = end_of(execution, summary)
    else:
        end = RunEnd(run_id, summary.status, summary) if summary else None
    started_at = execution.started_at if execution else summary.started_at if summary else None
    return {
        "run_id": run_id,
        "refresh_cadence": manifest.refresh_cadence if manifest else None,
        "status": end.status.value if end else execution.state.value if execution else None,
        "started_at": started_at,
        "planned_at": manifest.started_at if manifest else None,
        "ended_at": (execution.ended_at if execution else None) or (summary.ended_at if summary else None),
        "ended": ended,
        "error": end.error if end else None,
        "warnings": list(summary.warnings) if summary else [],
        "tables": list(time_line(rows, open_tables, states, run_id)),
        "decided": [_decided(result) for result in manifest.decided] if manifest else [],
    }


def time_line(
    rows: Iterable[AuditRow],
    open_tables: Mapping[str, tuple[int, PlannedTable]],
    states: Mapping[str, TableState],
    run_id: str,
) -> Iterator[dict[str, Any]]:
    """A line per table and attempt, by batch and start; then the tables without an audit row.

    What a run writes down of a table is when it began, seconds of each phase (odpf.phases), when each Hudi commit began (its
    instant), and when it ended.
    """
    for row in sorted(rows, key=lambda row: (row.batch_no, row.started_at)):
        yield {
            **row.model_dump(mode="json", include=_OF_A_TABLE),
            "rows_read": row.counts.rows_read,
            "commits": _moments(row.commit_instants, row.started_at, row.ended_at),
        }
    for raw_table, (batch_no, planned) in open_tables.items():
        state = states.get(raw_table)
        busy = state is not None and state.run_id == run_id and state.refresh_status is RefreshStatus.UPDATING
        yield {
            "source_table_name": planned.source_table_name,
            "raw_table": raw_table,
            "batch_no": batch_no,
            "outcome": None,
            "refresh_status": RefreshStatus.UPDATING.value if busy else None,
            "started_at": state.updated_at if busy and state else None,
            "ended_at": None,
            "phases": {},
            "commits": [],
        }


def _decided(result: TableResult) -> dict[str, Any]:
    """A table that the plan itself decided: no job run had it."""
    kept = result.model_dump(mode="json", include=_OF_A_TABLE & set(TableResult.model_fields))
    return {**kept, "raw_table": f"{result.raw_database_name}.{result.raw_table_name}", "rows_read": 0, "commits": []}


def _open(manifest: RunManifest | None, rows: Iterable[AuditRow]) -> dict[str, tuple[int, PlannedTable]]:
    """Planned tables that no audit row tells of, by raw table, with their batch."""
    done = {row.raw_table for row in rows}
    batches = manifest.batches if manifest else ()
    planned = {table_key(table): (number, table) for number, batch in enumerate(batches) for table in batch}
    return {raw_table: found for raw_table, found in planned.items() if raw_table not in done}


def _moments(instants: Sequence[str], started_at: str, ended_at: str) -> list[str]:
    """Instants as moments, those within the table's time; one that finished a dead run's commit lies before it."""
    moments = (iso(datetime.strptime(instant, _INSTANT).replace(tzinfo=UTC)) for instant in instants)
    return [moment for moment in moments if started_at <= moment <= ended_at]
