"""`odpf quarantine`: what could not be applied, why, and putting it back when the cause is gone."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Annotated

import typer
from rich.markup import escape

from odpf.adapters.aws import Aws
from odpf.errors import InvalidSettings
from odpf.settings import Settings
from odpf_cli import completion
from odpf_cli.display import plural
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, note
from odpf_cli.quarantine_contents import Quarantine, RowBatch
from odpf_cli.quarantine_release import Releaser, already_waiting, warnings
from odpf_cli.quarantine_selection import Selection, select_ids, select_table
from odpf_cli.quarantine_view import (
    contents_document,
    released_document,
    render_contents,
    render_released,
    render_shown,
    shown_document,
)
from odpf_cli.target import announce, refuse_forgotten_endpoint

app = typer.Typer(no_args_is_help=True, help="What could not be applied: look at it, and put it back.")

_ROWS_SHOWN = 20


@app.command("list")
def list_contents(
    table: Annotated[
        str | None, typer.Option(help="Only of this source table.", autocompletion=completion.tables)
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """List files in quarantine, and file batches with rows there, newest first.

    Example:
        odpf quarantine list --table shop.orders
    """
    contents = _quarantine(_aws()).contents(table)
    emit(output, contents_document(contents), lambda: render_contents(contents))


@app.command()
def show(
    wanted: Annotated[str, typer.Argument(metavar="FILE_ID_OR_BATCH", help="An id that `list` shows.")],
    rows: Annotated[int, typer.Option(min=0, help="How many rows of a batch to show.")] = _ROWS_SHOWN,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show why a file or rows of a file batch could not be applied, where they came from, and what to do next.

    Example:
        odpf quarantine show 01081f81e11b8e623684704b866bccc9
    """
    quarantine = _quarantine(_aws())
    found = quarantine.find(wanted)
    shown = list(islice(quarantine.rows_of(found), rows)) if isinstance(found, RowBatch) else []
    emit(output, shown_document(found, shown), lambda: render_shown(found, shown))


@app.command()
def release(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="FILE_ID_OR_BATCH...", help="Ids that `list` shows.")
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(help="Instead of ids: the files of this source table.", autocompletion=completion.tables),
    ] = None,
    reason: Annotated[str, typer.Option(help="With --table: only those whose reason contains this text.")] = "",
    rows: Annotated[
        bool, typer.Option("--rows", help="With --table: also files that were applied but for some of their rows.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Put files back among those that wait, so that the next run applies them in order.

    Examples:
        odpf quarantine release 01081f81e11b8e623684704b866bccc9

        odpf quarantine release --table shop.orders --reason "no longer in staging"
    """
    refuse_forgotten_endpoint()
    if bool(ids) == bool(table) or (not table and (reason or rows)):
        raise InvalidSettings(
            "Give ids, or --table, with which --reason and --rows may stand; not both and not neither."
        )
    aws = _aws()
    announce(aws)
    quarantine = _quarantine(aws)
    selected = select_table(quarantine, table, reason, rows=rows) if table else select_ids(quarantine, ids or [])
    if selected.records and not yes and sys.stdin.isatty() and not _agreed(selected):
        note("Nothing was changed.")
        raise typer.Exit(ExitStatus.FAILED)
    releaser = Releaser(aws.tracker, aws.ledger, aws.objects, aws.settings.staging_places)
    released = [*releaser.release(selected.records), *map(already_waiting, selected.waiting)]
    told = warnings(released)
    emit(output, released_document(released, told), lambda: render_released(released, told))
    if not all(each.waits for each in released):
        raise typer.Exit(ExitStatus.FAILED)


def _aws() -> Aws:
    return Aws(Settings.from_environment(), component="operator")


def _quarantine(aws: Aws) -> Quarantine:
    return Quarantine(aws.tracker, aws.ledger, aws.audit, aws.config, aws.objects, aws.settings.artifacts_bucket)


def _agreed(selected: Selection) -> bool:
    for record in selected.records:
        note(escape(f"{record.file.path}: {record.reason or 'applied but for some of its rows'}"))
    return typer.confirm(f"Put {plural(len(selected.records), 'file')} back?", err=True)
