"""`odpf run CADENCE`: start the state machine now, and if asked wait for the outcome."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from odpf.adapters.aws import Aws
from odpf.adapters.executions import Executions
from odpf.clock import utc_now
from odpf.errors import TerminalError
from odpf.ports import ConfigStore
from odpf.settings import Settings
from odpf.states import RunStatus
from odpf_cli.display import coloured, duration, plural, seconds_between
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, note, stderr
from odpf_cli.run_following import RunEnd, RunSource, follow
from odpf_cli.run_progress import result_line, watching
from odpf_cli.target import announce, refuse_forgotten_endpoint

EXIT_STATUS = {
    RunStatus.SUCCEEDED: ExitStatus.DONE,
    RunStatus.NOTHING_TO_DO: ExitStatus.DONE,
    RunStatus.PARTIAL: ExitStatus.SOME_TABLES_FAILED,
    RunStatus.FAILED: ExitStatus.FAILED,
}


class UnknownCadence(TerminalError):
    """Nobody configured the refresh cadence."""


def run(
    cadence: Annotated[str, typer.Argument(metavar="CADENCE", help="A refresh cadence of the configuration.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the outcome, showing progress.")] = False,
    maintenance: Annotated[
        bool, typer.Option("--maintenance", help="Archive long timelines instead; no files are applied.")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Refresh the tables of a cadence now."""
    refuse_forgotten_endpoint()
    aws = Aws(Settings.from_environment(), component="operator")
    announce(aws)
    check_cadence(aws.config, cadence)
    run_id = new_run_id(cadence, utc_now())
    executions = Executions(aws.session, aws.settings.state_machine_name)
    executions.start(run_id, cadence, maintenance=maintenance)
    if not wait:
        emit(output, {"run_id": run_id}, lambda: Text(f"Started run {run_id}. Follow it: odpf runs --run {run_id}"))
        return
    end = followed(run_id, source_of(aws, executions))
    emit(output, end.printed(), lambda: render(end))
    raise typer.Exit(EXIT_STATUS[end.status])


def source_of(aws: Aws, executions: Executions) -> RunSource:
    """Where the runs of this deployment leave their traces."""
    return RunSource(executions, aws.objects, aws.audit, aws.ledger, aws.settings.artifacts_bucket)


def followed(run_id: str, source: RunSource) -> RunEnd:
    """Follow a run that goes on without whoever follows it."""
    note(f"run {run_id}")
    try:
        return wait_for(run_id, source)
    except KeyboardInterrupt:
        note(f"The run goes on. See how it ends: odpf runs --run {run_id}")
        raise


def wait_for(run_id: str, source: RunSource) -> RunEnd:
    """Follow a run with progress on stderr."""
    with watching(stderr) as watcher:
        return follow(run_id, source, watcher)


def new_run_id(refresh_cadence: str, now: datetime) -> str:
    """`<cadence>-<yyyymmddThhmmss>-<4 hex>`: at most 72 of the 80 characters that an execution's name may have."""
    return f"{refresh_cadence}-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


def check_cadence(config: ConfigStore, refresh_cadence: str) -> None:
    """Refuse a cadence that no configuration knows, before an execution fails for it.

    Raises:
        UnknownCadence: naming the known ones.
    """
    if config.cadence(refresh_cadence) or config.tables(refresh_cadence):
        return
    known = {str(item["refresh_cadence"]) for item in (*config.cadences(), *config.tables())}
    advice = f"Known: {', '.join(sorted(known))}." if known else "None is configured yet."
    raise UnknownCadence(
        f"There is no refresh cadence {refresh_cadence!r}. {advice} Add one with `odpf config apply PATH`."
    )


def render(end: RunEnd) -> RenderableType:
    """Results per table and the outcome last, where a person looks."""
    lines: list[RenderableType] = []
    if end.summary:
        lines += [Text(f"warning: {warning}", style="yellow") for warning in end.summary.warnings]
        lines += [result_line(table) for table in end.summary.failed]
    if end.error:
        lines.append(Text(end.error, style="red"))
    return Group(*lines, _last_line(end))


def _last_line(end: RunEnd) -> Text:
    line = Text.assemble("Run ", end.run_id, " ", coloured(end.status))
    if end.status is RunStatus.NOTHING_TO_DO:
        return line + Text(": no table of this cadence has anything to do.")
    if end.summary:
        total = sum(table.counts.rows_read for table in end.tables)
        took = duration(seconds_between(end.summary.started_at, end.summary.ended_at))
        line += Text(f": {plural(len(end.tables), 'table')}, {plural(total, 'row')} read, {took}")
    return line
