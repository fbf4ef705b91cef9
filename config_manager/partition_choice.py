"""Whether a raw table should have partitions: only large ones, by a column of few values that hardly ever change. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from config_manager.found_table import FoundColumn, FoundTable

LARGE_ROWS = 50_000_000
"""Rows from which partitions pay: below, they only make more and smaller files."""
FEWEST_VALUES, MOST_VALUES = 2, 1_000

_STAYS = re.compile(
    r"(^|_)(country|region|tenant|site|branch|store|shop|vendor|company|market|plant|warehouse|currency|year|created_(on|date)|"
    r"order_date|booking_date|trade_date|business_date)(_?(id|code|key|no))?$"
)
_CHANGES = re.compile(
    r"(^|_)(status|state|stage|phase|flag|is|has|active|enabled|deleted|updated|modified|changed|last|current)(_|$)"
)


class Advice(NamedTuple):
    """The column to partition by, None for none; why; and what to look out for."""

    column: str | None
    reason: str
    warning: str = ""


def advise(table: FoundTable, key: tuple[str, ...], *, large_rows: int = LARGE_ROWS) -> Advice:
    """Advise on a table's partition.

    Args:
        table: with the server's counts of values.
        key: source columns of the record key: what is in it changes least of all.
        large_rows: rows from which partitions pay.
    """
    if table.rows is None:
        return Advice(None, "none: nobody knows how many rows it has")
    if table.rows < large_rows:
        return Advice(None, f"none: below {large_rows:,} rows partitions only make more files")
    candidates = [column for column in table.columns if _divides(column)]
    staying = [column for column in candidates if column.name in key and not _looks_mutable(column)]
    staying += [column for column in candidates if _STAYS.search(column.name.lower()) and column not in staying]
    if staying:
        best = staying[0]
        why = "part of the key" if best.name in key else "its name says that it stays"
        return Advice(best.name, f"{best.name}: {best.distinct:,} values over {table.rows:,} rows, {why}")
    mutable = [column.name for column in candidates if _looks_mutable(column)]
    warning = (
        f"do not partition by {' or '.join(mutable)}: such values change, and every change moves the row"
        if mutable
        else ""
    )
    return Advice(None, "none: no column of few values is known to stay as it is", warning)


def _divides(column: FoundColumn) -> bool:
    few = column.distinct is not None and FEWEST_VALUES <= column.distinct <= MOST_VALUES
    return few and column.divides and not column.nullable


def _looks_mutable(column: FoundColumn) -> bool:
    return bool(_CHANGES.search(column.name.lower()))
