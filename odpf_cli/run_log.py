"""Where a run has logged, and what: its job runs, its invocations, and the audit's word on each table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from odpf.adapters.executions import Execution
from odpf.adapters.job_runs import JobRunSeen
from odpf.adapters.log_events import LogEvent
from odpf.audit import RunSummary, TableResult
from odpf.clock import utc_now
from odpf.errors import NothingRunning
from odpf.settings import Settings
from odpf.states import Outcome, RunStatus
from odpf_cli.log_lines import Line, read_lines
from odpf_cli.run_following import RunSource, end_of

COMPONENTS = ("batch_manager", "process_batch", "summarise")
"""Functions that work for a run."""
_BEFORE, _AFTER = timedelta(minutes=1), timedelta(minutes=15)
"""Logs are written by other clocks, and come late."""
_MOST_INVOCATIONS = 50
"""Of which what Lambda itself says is asked for, one by one."""
_FOLLOW_SECONDS = 2.0
_LATE = timedelta(seconds=30)
_FINE_RUNS = (RunStatus.SUCCEEDED, RunStatus.NOTHING_TO_DO)


class Span(NamedTuple):
    """From when until when lines are looked for."""

    since: datetime
    until: datetime | None


class Events(Protocol):
    """Looks into log groups."""

    def events(
        self, group: str, since: datetime, until: datetime | None = None, *, streams: str = "", having: str = ""
    ) -> Iterator[LogEvent]:
        """Events of a group."""


class JobRunsOfRun(Protocol):
    """Knows which job runs a run started."""

    def of_run(self, run_id: str, since: datetime) -> list[JobRunSeen]:
        """The job runs that a run of a cadence started."""


class LogSource(NamedTuple):
    """Where a run leaves what it says."""

    settings: Settings
    run: RunSource
    job_runs: JobRunsOfRun
    log: Events


class RunLog(NamedTuple):
    """What there is of a run.

    Attributes:
        run_id: of the run.
        status: how it ended, or that it goes on.
        error: why it broke off, where it did.
        job_runs: those that it started.
        tables: what became of its tables so far.
        lines: all that was logged, by time.
        is_over: whether no more will come.
        table: the one that it is narrowed to.
    """

    run_id: str
    status: str
    error: str | None
    job_runs: tuple[JobRunSeen, ...]
    tables: tuple[TableResult, ...]
    lines: tuple[Line, ...]
    is_over: bool
    table: str | None = None

    @property
    def failures(self) -> tuple[TableResult, ...]:
        """Tables that did not get what they wait for."""
        return tuple(table for table in self.tables if table.outcome is not Outcome.COMPLETED)

    def of_table(self, name: str) -> RunLog:
        """Only what is about a table, by its source name or its raw name."""
        tables = tuple(each for each in self.tables if name in (each.source_table_name, raw_name(each)))
        return self._replace(table=name, tables=tables, lines=tuple(line for line in self.lines if line.is_about(name)))


def raw_name(table: TableResult) -> str:
    """The raw table of a result."""
    return f"{table.raw_database_name}.{table.raw_table_name}"


def read_log(run_id: str, source: LogSource, after: datetime | None = None) -> RunLog:
    """Everything there is of a run by now; with `after` no lines that were logged before.

    Raises:
        NothingRunning: there is no trace of such a run.
    """
    execution, summary = source.run.executions.get(run_id), source.run.summary(run_id)
    began = execution or summary or source.run.manifest(run_id)
    if began is None:
        raise NothingRunning(f"There is no run {run_id}. `odpf runs` lists those there are.")
    since = datetime.fromisoformat(began.started_at) - _BEFORE
    is_over = execution is None or execution.state.terminal
    ended = execution.ended_at if execution else summary.ended_at if summary else None
    span = Span(max(filter(None, (since, after))), datetime.fromisoformat(ended) + _AFTER if ended else None)
    status, error = _ended(execution, summary)
    job_runs = tuple(source.job_runs.of_run(run_id, since))
    lambdas = _of_functions(run_id, source, span, is_fine=status in _FINE_RUNS)
    lines = read_lines([*lambdas, *_of_jobs(job_runs, source, span)])
    tables = summary.tables if summary else tuple(row.result() for row in source.run.audit.of_run(run_id))
    return RunLog(run_id, status, error, job_runs, tables, tuple(lines), is_over)


def follow_log(
    run_id: str, source: LogSource, tell: Callable[[Line], None], sleep: Callable[[float], None] = time.sleep
) -> RunLog:
    """Tell each line once, as it comes, until the run has ended; all of them are returned, too."""
    told: dict[tuple[datetime, str, str], Line] = {}
    after = None
    while True:
        began = utc_now()
        found = read_log(run_id, source, after)
        for line in found.lines:
            if (key := (line.at, line.source, line.message)) not in told:
                told[key] = line
                tell(line)
        if found.is_over:
            return found._replace(lines=tuple(sorted(told.values(), key=lambda line: line.at)))
        after = began - _LATE
        sleep(_FOLLOW_SECONDS)


def _ended(execution: Execution | None, summary: RunSummary | None) -> tuple[str, str | None]:
    if execution is None:
        return (str(summary.status), None) if summary else (str(RunStatus.FAILED), None)
    if not execution.state.terminal:
        return str(execution.state), None
    end = end_of(execution, summary)
    return str(end.status), end.error


def _of_jobs(job_runs: Iterable[JobRunSeen], source: LogSource, span: Span) -> Iterator[LogEvent]:
    """The deployment names its job's groups itself (`--custom-logGroup-prefix`); without that they are Glue's."""
    for run in job_runs:
        for base in filter(None, dict.fromkeys((f"/{source.settings.glue_job_name}", run.log_group))):
            for part in ("output", "error"):
                yield from source.log.events(f"{base}/{part}", *span, streams=run.id)


def _of_functions(run_id: str, source: LogSource, span: Span, *, is_fine: bool) -> Iterator[LogEvent]:
    """Lines that name the run; of one that is not fine also what Lambda says of its invocations: that it timed out."""
    for component in COMPONENTS:
        group = f"/aws/lambda/{source.settings.function_name(component)}"
        found = list(source.log.events(group, *span, having=run_id))
        yield from found
        seen = {event.id for event in found}
        requests = {line.said.get("function_request_id") for line in read_lines(found)} - {None}
        for request in sorted(map(str, requests))[: 0 if is_fine else _MOST_INVOCATIONS]:
            more = source.log.events(group, *span, having=request)
            yield from (event for event in more if event.id not in seen)
