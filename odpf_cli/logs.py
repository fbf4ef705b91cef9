"""`odpf logs`: what a run's job runs and invocations have logged, with what failed first."""

from __future__ import annotations

from typing import Annotated

import typer

from odpf.adapters.aws import Aws
from odpf.adapters.executions import Executions
from odpf.errors import NothingRunning
from odpf.settings import Settings
from odpf_cli import completion
from odpf_cli.log_lines import Line
from odpf_cli.logs_view import document, line_text, render
from odpf_cli.output import Output, OutputOption, emit, note, stderr, stdout
from odpf_cli.run import source_of
from odpf_cli.run_log import LogSource, RunLog, follow_log, read_log
from odpf_cli.runs import NO_RUNS


def logs(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]",
            help="A run's id; without it the newest.",
            show_default=False,
            autocompletion=completion.runs,
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            help="Only what is about this table: a source table, or DATABASE.TABLE.", autocompletion=completion.tables
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show lines as they come, until the run ends.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="Also what Spark and the services say besides.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show what failed in a run, with stack traces and the next step, then its log.

    Examples:
        odpf logs

        odpf logs 10_min_refresh-20260131T101500-3f2a --table shop.orders

        odpf logs 10_min_refresh-20260131T101500-3f2a --follow
    """
    aws = Aws(Settings.from_environment(), component="operator")
    executions = Executions(aws.session, aws.settings.state_machine_name)
    source = LogSource(aws.settings, source_of(aws, executions), aws.job_runs, aws.log_events)
    run_id = run or _newest(executions)
    found = _followed(run_id, source, table, output, every=every) if follow else read_log(run_id, source)
    found = found.of_table(table) if table else found
    emit(output, document(found, chatter=every), lambda: render(found, chatter=every, log=not follow))


def _newest(executions: Executions) -> str:
    for execution in executions.recent(1):
        return execution.run_id
    raise NothingRunning(NO_RUNS)


def _followed(run_id: str, source: LogSource, table: str | None, output: Output, *, every: bool) -> RunLog:
    console = stderr if output is Output.JSON else stdout

    def tell(line: Line) -> None:
        if (every or not line.is_chatter) and (table is None or line.is_about(table)):
            console.print(line_text(line), soft_wrap=True)

    try:
        return follow_log(run_id, source, tell)
    except KeyboardInterrupt:
        note(f"The run goes on. See how it ends: odpf logs {run_id}")
        raise
