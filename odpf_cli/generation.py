"""`odpf generation`: begin a new generation of a table whose DMS task was made anew."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from odpf.adapters.aws import Aws
from odpf.settings import Settings
from odpf.table_config import TableConfig
from odpf_cli.completion import TableOption
from odpf_cli.moments import moment_of
from odpf_cli.new_generation import Bumped, Deployment, begin_generation
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, note
from odpf_cli.table_names import configured_table
from odpf_cli.target import announce, refuse_forgotten_endpoint

app = typer.Typer(no_args_is_help=True, help="Generations of a table, within which change sequences are compared.")


@app.callback()
def generation() -> None:
    """Keep `bump` a command of its own, though it is the only one."""


@app.command()
def bump(
    table: TableOption,
    since: Annotated[
        str | None,
        typer.Option(help="When the new task began to write, such as 2026-01-31T10:15:00Z. Default: now."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Let the changes of a DMS task that was made anew come after everything the table has.

    Examples:
        odpf generation bump --table shop.orders

        odpf generation bump --table shop.orders --since 2026-01-31T10:15:00Z
    """
    refuse_forgotten_endpoint()
    moment = moment_of("--since", since) if since else None
    aws = Aws(Settings.from_environment(), component="operator")
    who = announce(aws)
    config = configured_table(table, aws.config)
    if not yes and sys.stdin.isatty() and not _agreed(config):
        note("Nothing was changed.")
        raise typer.Exit(ExitStatus.FAILED)
    deployment = Deployment(aws.settings, aws.tracker, aws.ledger, aws.objects, aws.job_runs, aws.region)
    bumped = begin_generation(deployment, config, moment, who.arn)
    emit(output, _document(bumped), lambda: _told(bumped))


def _agreed(config: TableConfig) -> bool:
    note(
        f"Change files of {config.source_table_name} that the former DMS task writes from now on will change nothing any "
        "more. Has it ended, and are its files applied?"
    )
    return typer.confirm(f"Begin a new generation of {config.raw_table}?", err=True)


def _document(bumped: Bumped) -> dict[str, Any]:
    state = bumped.state
    return {
        "source_table_name": state.source_table_name,
        "raw_table": state.raw_table,
        "generation": state.generation,
        "former_generation": bumped.former.generation,
        "began_at": state.load_started_at,
        "warnings": list(bumped.warnings),
    }


def _told(bumped: Bumped) -> RenderableType:
    state = bumped.state
    said = Text(
        f"{state.raw_table} is in generation {state.generation}, after {bumped.former.generation}: change files put since "
        f"{state.load_started_at} come after every row it has."
    )
    return Group(said, *(Text(f"warning: {warning}", style="yellow") for warning in bumped.warnings))
