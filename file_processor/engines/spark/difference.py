"""Compare a row of a reload with the stored one (S9)."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from file_processor.difference import compared_columns
from file_processor.engines.engine import WritePlan


def comparable(column: Column, kind: str) -> Column:
    """Values that are compared: floating point numbers as Java's text, another for every number but NaN."""
    return column.cast("string") if kind in ("float", "double") else column


def equal_rows(plan: WritePlan, one: str, other: str) -> Column:
    """Whether two structs hold the same row: null is null, NaN is NaN, and 0.0 is not -0.0.

    Args:
        plan: the file batch.
        one: name of the column that holds a struct; a null struct is equal to nothing.
        other: of the other.
    """
    kinds = dict(plan.schema)

    def same(name: str) -> Column:
        mine, stored = (comparable(F.col(f"{struct}.`{name}`"), kinds[name]) for struct in (one, other))
        return mine.eqNullSafe(stored)

    both = F.col(one).isNotNull() & F.col(other).isNotNull()
    return reduce(lambda found, name: found & same(name), compared_columns(plan.config, plan.schema), both)
