"""Between the contracts' models and DynamoDB items: plain attributes that a person can read in the console."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from pydantic import BaseModel

from odpf.audit import AuditRow
from odpf.clock import iso
from odpf.counts import Counts
from odpf.epoch import Epoch
from odpf.errors import TerminalError
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.states import FileState
from odpf.table_state import TableState

Item = dict[str, Any]
"""An item as plain Python values: text, numbers, booleans, lists and maps."""

RECORD_VERSION = 1
MOST_CHARACTERS = 4000
"""Of a reason or an error: 49 history items, whatever went wrong, stay far below the 4 MB of a transaction."""

PROGRESS = tuple(
    sorted(
        set(TableState.model_fields)
        - {"raw_table", "source_table_name", "refresh_status", "lease_owner", "fence", "intent", "last_error"}
        - {"lease_epoch", "lease_region"}
        - {"attempts", "pace", "run_id", "updated_at"}
    )
)
"""What `Ledger.advance` takes over from the state that was reached: everything but lease, intent, status and what the way back says."""

_VERSION = "record_version"
_SERIALIZER = TypeSerializer()
_DESERIALIZER = TypeDeserializer()


def encode(item: Mapping[str, Any]) -> dict[str, Any]:
    """Turn plain values into DynamoDB's typed ones; attributes without a value are left out."""
    return {name: _SERIALIZER.serialize(_storable(value)) for name, value in item.items() if value is not None}


def decode(item: Mapping[str, Any]) -> Item:
    """Turn DynamoDB's typed values into plain ones; whole numbers become int."""
    return {name: _plain(_DESERIALIZER.deserialize(value)) for name, value in item.items()}


def shortened(text: str | None) -> str | None:
    """Cut a text that would make an item too big."""
    if text is None or len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[: MOST_CHARACTERS - 2]} …"


def versioned(item: Mapping[str, Any]) -> Item:
    """Add the version of the stored form."""
    return {**item, _VERSION: RECORD_VERSION}


def unversioned(item: Mapping[str, Any]) -> Item:
    """Drop the version; items of configuration may come without one.

    Raises:
        TerminalError: a newer release wrote the item.
    """
    plain = dict(item)
    version = plain.pop(_VERSION, RECORD_VERSION)
    if version != RECORD_VERSION:
        raise TerminalError(
            f"A stored item has {_VERSION} {version}, this release reads {RECORD_VERSION}: {_key_text(plain)}. "
            "Deploy all components from the newer release."
        )
    return plain


def pending_item(file: LandedFile, landed_at: datetime) -> Item:
    """The item of `odpf_file_tracker`."""
    return versioned(
        {**_file_attributes(file), "file_ingestion_status": FileState.LANDED.value, "landed_at": iso(landed_at)}
    )


def landed_file(item: Mapping[str, Any]) -> LandedFile:
    """The file of an item of either file table."""
    return LandedFile.model_validate(_fields(LandedFile, unversioned(item)))


def history_item(record: FileRecord) -> Item:
    """The item of `odpf_file_tracker_history`."""
    values = record.model_dump(mode="json", exclude={"file", "state", "reason", "raw_table"}, exclude_none=True)
    return versioned(
        {
            **_file_attributes(record.file),
            **values,
            "file_ingestion_status": record.state.value,
            "reason": shortened(record.reason),
            "raw_table_name": record.raw_table,
            "quarantined_of": record.file.source_table_name if record.state is FileState.QUARANTINED else None,
        }
    )


def file_record(item: Mapping[str, Any]) -> FileRecord:
    """What history says of a file."""
    plain = unversioned(item)
    values = _fields(FileRecord, plain)
    return FileRecord.model_validate(
        {
            **values,
            "file": landed_file(plain),
            "state": plain["file_ingestion_status"],
            "raw_table": plain.get("raw_table_name"),
        }
    )


def state_attributes(state: TableState) -> Item:
    """The attributes of a table's state beside its key."""
    values = state.model_dump(mode="json", exclude={"raw_table"})
    return {**values, "last_error": shortened(state.last_error), "identity": state.identity or None}


def table_state(item: Mapping[str, Any]) -> TableState:
    """The state of an item of `odpf_file_processing_tracker`."""
    plain = unversioned(item)
    return TableState.model_validate({**_fields(TableState, plain), "raw_table": plain["raw_table_name"]})


def epoch_of(item: Mapping[str, Any]) -> Epoch:
    """The epoch of its item."""
    plain = unversioned(item)
    return Epoch.model_validate({**_fields(Epoch, plain), "number": plain["epoch"]})


def epoch_attributes(epoch: Epoch) -> Item:
    """The attributes of the epoch's item beside its key."""
    return versioned({**epoch.model_dump(exclude={"number"}), "epoch": epoch.number})


def audit_item(row: AuditRow) -> Item:
    """The item of `odpf_file_processing_tracker_history`; the counts are attributes of their own.

    It has two copies in indexes, so a kilobyte more is three write units more: what every release takes for granted is left out.
    """
    values = row.model_dump(mode="json", exclude={"counts", "raw_table"}, exclude_defaults=True)
    return versioned(
        {
            **values,
            **row.counts.model_dump(),
            **({"error": shortened(row.error)} if row.error else {}),
            "raw_table_name": row.raw_table,
            "run_sort": row.run_sort,
            "run_day": row.run_started_at[: len("YYYY-MM-DD")],
        }
    )


def audit_row(item: Mapping[str, Any]) -> AuditRow:
    """The row of an item; its key has `<database>.<table>` where the row has the bare table name."""
    plain = unversioned(item)
    raw_table = plain["raw_table_name"]
    return AuditRow.model_validate(
        {
            **_fields(AuditRow, plain),
            "counts": _fields(Counts, plain),
            "raw_table": raw_table,
            "raw_table_name": raw_table.removeprefix(f"{plain['raw_database_name']}."),
        }
    )


def _file_attributes(file: LandedFile) -> Item:
    values = file.model_dump(mode="json", exclude={"last_modified", "problem"})
    problem = shortened(file.problem)
    return {**values, "path": file.path, "last_modified": iso(file.last_modified), "problem": problem}


def _fields(model: type[BaseModel], item: Mapping[str, Any]) -> Item:
    """The attributes that are fields of a model; others may stand beside them."""
    return {name: item[name] for name in model.model_fields if name in item}


def _storable(value: Any) -> Any:
    match value:
        case float():
            return Decimal(str(value))
        case Mapping():
            return {str(name): _storable(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_storable(inner) for inner in value]
        case _:
            return value


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case set():
            return sorted(_plain(inner) for inner in value)
        case _:
            return value


def _key_text(item: Item) -> str:
    return ", ".join(f"{name}={item[name]}" for name in item if name.endswith(("_name", "_id", "_sort")))
