"""Rows of catalog queries by table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from config_manager.found_table import ChangeRate
from odpf_cli.display import duration

TableName = tuple[str, str]
"""Schema and table."""
_HOUR = 3600.0


def by_table(rows: Iterable[Sequence[Any]]) -> dict[TableName, list[Sequence[Any]]]:
    """Rows that begin with schema and table, by these two, without them."""
    grouped: dict[TableName, list[Sequence[Any]]] = {}
    for schema, table, *rest in rows:
        grouped.setdefault((schema, table), []).append(rest)
    return grouped


def rate(changes: int, seconds: float, *, at_most: bool = False) -> ChangeRate:
    """Changes counted over a time; within the first hour nothing is made of them.

    Args:
        changes: rows inserted, updated and deleted.
        seconds: since when they are counted.
        at_most: they may have been counted for longer.
    """
    if seconds < _HOUR:
        return ChangeRate(
            None, f"{changes:,} changes in the {duration(seconds)} that the server has counted, too short to tell"
        )
    per_hour = changes / max(seconds, 1) * _HOUR
    about = "at most " if at_most and changes else ""
    return ChangeRate(per_hour, f"{about}{per_hour:,.1f} changes an hour, counted for {duration(seconds)}")
