"""`odpf files`: every landed file and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from odpf.adapters.aws import Aws
from odpf.clock import iso
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.ports import FileTracker
from odpf.settings import Settings
from odpf.states import FileState
from odpf_cli import completion
from odpf_cli.display import coloured, complaint, grid, name, number, plural, size
from odpf_cli.output import Output, OutputOption, emit


def files(
    table: Annotated[
        str | None, typer.Option(help="Only files of this source table.", autocompletion=completion.tables)
    ] = None,
    state: Annotated[FileState | None, typer.Option(help="Only files in this state.")] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """List landed files: waiting, processed, quarantined.

    Examples:
        odpf files --table shop.orders

        odpf files --state quarantined
    """
    aws = Aws(Settings.from_environment(), component="operator")
    found = listed(aws.tracker, table, state)
    emit(output, found, lambda: render(found, filtered=bool(table or state)))


def listed(tracker: FileTracker, table: str | None, state: FileState | None) -> list[dict[str, Any]]:
    """Files by table and name; one that stands in both trackers after a crash or a repeated event is done."""
    entries = []
    if state in (None, FileState.LANDED):
        entries += [file_entry(file, FileState.LANDED) for file in waiting(tracker, table)]
    if state is not FileState.LANDED:
        entries += [_done_entry(record) for record in _done(tracker, table, state)]
    return sorted(entries, key=lambda entry: (entry["source_table_name"], entry["path"]))


def _done(tracker: FileTracker, table: str | None, state: FileState | None) -> Iterator[FileRecord]:
    if state is FileState.QUARANTINED:
        return tracker.quarantined(table)
    return (record for record in tracker.history(table) if state in (None, record.state))


def waiting(tracker: FileTracker, table: str | None) -> list[LandedFile]:
    """Files that wait, of one table or of all, without those that history has already."""
    found = list(tracker.all_pending() if table is None else tracker.pending(table))
    done = tracker.done(found)
    return [file for file in found if file.file_id not in done]


def file_entry(file: LandedFile, state: FileState) -> dict[str, Any]:
    """A file that waits, in the form of the output contract."""
    return {
        "source_table_name": file.source_table_name,
        "file_id": file.file_id,
        "path": file.path,
        "state": state.value,
        "dms_file_type": file.dms_file_type.value,
        "reason": None,
        "size": file.size,
        "last_modified": iso(file.last_modified),
        "rows": None,
        "batch_id": None,
        "run_id": None,
        "done_at": None,
    }


def _done_entry(record: FileRecord) -> dict[str, Any]:
    return file_entry(record.file, record.state) | {
        "reason": record.reason,
        "rows": record.rows,
        "batch_id": record.batch_id,
        "run_id": record.run_id,
        "done_at": record.done_at,
    }


def render(entries: list[dict[str, Any]], *, filtered: bool) -> RenderableType:
    """A line per file, the reasons of quarantined ones below."""
    if not entries:
        return Text(
            "No such files."
            if filtered
            else "No files yet. Files below the staging folder appear here within seconds, or at the next `odpf run`."
        )
    table = grid(["Source table", "File"], ["Size", "Rows"], words=["Type", "State"])
    for entry in entries:
        table.add_row(
            name(entry["source_table_name"]),
            name(entry["path"].rsplit("/", 1)[-1]),
            entry["dms_file_type"],
            coloured(entry["state"]),
            size(entry["size"]),
            number(entry["rows"]),
        )
    reasons = [complaint(entry["path"], entry["reason"]) for entry in entries if entry["reason"]]
    return Group(table, *reasons, Text(plural(len(entries), "file"), style="dim"))
