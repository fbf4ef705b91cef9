"""Smallest and greatest value of a file's column by its footer, and whether they prove that another type holds all of it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

from file_processor.schema import precision_and_scale

_ONE_TEXT = ("int", "bigint", "boolean", "date")
"""Types whose text is the same letter for letter with both engines."""

_INTEGER_BITS = {"int": 31, "bigint": 63}
_PLAIN_INTEGER = re.compile(r"^(0|-?[1-9][0-9]{0,18})$")


class ValueRange(NamedTuple):
    """Of all rows; None twice for a column that holds nothing but nulls."""

    least: Any
    greatest: Any


def value_range(metadata: Any, name: str) -> ValueRange | None:
    """The range of a column over all row groups; None when the statistics of one do not tell.

    Args:
        metadata: a parquet file's (`pyarrow.parquet.FileMetaData`).
        name: of the column, as it stands in the file.
    """
    index = next((i for i in range(metadata.num_columns) if metadata.schema.column(i).path == name), None)
    if index is None:
        return None
    ranges = []
    for group in range(metadata.num_row_groups):
        found = _range_of_group(metadata.row_group(group).column(index))
        if found is None:
            return None
        ranges += [found] if found.least is not None else []
    if not ranges:
        return ValueRange(None, None)
    return ValueRange(min(each.least for each in ranges), max(each.greatest for each in ranges))


def all_fit(kind: str, table_type: str, values: ValueRange | None) -> bool:
    """Whether a cast from a file's type to the table's is known to keep every value, with either engine.

    Between numbers a range tells; of texts only that all are one and the same number, since 1x lies between 1 and 2;
    of floating point never whether a value is whole.
    """
    if table_type == "string":
        return kind in _ONE_TEXT
    if values is None or not _is_castable(kind, table_type):
        return False
    if values.least is None:
        return kind in (*_INTEGER_BITS, "string")
    numbers = [_number(kind, value) for value in values]
    if kind == "string" and values.least != values.greatest:
        return False
    return all(number is not None and _holds(table_type, number) for number in numbers)


def _range_of_group(column: Any) -> ValueRange | None:
    statistics = column.statistics
    if statistics is None:
        return ValueRange(None, None) if column.num_values == 0 else None
    if not statistics.has_min_max:
        only_nulls = statistics.has_null_count and statistics.null_count == column.num_values
        return ValueRange(None, None) if only_nulls else None
    try:
        return ValueRange(statistics.min, statistics.max)
    except pa.ArrowNotImplementedError:  # decimals stored as integers
        return None


def _is_castable(kind: str, table_type: str) -> bool:
    """Whether the type's scale fits: fractions are never cut off, and integers only become what holds all their digits."""
    into = precision_and_scale(table_type)
    if decimal := precision_and_scale(kind):
        return decimal[1] <= into[1] if into else table_type in _INTEGER_BITS and decimal[1] == 0
    return table_type in _INTEGER_BITS and kind in (*_INTEGER_BITS, "string")


def _number(kind: str, value: Any) -> int | Decimal | None:
    """A statistic as a number; None where a release of Arrow gives another kind of value."""
    if kind == "string":
        return int(value) if isinstance(value, str) and _PLAIN_INTEGER.match(value) else None
    if kind in _INTEGER_BITS:
        return value if isinstance(value, int) else None
    return value if isinstance(value, Decimal) else None


def _holds(table_type: str, number: int | Decimal) -> bool:
    if bits := _INTEGER_BITS.get(table_type):
        return -(1 << bits) <= number < (1 << bits)
    precision, scale = precision_and_scale(table_type) or (0, 0)
    limit = Decimal(10) ** (precision - scale)
    return -limit < number < limit
