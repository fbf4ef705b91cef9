"""How quarantine looks: documents for programs, tables and advice for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from odpf.file_record import FileRecord
from odpf.quarantined_rows import QuarantinedRow
from odpf.states import DmsFileType
from odpf_cli.display import NOTHING, complaint, grid, minute, name, number, plural, size
from odpf_cli.quarantine_contents import Contents, RowBatch
from odpf_cli.quarantine_release import Released

_NEXT_FILE = "Remove the cause, then put it back: odpf quarantine release "
_NEXT_ROWS = "Where these rows would be valid by now, put back the files that they came from: odpf quarantine release "

_NEXT_LOAD = "Remove the cause, then have DMS reload the table: rows of a full load come back with a load."


def file_document(record: FileRecord) -> dict[str, Any]:
    """A file in quarantine, or of which rows are."""
    return {
        "source_table_name": record.file.source_table_name,
        "file_id": record.file.file_id,
        "path": record.file.path,
        "dms_file_type": record.file.dms_file_type.value,
        "reason": record.reason,
        "size": record.file.size,
        "rows": record.rows,
        "raw_table": record.raw_table,
        "batch_id": record.batch_id,
        "run_id": record.run_id,
        "done_at": record.done_at,
    }


def batch_document(batch: RowBatch) -> dict[str, Any]:
    """A file batch with rows in quarantine."""
    return {
        "batch_id": batch.batch_id,
        "source_table_name": batch.newest.file.source_table_name,
        "raw_table": batch.raw_table,
        "run_id": batch.newest.run_id,
        "done_at": batch.newest.done_at,
        "rows": batch.rows,
        "reasons": dict(batch.reasons),
        "files": [{"file_id": record.file.file_id, "path": record.file.path} for record in batch.records],
    }


def contents_document(contents: Contents) -> dict[str, Any]:
    """The JSON form of `odpf quarantine list`."""
    return {
        "files": [file_document(record) for record in contents.files],
        "batches": [batch_document(batch) for batch in contents.batches],
    }


def shown_document(found: FileRecord | RowBatch, rows: Sequence[QuarantinedRow]) -> dict[str, Any]:
    """The JSON form of `odpf quarantine show`: one of the two is null."""
    if not isinstance(found, RowBatch):
        return {"file": file_document(found), "batch": None, "next": next_step(found)}
    shown = [{**row.model_dump(exclude={"data"}), "values": row.values} for row in rows]
    return {"file": None, "batch": {**batch_document(found), "shown": shown}, "next": next_step(found)}


def released_document(released: Sequence[Released], warnings: Sequence[str]) -> dict[str, Any]:
    """The JSON form of `odpf quarantine release`."""
    files = [
        {
            "source_table_name": each.record.file.source_table_name,
            "file_id": each.record.file.file_id,
            "path": each.record.file.path,
            "result": each.result.value,
            "why": each.why,
        }
        for each in released
    ]
    return {"files": files, "warnings": list(warnings)}


def next_step(found: FileRecord | RowBatch) -> str:
    """What a person does next."""
    if isinstance(found, RowBatch):
        of_load = all(record.file.dms_file_type is DmsFileType.FULL for record in found.records)
        return _NEXT_LOAD if of_load else _NEXT_ROWS + found.batch_id
    if found.file.problem:
        return "It cannot be applied whatever it holds. Write it where, and under a name that, the reason says."
    return _NEXT_FILE + found.file.file_id


def render_contents(contents: Contents) -> RenderableType:
    """Files with their reasons, then batches with theirs."""
    if not any(contents):
        return Text("Nothing is in quarantine.")
    parts: list[RenderableType] = []
    if contents.files:
        parts.append(_files_table(contents.files))
        parts += [complaint(record.file.name, record.reason or NOTHING) for record in contents.files]
    if contents.batches:
        parts.append(_batches_table(contents.batches))
        parts += [complaint(batch.batch_id, _reasons(batch)) for batch in contents.batches]
    return Group(*parts, Text("One of them in full: odpf quarantine show ID", style="dim"))


def render_shown(found: FileRecord | RowBatch, rows: Sequence[QuarantinedRow]) -> RenderableType:
    """Facts, rows, and what to do next."""
    facts = Table.grid(padding=(0, 2, 0, 0))
    for fact, value in (_batch_facts(found) if isinstance(found, RowBatch) else _file_facts(found)).items():
        facts.add_row(Text(fact, style="dim"), Text(value))
    return Group(facts, *(_row(row) for row in rows), Text(next_step(found), style="yellow"))


def render_released(released: Sequence[Released], warnings: Sequence[str]) -> RenderableType:
    """What stays with its reason, then how many wait."""
    waiting = sum(each.waits for each in released)
    parts: list[RenderableType] = [complaint(each.record.file.path, each.why) for each in released if each.why]
    parts += [Text(f"warning: {warning}", style="yellow") for warning in warnings]
    if waiting:
        parts.append(Text(f"{plural(waiting, 'file')} wait for the next run of their cadence: odpf run CADENCE --wait"))
    return Group(*parts) if parts else Text("Nothing in quarantine fits.")


def _files_table(records: Sequence[FileRecord]) -> Table:
    table = grid(["Source table", "File"], ["Size"], "Files", words=["Id", "Since (UTC)"])
    for record in records:
        table.add_row(
            name(record.file.source_table_name),
            name(record.file.name),
            record.file.file_id,
            minute(record.done_at),
            size(record.file.size),
        )
    return table


def _batches_table(batches: Sequence[RowBatch]) -> Table:
    table = grid(["Source table"], ["Files", "Rows"], "File batches with rows", words=["Id", "Since (UTC)"])
    for batch in batches:
        table.add_row(
            name(batch.newest.file.source_table_name),
            batch.batch_id,
            minute(batch.newest.done_at),
            number(len(batch.records)),
            number(batch.rows),
        )
    return table


def _reasons(batch: RowBatch) -> str:
    return "; ".join(f"{kind} ({count:,})" for kind, count in batch.reasons.items())


def _file_facts(record: FileRecord) -> dict[str, str]:
    return {
        "File": record.file.path,
        "Id": record.file.file_id,
        "Reason": record.reason or NOTHING,
        "Table": f"{record.file.source_table_name} -> {record.raw_table or NOTHING}",
        "Since": record.done_at or NOTHING,
        "Batch": record.batch_id or "none: it was set aside when it landed",
        "Run": record.run_id or NOTHING,
        "Holds": f"{record.file.dms_file_type.value}, {size(record.file.size)}, {number(record.rows)} rows",
    }


def _batch_facts(batch: RowBatch) -> dict[str, str]:
    newest = batch.newest
    return {
        "Batch": batch.batch_id,
        "Rows": number(batch.rows),
        "Reasons": _reasons(batch),
        "Table": f"{newest.file.source_table_name} -> {batch.raw_table}",
        "Since": newest.done_at or NOTHING,
        "Run": newest.run_id or NOTHING,
        "Files": "\n".join(record.file.path for record in batch.records),
    }


def _row(row: QuarantinedRow) -> Text:
    place = f"{row.file}, row {row.row}: "
    said = f"{row.operation or 'no operation'}, sequence {row.change_sequence or 'none'}, {row.data}"
    return Text.assemble((place, "bold"), f"{row.reason}\n  ", (said, "dim"))
