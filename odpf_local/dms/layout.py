"""The columns of DMS files: `Op` first, the timestamp column, the table's columns, then what mapping rules add."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from odpf_local.dms.endpoint import EndpointSettings
from odpf_local.dms.mapping import Origin, TargetColumn, TargetTable
from odpf_local.dms.shape import Changes

OPERATION_COLUMN = "Op"
_WORDS = {"I": "INSERT", "U": "UPDATE", "D": "DELETE"}

Values: TypeAlias = pa.Array  # or a ChunkedArray
Columns: TypeAlias = list[tuple[str, Values]]


def full_load_columns(settings: EndpointSettings, table: TargetTable, rows: pa.Table, moment: datetime) -> pa.Table:
    """A full-load file: every row an insert, no sequence, no position, the moment as its time."""
    size = rows.num_rows
    stamps = pa.repeat(pa.scalar(moment, pa.timestamp("us", "UTC")), size)
    leading: Columns = []
    if settings.load_has_operation:
        leading.append((OPERATION_COLUMN, pa.repeat("I", size)))
    if settings.timestamp_column_name:
        leading.append((settings.timestamp_column_name, _text(stamps)))
    values: dict[Origin, Callable[[], Values]] = {
        Origin.CHANGE_SEQUENCE: lambda: pa.repeat("", size),
        Origin.STREAM_POSITION: lambda: pa.repeat("", size),
        Origin.OPERATION: lambda: pa.repeat(_WORDS["I"], size),
        Origin.COMMIT_TIMESTAMP: lambda: stamps,
        Origin.TIMESTAMP: lambda: stamps,
        Origin.USER: lambda: pa.repeat("", size),
    }
    return _file(leading, table, rows, None, values)


def changed_columns(settings: EndpointSettings, table: TargetTable, changes: Changes) -> pa.Table:
    """A change file."""
    leading: Columns = []
    if settings.changes_have_operation:
        leading.append((OPERATION_COLUMN, changes.operations))
    if settings.timestamp_column_name:
        leading.append((settings.timestamp_column_name, _text(changes.committed_at)))
    values: dict[Origin, Callable[[], Values]] = {
        Origin.CHANGE_SEQUENCE: lambda: changes.sequences,
        Origin.STREAM_POSITION: lambda: changes.positions,
        Origin.OPERATION: lambda: _words(changes.operations),
        Origin.COMMIT_TIMESTAMP: lambda: changes.committed_at,
        Origin.TIMESTAMP: lambda: changes.committed_at,
        # MySQL's log does not tell who made a change (AWS DMS user guide, column headers).
        Origin.USER: lambda: pa.nulls(len(changes.operations), pa.string()),
    }
    return _file(leading, table, changes.rows, changes.before, values)


def _file(
    leading: Columns,
    table: TargetTable,
    rows: pa.Table,
    before: pa.Table | None,
    headers: dict[Origin, Callable[[], Values]],
) -> pa.Table:
    def values(column: TargetColumn) -> Values:
        match column.origin:
            case Origin.COLUMN:
                return rows[column.argument]
            case Origin.BEFORE_IMAGE:
                return pa.nulls(rows.num_rows, column.type) if before is None else before[column.argument]
            case Origin.LITERAL:
                return pa.repeat(column.argument, rows.num_rows).cast(column.type)
            case header:
                return _typed(headers[header](), column.type)

    columns = leading + [(column.name, values(column)) for column in table.columns]
    return pa.table([_stored(array) for _, array in columns], names=[name for name, _ in columns])


def _typed(values: Values, wanted: pa.DataType) -> Values:
    if pa.types.is_timestamp(values.type):
        return values.cast(pa.timestamp("us")) if pa.types.is_timestamp(wanted) else _text(values)
    return values if pa.types.is_string(wanted) else values.cast(wanted)


def _stored(values: Values) -> Values:
    """As Parquet of DMS has it: timestamps as instants in UTC (the converted types of format 1.0), one kind of text."""
    kind = values.type
    if pa.types.is_timestamp(kind) and (kind.tz != "UTC" or kind.unit == "ns"):
        return values.cast(pa.timestamp("us"), safe=False).cast(pa.timestamp("us", "UTC"))
    if pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        return values.cast(pa.string())
    return values


def _words(operations: Values) -> Values:
    places = pc.index_in(operations, pa.array(list(_WORDS)))
    return pa.array(list(_WORDS.values())).take(places)


def _text(stamps: Values) -> Values:
    """`yyyy-MM-dd HH:mm:ss.SSSSSS` in UTC, the format of TimestampColumnName."""
    return stamps.cast(pa.timestamp("us")).cast(pa.string())
