"""Follow a run: what its execution, its manifest, the ledger and the audit say, put together into progress and an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from pydantic import ValidationError

from odpf.adapters.executions import Execution
from odpf.audit import AuditRow, RunSummary, TableResult
from odpf.errors import InvalidManifest, NothingRunning
from odpf.manifest import PlannedTable, RunManifest, run_key, summary_key
from odpf.ports import AuditLog, Ledger, ObjectStore
from odpf.states import ExecutionState, RefreshStatus, RunStatus

_FIRST_PAUSE, _LONGEST_PAUSE, _SLOWER = 0.3, 3.0, 1.1


class Executions(Protocol):
    """Looks at executions of the state machine."""

    def get(self, run_id: str) -> Execution | None:
        """One execution."""


class Watcher(Protocol):
    """Shows a person how a run goes on."""

    def planned(self, tables: Mapping[str, PlannedTable]) -> None:
        """The plan is there: tables by raw table."""

    def busy(self, raw_tables: set[str]) -> None:
        """The tables that are being written now."""

    def ended(self, row: AuditRow) -> None:
        """A table is done, well or not."""


class RunSource(NamedTuple):
    """Where a run leaves its traces."""

    executions: Executions
    objects: ObjectStore
    audit: AuditLog
    ledger: Ledger
    artifacts_bucket: str

    def manifest(self, run_id: str) -> RunManifest | None:
        """What the run plans, None before its plan step ended."""
        content = self._object(run_key(run_id))
        return RunManifest.from_bytes(content) if content is not None else None

    def summary(self, run_id: str) -> RunSummary | None:
        """How the run ended, None when it left no summary.

        Raises:
            InvalidManifest: what stands there is no summary.
        """
        content = self._object(summary_key(run_id))
        try:
            return RunSummary.model_validate_json(content) if content is not None else None
        except ValidationError as error:
            raise InvalidManifest(
                f"The summary of run {run_id} cannot be read: {error}. `odpf status` tells."
            ) from None

    def _object(self, key: str) -> bytes | None:
        try:
            return self.objects.get(self.artifacts_bucket, key)
        except FileNotFoundError:
            return None


class RunEnd(NamedTuple):
    """How a run ended. `error` is set when the execution broke off or does not agree with its own summary."""

    run_id: str
    status: RunStatus
    summary: RunSummary | None = None
    error: str | None = None

    @property
    def tables(self) -> tuple[TableResult, ...]:
        """The results of its tables."""
        return self.summary.tables if self.summary else ()

    def printed(self) -> dict[str, Any]:
        """The document of `odpf run --wait`."""
        document: dict[str, Any] = {"run_id": self.run_id, "status": self.status.value, "warnings": [], "tables": []}
        if self.summary:
            document |= self.summary.printed() | {"status": self.status.value}
        return document | ({"error": self.error} if self.error else {})


def follow(run_id: str, source: RunSource, watcher: Watcher, sleep: Callable[[float], None] = time.sleep) -> RunEnd:
    """Wait until a run has ended, telling the watcher what happens meanwhile.

    Raises:
        NothingRunning: Step Functions knows no such run.
    """
    seen: set[tuple[str, str]] = set()
    open_tables: dict[str, PlannedTable] | None = None
    pause = _FIRST_PAUSE
    while True:
        execution = source.executions.get(run_id)
        if execution is None:
            raise NothingRunning(f"There is no run {run_id}. `odpf runs` lists those there are.")
        if open_tables is None and (manifest := source.manifest(run_id)):
            open_tables = {table_key(table): table for batch in manifest.batches for table in batch}
            watcher.planned(dict(open_tables))
        for row in sorted(source.audit.of_run(run_id), key=lambda row: row.ended_at):
            if (row.raw_table, row.run_sort) not in seen:
                seen.add((row.raw_table, row.run_sort))
                (open_tables or {}).pop(row.raw_table, None)
                watcher.ended(row)
        if execution.state.terminal:
            return end_of(execution, source.summary(run_id))
        watcher.busy(_written_now(source.ledger, run_id, open_tables or {}))
        sleep(pause)
        pause = min(pause * _SLOWER, _LONGEST_PAUSE)


def table_key(table: PlannedTable) -> str:
    """The raw table of a planned table."""
    return f"{table.raw_database_name}.{table.raw_table_name}"


def end_of(execution: Execution, summary: RunSummary | None) -> RunEnd:
    """What an ended execution and the summary it left, if any, amount to."""
    run_id = execution.run_id
    if summary is None:
        return RunEnd(run_id, RunStatus.FAILED, error=_broken_off(execution))
    fine = summary.status in (RunStatus.SUCCEEDED, RunStatus.NOTHING_TO_DO)
    if fine and execution.state is not ExecutionState.SUCCEEDED:
        return RunEnd(run_id, RunStatus.FAILED, summary, _broken_off(execution))
    return RunEnd(run_id, summary.status, summary)


def _broken_off(execution: Execution) -> str:
    told = ": ".join(text for text in (execution.error, execution.cause) if text)
    return (
        f"The execution ended as {execution.state} before it was summarised. {told or 'It gave no cause'}. "
        "Nothing is lost: what it did not finish, the next run does."
    )


def _written_now(ledger: Ledger, run_id: str, tables: Mapping[str, PlannedTable]) -> set[str]:
    states = ledger.states(tables) if tables else {}
    return {
        raw
        for raw, state in states.items()
        if state.run_id == run_id and state.refresh_status is RefreshStatus.UPDATING
    }
