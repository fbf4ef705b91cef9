"""The types of raw tables in Arrow and in Avro, and values of landed files brought to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.readable_types import readable_column
from file_processor.schema import Schema, precision_and_scale

TIMESTAMP = pa.timestamp("us", tz="UTC")
"""In other units Spark's next upsert makes other moments of carried-over rows."""

_ARROW: dict[str, pa.DataType] = {
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": TIMESTAMP,
}
_AVRO: dict[str, Any] = {
    "int": "int",
    "bigint": "long",
    "float": "float",
    "double": "double",
    "boolean": "boolean",
    "string": "string",
    "binary": "bytes",
    "date": {"type": "int", "logicalType": "date"},
    "timestamp": {"type": "long", "logicalType": "timestamp-micros"},
}


def arrow_type(kind: str) -> pa.DataType:
    """The Arrow type of a table's type."""
    decimal = precision_and_scale(kind)
    return pa.decimal128(*decimal) if decimal else _ARROW[kind]


def positions(count: int) -> pa.Array:
    """0, 1, 2 and so on, without making Python's numbers."""
    return pc.subtract(pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int64()), count)), 1)


def laid_out(columns: Mapping[str, pa.Array | pa.ChunkedArray], rows: int, layout: pa.Schema) -> pa.Table:
    """Columns in a layout, cast to its types; what is not given is null, what it does not have is left out."""
    arrays = [
        pc.cast(columns[field.name], field.type) if field.name in columns else pa.nulls(rows, field.type)
        for field in layout
    ]
    return pa.table(arrays, schema=layout)


def avro_schema(table: str, columns: Schema) -> str:
    """The Avro schema that a commit carries, as Spark's writer makes it: nullable fields, decimals as fixed bytes.

    A column that is not in it is invisible to readers.
    """
    name = f"{table}_record"
    fields = [
        {"name": column, "type": ["null", _avro_type(kind, f"hoodie.{table}.{name}.{column}")], "default": None}
        for column, kind in columns
    ]
    record = {"type": "record", "name": name, "namespace": f"hoodie.{table}", "fields": fields}
    return json.dumps(record, separators=(",", ":"))


def to_table(column: pa.ChunkedArray, kind: str) -> pa.ChunkedArray:
    """Values of a landed file as the table holds them."""
    wanted = arrow_type(kind)
    if column.type == wanted:
        return column
    if pa.types.is_dictionary(column.type):
        return to_table(column.cast(column.type.value_type), kind)
    if pa.types.is_time(column.type):
        return pa.chunked_array([readable_column(chunk, wanted) for chunk in column.chunks], wanted)
    # Only nanoseconds lose anything, and every engine cuts them off alike.
    return pc.cast(column, wanted, safe=not pa.types.is_timestamp(column.type))


def _avro_type(kind: str, namespace: str) -> Any:
    decimal = precision_and_scale(kind)
    if decimal is None:
        return _AVRO[kind]
    precision, scale = decimal
    return {
        "type": "fixed",
        "name": "fixed",
        "namespace": namespace,
        "size": _bytes_for(precision),
        "logicalType": "decimal",
        "precision": precision,
        "scale": scale,
    }


def _bytes_for(precision: int) -> int:
    """The fewest bytes that hold every decimal of a precision."""
    largest: int = 10**precision - 1
    return largest.bit_length() // 8 + 1
