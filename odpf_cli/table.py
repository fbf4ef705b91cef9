"""`odpf table`: stop refreshing a table for a while, let it go on, or take it out of service."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from config_manager.parse import Parsed
from config_manager.pausing import paused, resumed
from config_manager.prepare import prepare
from config_manager.problem import listed
from config_manager.publish import publish
from odpf.adapters.aws import Aws
from odpf.clock import iso, utc_now
from odpf.configured_table import read_items
from odpf.errors import InvalidSettings, OdpfError
from odpf.pause import MOST_REASON, Pause
from odpf.settings import Settings
from odpf.table_config import TableConfig
from odpf_cli import completion
from odpf_cli.config_view import render_problems
from odpf_cli.display import complaint, plural
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, note
from odpf_cli.retirement import Deployment, Retired, Wish, retire
from odpf_cli.table_selection import selected
from odpf_cli.target import announce, refuse_forgotten_endpoint

app = typer.Typer(no_args_is_help=True, help="A table as it is refreshed: paused, resumed, taken out of service.")

_MOST_NAMED = 5
_Tables = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TABLE...",
        help="Source tables, or DATABASE.TABLE.",
        show_default=False,
        autocompletion=completion.tables,
    ),
]
_Match = Annotated[
    str | None,
    typer.Option(help="All tables whose names match: 'shop.*', or a part of a name.", show_default=False),
]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


class _Left(NamedTuple):
    """A table that is left as it is."""

    table: str
    why: str


@app.command()
def pause(
    tables: _Tables = None,
    match: _Match = None,
    reason: Annotated[str, typer.Option(help="Why, for whoever wonders later.")] = "",
    yes: _Yes = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Stop refreshing tables for a while: their files wait and nothing is lost; a run under way finishes them.

    Examples:
        odpf table pause shop.orders --reason "the source is being repaired"

        odpf table pause --match 'crm.*' --reason migration --yes
    """
    if not reason.strip():
        raise InvalidSettings("--reason is missing: whoever finds the table paused has to know why.")
    if len(reason.strip()) > MOST_REASON:
        raise InvalidSettings(
            f"--reason has {len(reason.strip()):,} characters, and may have {MOST_REASON}: write it shorter."
        )
    refuse_forgotten_endpoint()
    aws = Aws(Settings.from_environment(), component="publisher")
    who = announce(aws).arn
    found = selected(tables or (), match, read_items(aws.config.tables()))
    active = [table for table in found if table.is_active == "Y"]
    left = [
        _Left(table.source_table_name, table.pause.told(table.source_table_name) if table.pause else "It is inactive.")
        for table in found
        if table.is_active != "Y"
    ]
    _agree(f"Pause {_named(active)}?", active, yes=yes)
    word = Pause(reason=reason.strip(), by=who, since=iso(utc_now()))
    _publish(aws, paused(active, word), active, left, who, output, "Not refreshed from the next run on")


@app.command()
def resume(
    tables: _Tables = None, match: _Match = None, yes: _Yes = False, output: OutputOption = Output.TABLE
) -> None:
    """Let paused tables go on: the next run applies what has waited, in order.

    Examples:
        odpf table resume shop.orders

        odpf table resume --match 'crm.*'
    """
    refuse_forgotten_endpoint()
    aws = Aws(Settings.from_environment(), component="publisher")
    who = announce(aws).arn
    found = selected(tables or (), match, read_items(aws.config.tables()))
    stopped = [table for table in found if table.pause]
    left = [
        _Left(
            table.source_table_name,
            "It is not paused." if table.is_active == "Y" else "Its configuration says is_active: N; change it there.",
        )
        for table in found
        if not table.pause
    ]
    _agree(f"Resume {_named(stopped)}?", stopped, yes=yes)
    _publish(aws, resumed(stopped), stopped, left, who, output, "Refreshed again from the next run on")


@app.command("retire")
def retire_tables(
    tables: _Tables = None,
    match: _Match = None,
    keep_files: Annotated[
        bool, typer.Option("--keep-files", help="Let waiting files wait, instead of putting them into quarantine.")
    ] = False,
    drop_catalog: Annotated[
        bool, typer.Option("--drop-catalog", help="Drop the Glue catalog entry, too; the raw table's files stay.")
    ] = False,
    drop_raw_table: Annotated[
        bool, typer.Option("--drop-raw-table", help="Remove the raw table's files for ever, and the catalog entry.")
    ] = False,
    yes: _Yes = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Take tables out of service: configuration removed, waiting files to quarantine; rows and catalog entry stay.

    Examples:
        odpf table retire shop.orders

        odpf table retire shop.orders --drop-catalog
    """
    refuse_forgotten_endpoint()
    wish = Wish(keep_files, drop_catalog, drop_raw_table)
    if (drop_catalog or drop_raw_table) and not yes and not sys.stdin.isatty():
        raise InvalidSettings("Dropping is confirmed on a terminal, or with --yes. Nothing was changed.")
    publisher, aws = (Aws(Settings.from_environment(), component=each) for each in ("publisher", "operator"))
    who = announce(aws).arn
    found = selected(tables or (), match, read_items(aws.config.tables()))
    _agree(f"Retire {_named(found)}?{_loss(wish)}", found, yes=yes)
    work = Deployment(aws.settings, aws.tracker, aws.ledger, aws.objects, aws.catalog, aws.job_runs, aws.region)
    retired: list[Retired] = []
    failed: list[_Left] = []
    for config in found:
        try:
            retired.append(retire(work, publisher, config, wish, who=who, now=utc_now()))
        except OdpfError as error:
            failed.append(_Left(config.source_table_name, str(error)))
    emit(output, _retired_document(retired, failed), lambda: Group(*_retired_told(retired, failed)))
    if failed:
        raise typer.Exit(ExitStatus.SOME_TABLES_FAILED if retired else ExitStatus.FAILED)


def _publish(
    aws: Aws,
    parsed: Parsed,
    changed: list[TableConfig],
    left: list[_Left],
    who: str,
    output: Output,
    told: str,
) -> None:
    """Publish as `config apply` does, with its checks and its record."""
    plan = prepare(parsed, aws, keeps_pauses=False)
    deployment_id = publish(plan, aws, who=who, now=utc_now()) if changed and not plan.problems else None
    names = [table.source_table_name for table in changed]
    document = {
        "deployment_id": deployment_id,
        "tables": names if deployment_id else [],
        "left": [each._asdict() for each in left],
        "problems": [problem.model_dump(exclude_none=True) for problem in plan.problems],
    }
    lines: list[RenderableType] = list(render_problems(plan.problems))
    lines += [Text(f"{each.table}: {each.why}", style="yellow") for each in left]
    lines += [Text(f"{told}: {name}", style="green") for name in names if deployment_id]
    lines.append(Text(f"Deployed as {deployment_id}." if deployment_id else "Nothing was changed."))
    emit(output, document, lambda: Group(*lines))
    if plan.problems:
        raise typer.Exit(ExitStatus.INVALID)


def _agree(question: str, tables: list[TableConfig], *, yes: bool) -> None:
    if tables and not yes and sys.stdin.isatty() and not typer.confirm(question, err=True):
        note("Nothing was changed.")
        raise typer.Exit(ExitStatus.FAILED)


def _named(tables: list[TableConfig]) -> str:
    names = [table.source_table_name for table in tables]
    return f"{plural(len(names), 'table')} ({listed(names, _MOST_NAMED)})"


def _loss(wish: Wish) -> str:
    if wish.drop_raw_table:
        return " The rows in the raw table are removed FOR EVER."
    return " The catalog entry is dropped; the rows stay." if wish.drop_catalog else ""


def _retired_document(retired: list[Retired], failed: list[_Left]) -> dict[str, Any]:
    return {
        "tables": [
            {
                "source_table_name": each.config.source_table_name,
                "raw_table": each.config.raw_table,
                "deployment_id": each.deployment_id,
                "files_quarantined": each.quarantined,
                "files_waiting": each.waiting,
                "catalog_entries_dropped": list(each.dropped),
                "location": each.location,
                "objects_removed": each.objects_removed,
            }
            for each in retired
        ],
        "left": [each._asdict() for each in failed],
    }


def _retired_told(retired: list[Retired], failed: list[_Left]) -> Iterator[RenderableType]:
    for each in retired:
        files = (
            f"{plural(each.quarantined, 'waiting file')} put into quarantine"
            if each.quarantined
            else f"{plural(each.waiting, 'file')} still wait"
            if each.waiting
            else "no file waited"
        )
        rows = f"{each.objects_removed:,} files removed from" if each.objects_removed else "rows stay at"
        entry = f"; dropped from the catalog: {', '.join(each.dropped)}" if each.dropped else ""
        yield Text(f"Retired {each.config.source_table_name}: {files}; {rows} {each.location}{entry}.")
    if any(each.objects_removed for each in retired):
        yield Text("Configured again, such a table needs another raw_table_name.", style="yellow")
    if retired:
        yield Text("What DMS still writes shows as unconfigured: take the tables out of its task, too.", style="dim")
    yield from (complaint(each.table, each.why) for each in failed)
