"""How values of a query look as JSON."""

from __future__ import annotations

import json

import pytest

from odpf.adapters.athena import QueryColumn, QueryResult
from odpf_cli.query_values import documents


def value(athena_type, text):
    (row,) = documents(QueryResult((QueryColumn("c", athena_type),), [(text,)]))
    return row["c"]


@pytest.mark.parametrize(
    ("athena_type", "text", "expected"),
    [
        ("bigint", "9223372036854775807", 9223372036854775807),
        ("integer", "-1", -1),
        ("tinyint", "7", 7),
        ("double", "1.0E10", 1e10),
        ("double", "0.1", 0.1),
        ("float", "NaN", "NaN"),
        ("double", "Infinity", "Infinity"),
        ("double", "-Infinity", "-Infinity"),
        ("decimal(38,2)", "12345678901234567890123456789012345.60", "12345678901234567890123456789012345.60"),
        ("decimal", "1.50", "1.50"),
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("varchar", "", ""),
        ("varchar", "null", "null"),
        ("varchar", None, None),
        ("bigint", None, None),
        ("date", "0001-01-01", "0001-01-01"),
        ("timestamp", "2026-01-31 10:15:30.123", "2026-01-31 10:15:30.123000"),
        ("timestamp(6)", "1899-12-31 23:59:59.000001", "1899-12-31 23:59:59.000001"),
        ("timestamp", "9999-12-31 23:59:59", "9999-12-31 23:59:59.000000"),
        ("timestamp", "2026-01-31 10:15:30.123456000", "2026-01-31 10:15:30.123456"),
        ("timestamp with time zone", "2026-01-31 10:15:30.500 UTC", "2026-01-31 10:15:30.500000"),
        ("timestamp with time zone", "2026-01-31 10:15:30.500 +02:00", "2026-01-31 08:15:30.500000"),
        ("timestamp(3) with time zone", "2026-07-31 10:15:30.500 Europe/Berlin", "2026-07-31 08:15:30.500000"),
        ("varbinary", "de AD be ef", "deadbeef"),
        ("varbinary", "", ""),
        ("array", "[1, 2]", "[1, 2]"),
    ],
)
def test_values_have_one_form(athena_type, text, expected):
    found = value(athena_type, text)
    assert found == expected
    assert type(found) is type(expected)


def test_negative_zero_keeps_its_sign():
    assert json.dumps(value("double", "-0.0")) == "-0.0"


def test_a_column_name_that_repeats_loses_no_value():
    columns = (QueryColumn("a", "integer"), QueryColumn("a", "integer"), QueryColumn("a_2", "integer"))
    assert documents(QueryResult(columns, [("1", "2", "3")])) == [{"a": 1, "a_2": 2, "a_2_2": 3}]


def test_an_answer_without_rows_is_an_empty_list():
    assert documents(QueryResult((QueryColumn("a", "integer"),), [])) == []
