"""`odpf state`: a copy of what the deployment knows, and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from odpf.adapters.aws import Aws
from odpf.adapters.caller import Caller
from odpf.adapters.clients import Dynamo
from odpf.adapters.executions import Executions, NotDeployed
from odpf.adapters.state_tables import state_tables
from odpf.errors import TerminalError, TransientError
from odpf.settings import Settings
from odpf.states import ExecutionState
from odpf.tables import TableSchema
from odpf_cli.display import plural
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, note
from odpf_cli.progress import steps
from odpf_cli.state_export import Origin, export_state
from odpf_cli.state_folder import StateManifest, read_manifest
from odpf_cli.state_import import Import, refuse_other_files
from odpf_cli.state_view import (
    Imported,
    exported_document,
    imported_document,
    listed,
    render_export,
    render_import,
    whose,
)
from odpf_cli.target import announce, refuse_forgotten_endpoint

app = typer.Typer(no_args_is_help=True, help="What the deployment knows, all items of its tables: a copy, and back.")

_RUNS_LOOKED_AT = 100


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="New, or empty.", show_default=False)],
    output: OutputOption = Output.TABLE,
) -> None:
    """Copy configuration, files, what every table has reached, and audit into a folder; runs may go on meanwhile.

    Example:
        odpf state export state-2026-01-31
    """
    refuse_forgotten_endpoint()
    aws = Aws(Settings.from_environment(), component="operator")
    origin = Origin(aws.settings, announce(aws), aws.region)
    with steps("reading items", None) as done:
        tables = state_tables(Dynamo(aws.session), aws.settings, on_read=done)
        manifest = export_state(tables, folder, origin, lambda schema, made: _progress(aws, schema, made.items))
    emit(output, exported_document(folder, manifest), lambda: render_export(folder, manifest))


@app.command("import")
def import_state(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="What `export` wrote.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Fill the empty tables of a deployment with an exported state, and begin a new epoch in this Region.

    Example:
        odpf state import state-2026-01-31
    """
    refuse_forgotten_endpoint()
    manifest = read_manifest(folder)
    aws = Aws(Settings.from_environment(), component="importer")
    refuse_other_files(manifest, aws.settings)
    who = announce(aws)
    if not yes and sys.stdin.isatty() and not _agreed(manifest, who, aws):
        note("Nothing was changed.")
        raise typer.Exit(ExitStatus.FAILED)
    _refuse_running(aws)
    imported = _imported(folder, manifest, who, aws)
    emit(output, imported_document(imported), lambda: render_import(imported))


def _imported(folder: Path, manifest: StateManifest, who: Caller, aws: Aws) -> Imported:
    with steps("writing items", sum(table.items for table in manifest.tables.values())) as done:
        tables = state_tables(Dynamo(aws.session), aws.settings, on_write=done)
        return _written(
            Import(tables, folder, manifest, aws.settings, aws.ledger, aws.region), folder, manifest, who, aws
        )


def _written(work: Import, folder: Path, manifest: StateManifest, who: Caller, aws: Aws) -> Imported:
    work.check()
    written: dict[str, int] = {}

    def told(schema: TableSchema, items: int) -> None:
        written[schema.name] = items
        _progress(aws, schema, items)

    try:
        epoch = work.write(who.arn, told)
    except KeyboardInterrupt:
        raise TransientError(
            "Interrupted; a part of the state is there, and nothing is planned with it. The same command goes on."
        ) from None
    return Imported(folder, manifest, who, aws.region, aws.settings, written, epoch.number)


def _progress(aws: Aws, schema: TableSchema, items: int) -> None:
    note(f"[dim]{aws.settings.table(schema.name)}: {plural(items, 'item')}[/]")


def _refuse_running(aws: Aws) -> None:
    try:
        recent = Executions(aws.session, aws.settings.state_machine_name).recent(_RUNS_LOOKED_AT)
    except NotDeployed:
        return
    if running := [run.run_id for run in recent if run.state is ExecutionState.RUNNING]:
        raise TerminalError(
            f"Runs are under way here: {listed(running)}. Nothing was written; import when they have ended, or stop them."
        )


def _agreed(manifest: StateManifest, who: Caller, aws: Aws) -> bool:
    items = sum(table.items for table in manifest.tables.values())
    note(
        f"{escape(whose(manifest))} has {plural(items, 'item')}. The import begins a new epoch: it says that no job run planned until now "
        "works on these buckets any more, neither here nor there."
    )
    return typer.confirm(f"Write them into {aws.settings.prefix}* of account {who.account} in {aws.region}?", err=True)
