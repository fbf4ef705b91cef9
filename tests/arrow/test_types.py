"""Types in Arrow and in the Avro schema of a commit, as Spark's writer makes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from file_processor.engines.arrow.types import arrow_type, avro_schema, to_table

AVRO = {
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
BYTES = {(1, 0): 1, (4, 2): 2, (8, 2): 4, (9, 0): 4, (10, 0): 5, (18, 4): 8, (19, 0): 9, (20, 4): 9, (38, 10): 16}
"""(precision, scale): size of the fixed type, as Spark's writer made it."""


def field_type(kind: str):
    (field,) = json.loads(avro_schema("orders", (("c", kind),)))["fields"]
    assert field["name"] == "c"
    assert field["default"] is None
    assert field["type"][0] == "null"
    return field["type"][1]


@pytest.mark.parametrize("kind", AVRO)
def test_every_type_is_nullable_and_of_its_avro_type(kind):
    assert field_type(kind) == AVRO[kind]


@pytest.mark.parametrize(("precision", "scale"), BYTES)
def test_a_decimal_is_fixed_bytes_of_the_least_size(precision, scale):
    assert field_type(f"decimal({precision},{scale})") == {
        "type": "fixed",
        "name": "fixed",
        "namespace": "hoodie.orders.orders_record.c",
        "size": BYTES[precision, scale],
        "logicalType": "decimal",
        "precision": precision,
        "scale": scale,
    }


def test_the_record_is_named_after_the_table_and_has_the_columns_in_order():
    schema = json.loads(avro_schema("orders", (("b", "int"), ("a", "string"))))
    assert {name: schema[name] for name in ("type", "name", "namespace")} == {
        "type": "record",
        "name": "orders_record",
        "namespace": "hoodie.orders",
    }
    assert [field["name"] for field in schema["fields"]] == ["b", "a"]


def test_times_are_microseconds_in_utc_whatever_the_file_has():
    moment = datetime(1, 1, 1, 0, 0, 0, 1000)
    for unit in ("ms", "us"):
        column = to_table(pa.chunked_array([pa.array([moment, None], pa.timestamp(unit))]), "timestamp")
        assert column.type == pa.timestamp("us", tz="UTC")
        assert column.to_pylist() == [moment.replace(tzinfo=UTC), None]


@pytest.mark.parametrize(
    ("given", "kind", "values"),
    [
        (pa.int8(), "int", [1, None]),
        (pa.int32(), "bigint", [-(2**31), None]),
        (pa.float32(), "double", [1.5, None]),
        (pa.decimal128(8, 2), "decimal(20,4)", [Decimal("1.50"), None]),
        (pa.int64(), "decimal(38,0)", [2**63 - 1, None]),
        (pa.dictionary(pa.int32(), pa.string()), "string", ["a", None]),
    ],
)
def test_a_narrower_type_of_a_file_becomes_the_tables(given, kind, values):
    column = to_table(pa.chunked_array([pa.array(values, given)]), kind)
    assert column.type == arrow_type(kind)
    assert column.to_pylist() == values


def test_a_value_that_does_not_fit_is_no_other_value():
    with pytest.raises(pa.ArrowInvalid):
        to_table(pa.chunked_array([pa.array([2**31], pa.int64())]), "int")
