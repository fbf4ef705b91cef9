"""The text of keys and paths, as Hudi 0.15.0 and 1.0.2 wrote it for the same values."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from file_processor.columns import CHANGE_SEQUENCE, GENERATION
from file_processor.engines.arrow.keys import escaped, key_text, partition_paths, record_keys
from file_processor.engines.arrow.types import arrow_type
from odpf.errors import NeedsSpark

TEXTS = [
    ("int", -5, "-5"),
    ("bigint", -(2**63), "-9223372036854775808"),
    ("string", "a,b:c", "a,b:c"),
    ("string", "Ü🚕", "Ü🚕"),
    ("boolean", False, "false"),
    ("boolean", True, "true"),
    ("decimal(20,4)", Decimal("1.5"), "1.5000"),
    ("decimal(20,4)", Decimal("-0.0001"), "-0.0001"),
    ("decimal(20,4)", Decimal(0), "0.0000"),
    ("decimal(38,10)", Decimal(0), "0E-10"),
    ("decimal(38,10)", Decimal("1E-10"), "1E-10"),
    ("decimal(38,10)", Decimal("0.0000012345"), "0.0000012345"),
    ("decimal(38,0)", Decimal(10), "10"),
    ("date", date(1, 1, 1), "0001-01-01"),
    ("date", date(1582, 10, 10), "1582-10-10"),
    ("date", date(9999, 12, 31), "9999-12-31"),
    ("timestamp", datetime(2024, 1, 2, 3, 4, 5), "2024-01-02 03:04:05.0"),
    ("timestamp", datetime(2024, 1, 2, 3, 4, 5, 678000), "2024-01-02 03:04:05.678"),
    ("timestamp", datetime(2024, 1, 2, 3, 4, 5, 670000), "2024-01-02 03:04:05.67"),
    ("timestamp", datetime(2024, 1, 2, 3, 4, 5, 8000), "2024-01-02 03:04:05.008"),
    ("timestamp", datetime(1969, 12, 31, 23, 59, 59, 999000), "1969-12-31 23:59:59.999"),
    ("timestamp", datetime(1582, 10, 15), "1582-10-15 00:00:00.0"),
    ("timestamp", datetime(9999, 12, 31, 23, 59, 59), "9999-12-31 23:59:59.0"),
]
FOLDERS = [
    ("plain", "plain"),
    ("s t", "s t"),
    ("ü%=", "ü%25%3D"),
    ("a/b", "a%2Fb"),
    ("tab\there", "tab%09here"),
    ("2024-01-02 03:04:05.678", "2024-01-02 03%3A04%3A05.678"),
    ("", "__HIVE_DEFAULT_PARTITION__"),
    (".", "."),
    ("{[]}^?*\"'#\\\x7f", "%7B%5B%5D}%5E%3F%2A%22%27%23%5C%7F"),
]


def column(kind: str, *values) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, arrow_type(kind))])


@pytest.mark.parametrize(("kind", "value", "text"), TEXTS)
def test_a_single_key_is_the_text_of_its_value(kind, value, text):
    assert record_keys(pa.table({"id": column(kind, value)}), ["id"]).to_pylist() == [text]


@settings(deadline=None)
@given(
    scale=st.integers(0, 38),
    digits=st.lists(st.integers(-(10**38) + 1, 10**38 - 1) | st.integers(-99, 99), max_size=30),
)
def test_a_decimal_has_an_exponent_where_java_writes_one(scale, digits):
    """`str` of a decimal follows the rule of java.math.BigDecimal.toString."""
    values = [Decimal((number < 0, tuple(map(int, str(abs(number)))), -scale)) for number in digits]
    assert key_text(column(f"decimal(38,{scale})", *values)).to_pylist() == [str(value) for value in values]


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in TEXTS}))
def test_a_missing_value_has_no_text(kind):
    assert key_text(column(kind, None)).to_pylist() == [None]


def test_several_keys_are_named_and_joined():
    table = pa.table({"id1": column("int", 1, 2), "id2": column("string", "", None), "d": column("date", None, None)})
    assert record_keys(table, ["id1", "id2"]).to_pylist() == ["id1:1,id2:__empty__", "id1:2,id2:__null__"]
    assert record_keys(table, ["id2", "d"]).to_pylist() == ["id2:__empty__,d:__null__", "id2:__null__,d:__null__"]


def test_a_history_names_generation_and_sequence_even_where_a_load_has_none():
    sequences = ["", "20240101120000000000000000000000001"]
    table = pa.table(
        {
            "id": column("int", 1, 1),
            GENERATION: column("int", 1, 1),
            CHANGE_SEQUENCE: column("string", *sequences),
        }
    )
    assert record_keys(table, ["id", GENERATION, CHANGE_SEQUENCE]).to_pylist() == [
        "id:1,_odpf_generation:1,_odpf_change_sequence:__empty__",
        f"id:1,_odpf_generation:1,_odpf_change_sequence:{sequences[1]}",
    ]


@pytest.mark.parametrize(("value", "folder"), FOLDERS)
def test_a_partition_value_is_a_folder_by_hudis_own_list_of_letters(value, folder):
    assert escaped(value) == folder
    assert partition_paths(column("string", value), "part").to_pylist() == [f"part={folder}"]


@pytest.mark.parametrize(
    ("kind", "value", "folder"),
    [
        ("int", -1, "-1"),
        ("boolean", False, "false"),
        ("date", date(2024, 2, 29), "2024-02-29"),
        ("decimal(38,10)", Decimal(0), "0E-10"),
        ("timestamp", datetime(2024, 1, 2, 3, 4, 5, 678000), "2024-01-02 03%3A04%3A05.678"),
    ],
)
def test_partition_values_of_other_types_are_their_texts(kind, value, folder):
    null = "part=__HIVE_DEFAULT_PARTITION__"
    assert partition_paths(column(kind, value, None, value), "part").to_pylist() == [
        f"part={folder}",
        null,
        f"part={folder}",
    ]


def test_partition_values_in_several_chunks_are_one_column():
    chunks = pa.chunked_array([["a"], [], [None, "b"]], pa.string())
    assert partition_paths(chunks, "p").to_pylist() == ["p=a", "p=__HIVE_DEFAULT_PARTITION__", "p=b"]


def test_no_rows_have_no_paths():
    assert partition_paths(pa.chunked_array([], pa.string()), "p").to_pylist() == []
    assert record_keys(pa.table({"id": column("timestamp")}), ["id"]).to_pylist() == []


def test_a_moment_before_the_gregorian_calendar_is_left_to_java():
    with pytest.raises(NeedsSpark, match="1582"):
        key_text(column("timestamp", datetime(1582, 10, 14, 23, 59, 59)))
    with pytest.raises(NeedsSpark):
        partition_paths(column("timestamp", None, datetime(1, 1, 1)), "part")
