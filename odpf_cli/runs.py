"""`odpf runs`: what ran, when, and how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from odpf.adapters.aws import Aws
from odpf.adapters.executions import Execution, Executions
from odpf.audit import AuditRow, TableResult
from odpf.clock import iso, utc_now
from odpf.counts import Counts
from odpf.errors import NothingRunning
from odpf.settings import Settings
from odpf.states import Outcome
from odpf_cli import completion
from odpf_cli.display import NOTHING, coloured, duration, grid, minute, number, seconds_between
from odpf_cli.output import Output, OutputOption, emit
from odpf_cli.run import render as render_end
from odpf_cli.run import source_of
from odpf_cli.run_following import RunEnd, RunSource, end_of
from odpf_cli.run_progress import ended_line
from odpf_cli.run_timeline import timeline

FAILURES = (Outcome.REFRESH_ERROR, Outcome.SET_ASIDE)
NO_RUNS = "No runs yet. Start one: odpf run CADENCE --wait"


app = typer.Typer(invoke_without_command=True)


@app.callback(invoke_without_command=True)
def runs(
    context: typer.Context,
    run: Annotated[
        str | None, typer.Option(help="Show this run, as `odpf runs show RUN` does.", autocompletion=completion.runs)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many of the newest runs to list.")] = 20,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the newest runs; `show` tells one in full.

    Examples:
        odpf runs

        odpf runs --limit 100 --output json
    """
    if context.invoked_subcommand:
        return
    if run is not None:
        _show(run, output)
        return
    executions, source = _source()
    entries = [entry(execution, source) for execution in executions.recent(limit)]
    emit(output, entries, lambda: render_list(entries))


@app.command()
def show(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A run's id: `odpf runs` lists them.",
            show_default=False,
            autocompletion=completion.runs,
        ),
    ],
    output: OutputOption = Output.TABLE,
) -> None:
    """Show a run table by table: outcome, counts, and when each was worked on.

    Example:
        odpf runs show 10_min_refresh-20260131T101500-3f2a
    """
    _show(run, output)


def _show(run: str, output: Output) -> None:
    document, shown = one_run(run, _source()[1])
    emit(output, document, lambda: shown)


def _source() -> tuple[Executions, RunSource]:
    aws = Aws(Settings.from_environment(), component="operator")
    executions = Executions(aws.session, aws.settings.state_machine_name)
    return executions, source_of(aws, executions)


def entry(execution: Execution, source: RunSource) -> dict[str, Any]:
    """One line of the list: times and state from the execution, the rest from its summary, or its audit so far."""
    results: Sequence[TableResult]
    if execution.state.terminal:
        end = end_of(execution, source.summary(execution.run_id))
        results, status, error = end.tables, str(end.status), end.error
    else:
        results, status, error = source.audit.of_run(execution.run_id), str(execution.state), None
    manifest = source.manifest(execution.run_id)
    return {
        "run_id": execution.run_id,
        "refresh_cadence": manifest.refresh_cadence if manifest else None,
        "status": status,
        "started_at": execution.started_at,
        "ended_at": execution.ended_at,
        "seconds": seconds_between(execution.started_at, execution.ended_at or iso(utc_now())),
        "tables": len(results),
        "tables_failed": sum(result.outcome in FAILURES for result in results),
        **sum((result.counts for result in results), Counts()).model_dump(),
        "error": error,
    }


def one_run(run_id: str, source: RunSource) -> tuple[dict[str, Any], RenderableType]:
    """A run in full, as a document and for a person; its summary outlives Step Functions' memory of it.

    Raises:
        NothingRunning: there is no trace of such a run.
    """
    execution, summary = source.executions.get(run_id), source.summary(run_id)
    rows = sorted(source.audit.of_run(run_id), key=lambda row: row.ended_at)
    lines: list[RenderableType] = [ended_line(row) for row in rows]
    if execution and rows:
        lines.append(timeline(execution, rows, utc_now()))
    if execution and not execution.state.terminal:
        document = {"run_id": run_id, "status": execution.state.value, "warnings": [], "tables": _printed(rows)}
        return document, Group(*lines, Text.assemble(f"Run {run_id} ", coloured(execution.state)))
    if execution:
        end = end_of(execution, summary)
    elif summary:
        end = RunEnd(run_id, summary.status, summary)
    else:
        raise NothingRunning(f"There is no run {run_id}. `odpf runs` lists those there are.")
    return end.printed() | {"audit": _printed(rows)}, Group(*lines, render_end(end))


def _printed(rows: Iterable[AuditRow]) -> list[dict[str, Any]]:
    return [row.printed() for row in rows]


def render_list(entries: list[dict[str, Any]]) -> RenderableType:
    """Newest first."""
    if not entries:
        return Text(NO_RUNS)
    table = grid(["Run"], ["Took", "Tables ok", "Rows"], words=["Status", "Started (UTC)"])
    for found in entries:
        table.add_row(
            Text(found["run_id"], overflow="fold"),  # whole, so that it can be copied
            coloured(found["status"]),
            minute(found["started_at"]),
            duration(found["seconds"]),
            f"{found['tables'] - found['tables_failed']}/{found['tables']}" if found["tables"] else NOTHING,
            number(found["rows_read"]),
        )
    return table
