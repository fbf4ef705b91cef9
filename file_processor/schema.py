"""Column types of files and tables, and how the files of a batch fit one table schema. Pure; types are Spark's names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

Schema = tuple[tuple[str, str], ...]
"""(column name in lower case, Spark simple type), in order."""

_INTEGERS = ("int", "bigint")
_FLOATS = ("float", "double")
_INTEGER_DIGITS = {"int": 10, "bigint": 19}
_MOST_DIGITS = 38
_DECIMAL = re.compile(r"^decimal\((\d+),(\d+)\)$")


class Fit(NamedTuple):
    """How a file's schema meets the table's: the schema after it, or why it cannot be applied."""

    schema: Schema
    problem: str | None = None


def fit(table: Schema, file: Schema, *, table_has_rows: bool) -> Fit:
    """Take one more file into a schema: new columns are added, numbers may widen, nothing narrows.

    Args:
        table: the schema so far; empty before the first file.
        file: the file's data columns.
        table_has_rows: whether rows are stored already: then only int -> bigint and float -> double widen, since
            stored files are not rewritten for more (docs/hudi.md).
    """
    merged = dict(table)
    for column, file_type in file:
        table_type = merged.get(column)
        wide = file_type if table_type is None else common_type(table_type, file_type)
        if wide is None or (table_has_rows and table_type and not _widens_in_place(table_type, wide)):
            return Fit(
                table,
                f"Column {column} is {file_type} in this file and {table_type} in the table; values would be lost or "
                "change their meaning. Rebuild the table, or correct the column at the source.",
            )
        merged[column] = wide
    return Fit(tuple(merged.items()))


def common_type(one: str, other: str) -> str | None:
    """The narrowest type that holds both without loss; None when there is none."""
    if one == other:
        return one
    for family in (_INTEGERS, _FLOATS):
        if one in family and other in family:
            return family[max(family.index(one), family.index(other))]
    mine, theirs = _integer_and_fraction(one), _integer_and_fraction(other)
    if mine is None or theirs is None:
        return None
    integer, fraction = max(mine[0], theirs[0]), max(mine[1], theirs[1])
    return f"decimal({integer + fraction},{fraction})" if integer + fraction <= _MOST_DIGITS else None


def precision_and_scale(name: str) -> tuple[int, int] | None:
    """Those of a decimal's name; None for the name of another type."""
    match = _DECIMAL.match(name)
    return (int(match[1]), int(match[2])) if match else None


def _integer_and_fraction(name: str) -> tuple[int, int] | None:
    if name in _INTEGER_DIGITS:
        return _INTEGER_DIGITS[name], 0
    if decimal := precision_and_scale(name):
        precision, scale = decimal
        return precision - scale, scale
    return None


def _widens_in_place(table_type: str, wide: str) -> bool:
    return wide == table_type or (table_type, wide) in {("int", "bigint"), ("float", "double")}


def missing(schema: Schema, file: Mapping[str, str]) -> list[str]:
    """Columns of the table that a file does not have."""
    return [column for column, _ in schema if column not in file]
