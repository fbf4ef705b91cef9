"""Column types of files and tables, and which of them hold each other's values. Pure; types are Spark's names."""

from __future__ import annotations

import re

Schema = tuple[tuple[str, str], ...]
"""(column name in lower case, Spark simple type), in order."""

_INTEGERS = ("int", "bigint")
_FLOATS = ("float", "double")
_INTEGER_DIGITS = {"int": 10, "bigint": 19}
_EXACT_IN_DOUBLE = {"int", "double"}
_IN_PLACE = {("int", "bigint"), ("float", "double")}
_MOST_DIGITS = 38
_DECIMAL = re.compile(r"^decimal\((\d+),(\d+)\)$")


def common_type(one: str, other: str) -> str | None:
    """The narrowest type that holds both without loss; None when there is none."""
    if one == other:
        return one
    for family in (_INTEGERS, _FLOATS):
        if one in family and other in family:
            return family[max(family.index(one), family.index(other))]
    if {one, other} == _EXACT_IN_DOUBLE:
        return "double"
    mine, theirs = _integer_and_fraction(one), _integer_and_fraction(other)
    if mine is None or theirs is None:
        return None
    integer, fraction = max(mine[0], theirs[0]), max(mine[1], theirs[1])
    return f"decimal({integer + fraction},{fraction})" if integer + fraction <= _MOST_DIGITS else None


def widens_in_place(table_type: str, wide: str) -> bool:
    """Whether a column of stored rows becomes this type without a rebuild: stored files stay as they are (docs/hudi.md)."""
    return (table_type, wide) in _IN_PLACE


def has_text(kind: str) -> bool:
    """Whether every value of a type can be written as text; bytes cannot."""
    return kind != "binary"


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
