from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tests.engines.staged_table import delete, insert, parquet, update
from tests.engines.stories import MIXED, arms, story

ARMS = ("spark", *MIXED)

DAYS = [date(1, 1, 1), date(1582, 10, 4), date(1582, 10, 15), date(1890, 12, 31), date(1970, 1, 1), date(9999, 12, 31)]
TIMES = [
    datetime(1, 1, 1, 0, 0, 0, 1),
    datetime(1582, 10, 10, 12, 30),
    datetime(1890, 3, 3, 23, 59, 59, 999999),
    datetime(1969, 12, 31, 23, 59, 59, 999999),
    datetime(2024, 3, 31, 2, 30, 0, 123456),
    datetime(9999, 12, 31, 23, 59, 59, 999999),
]
RECENT = [datetime(1890, 3, 3, 1, 2, 3, 456000), datetime(2024, 2, 29, 23, 59, 59, 123000), datetime(2261, 1, 1)]
MILLISECONDS = [
    datetime(1, 1, 1, 0, 0, 0, 1000),
    datetime(1582, 10, 10),
    *RECENT,
    datetime(9999, 12, 31, 23, 59, 59, 999000),
]
CLOCK = [time(0), time(23, 59, 59, 999999), time(1, 2, 3, 4), time(12, 30)]
DOUBLES = [0.0, -0.0, 1.5, -1e308, 5e-324, float("nan"), float("inf"), float("-inf"), 1.7976931348623157e308]
FLOATS = [0.0, -0.0, 1.5, float("nan"), float("inf"), float("-inf"), 2.0**-149, -(2.0**127)]
TEXTS = [
    "",
    " ",
    "nul\x00byte",
    "emoji 😀👩‍👩‍👧",
    "line\r\nbreak\t",
    "é" * 300,
    "x" * 1_000_000,
    "null",
    "\\N",
    "\u202eright to left",
]
BYTES = [b"", b"\x00", b"\x00\xff\x00\xfe", bytes(range(256)), b"plain"]

PLAIN: dict[str, tuple[pa.DataType, list[Any]]] = {
    "int8": (pa.int8(), [-128, 127, 0]),
    "int16": (pa.int16(), [-(2**15), 2**15 - 1]),
    "int32": (pa.int32(), [-(2**31), 2**31 - 1]),
    "int64": (pa.int64(), [-(2**63), 2**63 - 1]),
    "uint8": (pa.uint8(), [0, 255]),
    "uint16": (pa.uint16(), [0, 2**16 - 1]),
    "uint32": (pa.uint32(), [0, 2**32 - 1]),
    "uint64": (pa.uint64(), [0, 2**64 - 1, 2**63]),
    "float32": (pa.float32(), FLOATS),
    "float64": (pa.float64(), DOUBLES),
    "decimal38": (pa.decimal128(38, 10), [Decimal("9" * 28 + "." + "9" * 10), Decimal("-0.0000000001"), Decimal(0)]),
    "decimal38whole": (pa.decimal128(38, 0), [Decimal("9" * 38), Decimal("-" + "9" * 38)]),
    "decimal5": (pa.decimal128(5, 2), [Decimal("999.99"), Decimal("-0.01"), Decimal("1.10")]),
    "decimal18": (pa.decimal128(18, 18), [Decimal("0." + "9" * 18), Decimal("-0." + "0" * 17 + "1")]),
    "text": (pa.string(), TEXTS),
    "day": (pa.date32(), DAYS),
    "micros": (pa.timestamp("us"), TIMES),
    "zoned": (pa.timestamp("us", "UTC"), [moment.replace(tzinfo=UTC) for moment in TIMES]),
    "millis": (pa.timestamp("ms"), MILLISECONDS),
    "flag": (pa.bool_(), [True, False]),
    "blob": (pa.binary(), BYTES),
    "fixed": (pa.binary(4), [b"\x00\x00\x00\x00", b"\xff\x00\xff\x00"]),
    "nothing": (pa.string(), []),
}
CONVERTED: dict[str, tuple[pa.DataType, list[Any]]] = {
    "clock_ms": (pa.time32("ms"), [time(0), time(23, 59, 59, 999000)]),
    "clock_us": (pa.time64("us"), CLOCK),
    "clock_ns": (pa.time64("ns"), CLOCK),
    "nanos": (pa.timestamp("ns"), [moment + timedelta(microseconds=1) for moment in RECENT]),
    "seconds": (pa.timestamp("s"), [datetime(1890, 1, 1), datetime(2024, 1, 1, 12)]),
    "half": (pa.float16(), [0.5, -2.0, float("inf")]),
    "micros": (pa.timestamp("us"), TIMES),
    "number": (pa.decimal128(38, 10), [Decimal("9" * 28 + "." + "9" * 10), Decimal("-0.0000000001")]),
    "unsigned": (pa.uint64(), [0, 2**64 - 1]),
    "text": (pa.string(), TEXTS),
    "blob": (pa.binary(), BYTES),
}
ARROW: dict[str, tuple[pa.DataType, list[Any]]] = {
    "large_text": (pa.large_string(), TEXTS),
    "large_blob": (pa.large_binary(), BYTES),
    "words": (pa.dictionary(pa.int32(), pa.string()), ["a", "b", "a"]),
    "numbers": (pa.dictionary(pa.int8(), pa.int64()), [1, 2**40, 1]),
    "date64": (pa.date64(), DAYS),
}

WAYS: tuple[dict[str, Any], ...] = (
    {"version": "1.0"},
    {"data_page_version": "2.0", "compression": "zstd"},
    {"compression": "gzip", "use_dictionary": False},
    {"compression": "none", "write_statistics": False, "row_group_size": 2},
    {"store_decimal_as_integer": True, "compression": "lz4"},
    {"column_encoding": "PLAIN", "use_dictionary": False},
)


def _rows(kinds: dict[str, tuple[pa.DataType, list[Any]]], first: int = 0) -> list[dict[str, Any]]:
    """So many rows that every value of every type stands in one; where a type has no more values, null."""
    longest = max(len(values) for _, values in kinds.values()) + 1
    return [
        {"id": first + n, **{name: values[n] if n < len(values) else None for name, (_, values) in kinds.items()}}
        for n in range(longest)
    ]


def _columns(kinds: dict[str, tuple[pa.DataType, list[Any]]]) -> dict[str, pa.DataType]:
    return {"id": pa.int64(), **{name: kind for name, (kind, _) in kinds.items()}}


@story
@pytest.mark.parametrize(
    ("kinds", "table_type"),
    [(PLAIN, "copy_on_write"), (PLAIN, "merge_on_read"), (CONVERTED, "copy_on_write")],
    ids=["plain", "merge_on_read", "converted"],
)
def test_every_value_of_every_type_survives_load_and_changes(told, kinds, table_type):
    """S20: by bulk insert, by upsert, and carried over when other rows of its file change."""
    table = told.table(columns=_columns(kinds), hudi_table_type=table_type)
    loaded = _rows(kinds)
    table.load(*loaded)
    yield
    table.check()
    inserted = _rows(kinds, first=100)
    table.changes(*(insert(n, **row) for n, row in enumerate(inserted)))
    yield
    table.check()
    swapped = [{**row, "id": other["id"]} for row, other in zip(loaded, loaded[::-1], strict=True)]
    table.changes(*(update(200 + n, **row) for n, row in enumerate(swapped)), delete(300, id=100))
    yield
    table.check()


@story
def test_types_that_only_arrow_tells_are_their_plain_types(told):
    """S20: large text, dictionaries, dates in milliseconds, as files with Arrow's schema have them."""
    table = told.table(columns=_columns(ARROW))
    table.load(*_rows(ARROW), store_schema=True)
    yield
    table.check()
    table.changes(*(insert(n, **row) for n, row in enumerate(_rows(ARROW, first=100))), store_schema=True)
    yield
    table.check()


@arms("spark")
@story
def test_timestamps_of_96_bits_are_read(told):
    """S20: as older writers make them."""
    kinds = {"micros": (pa.timestamp("us"), TIMES)}
    table = told.table(columns=_columns(kinds))
    table.load(*_rows(kinds), use_deprecated_int96_timestamps=True)
    yield
    table.check()
    table.changes(
        *(insert(n, **row) for n, row in enumerate(_rows(kinds, first=100))), use_deprecated_int96_timestamps=True
    )
    yield
    table.check()


@arms("spark")
@story
def test_timestamps_of_96_bits_that_would_change_are_refused(told):
    """S20: Arrow, which rewrites a TIME column, reads those before 1970 wrongly."""
    kinds = {"micros": (pa.timestamp("us"), TIMES), "clock": (pa.time64("us"), CLOCK)}
    table = told.table(columns=_columns(kinds))
    table.load(*_rows(kinds))
    yield
    table.check()
    changes = [insert(n, **row) for n, row in enumerate(_rows(kinds, first=100))]
    name = "20240101-130000000.parquet"
    table.put(name, parquet(table.arrow(changes), use_deprecated_int96_timestamps=True))
    yield
    assert table.quarantined_files().keys() == {name}
    assert "96-bit" in table.quarantined_files()[name]


@story
def test_the_way_a_parquet_file_is_written_means_nothing(told):
    """S20"""
    names = ("int64", "float64", "decimal5", "decimal18", "text", "day", "micros", "flag", "blob")
    kinds = {name: PLAIN[name] for name in names}
    table = told.table(columns=_columns(kinds))
    for number, options in enumerate(WAYS):
        table.load(*_rows(kinds, first=100 * number), name=f"LOAD{number:08X}.parquet", **options)
    yield
    table.check()
    for number, options in enumerate(WAYS):
        rows = _rows(kinds, first=100 * number + 5)
        table.changes(*(insert(n, **row) for n, row in enumerate(rows, 100 * number)), **options)
    yield
    table.check()


@story
def test_columns_that_hold_nothing_are_null(told):
    """S20: of a type of their own, and of Arrow's null type, alone and beside files that have values."""
    table = told.table()
    table.load({"id": 1, "v": None}, {"id": 2, "v": None})
    yield
    table.check()
    table.columns["v"] = pa.null()
    table.changes(update(1, id=1), insert(2, id=3))
    yield
    table.check()
    table.columns["v"] = pa.string()
    table.changes(update(3, id=1, v="something"))
    yield
    table.check()


@story
def test_a_column_that_is_null_from_the_first_file_on_comes_with_its_first_value(told):
    """S19, S20"""
    table = told.table()
    table.columns["v"] = pa.null()
    table.load({"id": 1})
    yield
    assert table.rows("id") == [{"id": 1}]
    table.columns["v"] = pa.string()
    table.changes(insert(1, id=2, v="something"))
    yield
    table.check()


@story
def test_change_files_without_rows_change_nothing(told):
    """S20: alone, and beside others."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    table.changes()
    yield
    table.check()
    assert table.counts() == {}
    table.changes()
    table.changes(update(1, id=1, v="changed"))
    table.changes()
    yield
    table.check()
    assert table.values() == {1: "changed"}


@story
def test_a_hundred_row_groups_keep_their_order(told):
    """S1, V2: rows with one sequence are told apart by where they stand."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    table.changes(*(update(1, id=n % 3, v=f"row {n}") for n in range(200)), row_group_size=1)
    yield
    table.check()
    assert table.values() == {0: "row 198", 1: "row 199", 2: "row 197"}


@arms("spark")
@story
def test_a_merge_on_read_table_is_right_through_many_commits_and_a_compaction(told):
    """S18: the answer is that of the replay, which knows no table types."""
    table = told.table(hudi_table_type="merge_on_read", hudi_partition_key="v")
    table.load(*({"id": n, "v": "abc"[n % 3]} for n in range(9)))
    yield
    for number in range(11):
        first = 10 * number
        table.changes(
            update(first, id=number % 9, v="abcd"[number % 4]),
            insert(first + 1, id=100 + number, v="a"),
            delete(first + 2, id=(number * 2) % 9),
        )
        yield
        table.check()
    assert len(table.lake.commits(table.location)) > 12  # the compaction is one more
