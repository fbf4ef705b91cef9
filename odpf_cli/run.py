"""`odpf run CADENCE`: start the state machine now, and if asked wait for the outcome."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from odpf.adapters.aws import Aws
from odpf.adapters.executions import Executions
from odpf.clock import utc_now
from odpf.errors import InvalidConfiguration, TerminalError
from odpf.ports import ConfigStore
from odpf.run_request import RunRequest
from odpf.settings import Settings
from odpf.states import RunStatus
from odpf_cli import completion
from odpf_cli.display import coloured, duration, plural, seconds_between
from odpf_cli.dry_run import dry_run
from odpf_cli.dry_run_view import render as render_dry_run
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, note, stderr
from odpf_cli.run_following import RunEnd, RunSource, follow
from odpf_cli.run_progress import result_line, watching
from odpf_cli.table_names import configured_table
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
    cadence: Annotated[
        str | None,
        typer.Argument(
            metavar="CADENCE",
            help="A refresh cadence of the configuration.",
            show_default=False,
            autocompletion=completion.cadences,
        ),
    ] = None,
    table: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this table of the cadence, set aside or not; as often as wanted. A source table, or DATABASE.TABLE.",
            show_default=False,
            autocompletion=completion.tables,
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the outcome, showing progress.")] = False,
    maintenance: Annotated[
        bool, typer.Option("--maintenance", help="Archive long timelines instead; no files are applied.")
    ] = False,
    with_set_aside: Annotated[
        bool, typer.Option("--with-set-aside", help="Try the tables that were set aside, too.")
    ] = False,
    dry: Annotated[
        bool, typer.Option("--dry-run", help="Show what the run would do and why; nothing is started or written.")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Refresh the tables of a cadence now, or some of them.

    Examples:
        odpf run 10_min_refresh --wait

        odpf run --table shop.orders --wait
    """
    if cadence is None and not table:
        raise typer.BadParameter("Missing: which cadence, or which --table? `odpf config show` lists them.")
    if dry and wait:
        raise typer.BadParameter("A dry run starts nothing that --wait could wait for. Leave one of the two out.")
    if not dry:
        refuse_forgotten_endpoint()
    aws = Aws(Settings.from_environment(), component="operator")
    if not dry:
        announce(aws)
    request = requested(aws.config, cadence, table or ())
    request = request.model_copy(update={"maintenance": maintenance, "with_set_aside": with_set_aside})
    if dry:
        found = dry_run(aws, request)
        emit(output, found.model_dump(mode="json"), lambda: render_dry_run(found))
        return
    run_id = new_run_id(request.refresh_cadence, utc_now())
    executions = Executions(aws.session, aws.settings.state_machine_name)
    executions.start(run_id, request)
    if not wait:
        emit(output, {"run_id": run_id}, lambda: Text(f"Started run {run_id}. Follow it: odpf runs show {run_id}"))
        return
    end = followed(run_id, source_of(aws, executions))
    emit(output, end.printed(), lambda: render(end))
    raise typer.Exit(EXIT_STATUS[end.status])


def requested(config: ConfigStore, cadence: str | None, tables: Sequence[str]) -> RunRequest:
    """What is asked for: a cadence, or tables of one, which they name.

    Args:
        config: the configuration.
        cadence: as given.
        tables: names of tables as given.

    Raises:
        UnknownCadence: nobody configured it.
        InvalidConfiguration: a table is not configured, or not in that cadence.
    """
    if cadence is not None and not tables:
        check_cadence(config, cadence)
        return RunRequest(refresh_cadence=cadence)
    found = [configured_table(name, config) for name in tables]
    cadences = {each.refresh_cadence for each in found}
    if cadence is not None and cadences != {cadence}:
        others = ", ".join(f"{each.source_table_name} in {each.refresh_cadence}" for each in found)
        raise InvalidConfiguration(f"Not all of these tables are in {cadence}: {others}. Nothing was started.")
    if len(cadences) > 1:
        raise InvalidConfiguration(
            f"The tables are in several cadences: {', '.join(sorted(cadences))}. Start a run for each."
        )
    return RunRequest(refresh_cadence=cadences.pop(), tables=tuple(each.source_table_name for each in found))


def source_of(aws: Aws, executions: Executions) -> RunSource:
    """Where the runs of this deployment leave their traces."""
    return RunSource(executions, aws.objects, aws.audit, aws.ledger, aws.settings.artifacts_bucket)


def followed(run_id: str, source: RunSource) -> RunEnd:
    """Follow a run that goes on without whoever follows it."""
    note(f"run {run_id}")
    try:
        return wait_for(run_id, source)
    except KeyboardInterrupt:
        note(f"The run goes on. See how it ends: odpf runs show {run_id}")
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
