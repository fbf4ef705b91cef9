"""What the statistics of a footer prove."""

import io
from datetime import date, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from file_processor.value_range import ValueRange, all_fit, value_range


def found(values, kind, **options):
    """The range of a written column."""
    out = io.BytesIO()
    pq.write_table(pa.table({"V": pa.array(values, kind)}), out, **options)
    return value_range(pq.ParquetFile(io.BytesIO(out.getvalue())).metadata, "V")


def test_a_range_is_over_all_row_groups_and_passes_over_nulls():
    assert found([3, None, 1, None, None, None, 9, 4], pa.int64(), row_group_size=2) == ValueRange(1, 9)


def test_a_column_of_nulls_has_a_range_without_values():
    assert found([None, None], pa.int64()) == found([], pa.int64()) == ValueRange(None, None)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (pa.int64(), {"write_statistics": False}),
        (pa.decimal128(8, 2), {"store_decimal_as_integer": True}),
    ],
)
def test_a_column_whose_statistics_do_not_tell_has_none(kind, options):
    assert found([1, 2], kind, **options) is None


def test_a_column_that_is_not_there_has_none():
    out = io.BytesIO()
    pq.write_table(pa.table({"V": [1]}), out)
    assert value_range(pq.ParquetFile(io.BytesIO(out.getvalue())).metadata, "v") is None


@pytest.mark.parametrize("values", [[-(2**31), 2**31 - 1], [0], [None]])
def test_whole_numbers_within_the_bounds_fit(values):
    assert all_fit("bigint", "int", found(values, pa.int64()))


@pytest.mark.parametrize("values", [[2**31], [-(2**31) - 1], [1, 2**40]])
def test_whole_numbers_beyond_the_bounds_do_not(values):
    assert not all_fit("bigint", "int", found(values, pa.int64()))


@pytest.mark.parametrize(
    ("kind", "given", "values", "table_type", "fits"),
    [
        ("decimal(14,2)", pa.decimal128(14, 2), [Decimal("9999999999.99")], "decimal(12,2)", True),
        ("decimal(14,2)", pa.decimal128(14, 2), [Decimal("-10000000000.00")], "decimal(12,2)", False),
        ("decimal(14,1)", pa.decimal128(14, 1), [Decimal("1.5")], "decimal(12,2)", True),
        ("decimal(12,4)", pa.decimal128(12, 4), [Decimal("1.0000")], "decimal(12,2)", False),
        ("decimal(20,0)", pa.decimal128(20, 0), [Decimal(2**63 - 1)], "bigint", True),
        ("decimal(20,0)", pa.decimal128(20, 0), [Decimal(2**63)], "bigint", False),
        ("decimal(20,2)", pa.decimal128(20, 2), [Decimal("5.00")], "bigint", False),
        ("decimal(14,2)", pa.decimal128(14, 2), [None], "decimal(12,2)", False),
        ("bigint", pa.int64(), [1], "decimal(12,2)", False),  # Arrow asks 21 digits of it, whatever the values
        ("double", pa.float64(), [1.0], "bigint", False),
        ("string", pa.string(), ["5", "5", None], "int", True),
        ("string", pa.string(), ["-7"], "bigint", True),
        ("string", pa.string(), ["1", "2"], "int", False),  # 1x may lie between
        ("string", pa.string(), ["05"], "int", False),
        ("string", pa.string(), ["5000000000"], "int", False),
        ("string", pa.string(), [None], "int", True),
        ("string", pa.string(), ["1.5"], "double", False),
        ("string", pa.time64("us"), [time(1)], "int", False),
        ("bigint", pa.int64(), [1, 2], "string", True),
        ("date", pa.date32(), [date(1, 1, 1)], "string", True),
        ("double", pa.float64(), [1.0], "string", False),
        ("timestamp", pa.timestamp("us"), [0], "date", False),
    ],
)
def test_values_fit_where_it_is_proved(kind, given, values, table_type, fits):
    assert all_fit(kind, table_type, found(values, given)) is fits


def test_without_statistics_nothing_is_proved_but_that_a_number_has_a_text():
    assert not all_fit("bigint", "int", None)
    assert all_fit("bigint", "string", None)
