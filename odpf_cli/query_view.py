"""How an answer looks on a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from odpf.adapters.athena import QueryResult
from odpf_cli.display import grid
from odpf_cli.query_values import is_number

_COLUMN_GAP = 2


def render(result: QueryResult, rows: list[dict[str, Any]], width: int, below: str) -> RenderableType:
    """A table where the answer is narrow enough, else one line per value."""
    shown = [{name: _shown(value) for name, value in row.items()} for row in rows]
    names = list(shown[0]) if shown else [column.name for column in result.columns]
    widths = [max([len(name), *(len(row[name]) for row in shown)]) for name in names]
    last = [Text(below, style="dim")] if below else []
    if sum(widths) + _COLUMN_GAP * len(names) > width and rows:
        return Group(*(_record(number, row) for number, row in enumerate(shown, 1)), *last)
    table = grid([], [])
    for name, column in zip(names, result.columns, strict=True):
        table.add_column(Text(name), justify="right" if is_number(column.type) else "left", overflow="fold")
    for row in shown:
        table.add_row(*(Text(value) for value in row.values()))
    return Group(table, *last)


def _record(number: int, row: dict[str, str]) -> Text:
    longest = max(map(len, row))
    lines = [f"{name.rjust(longest)}  {value}" for name, value in row.items()]
    return Text("\n".join([f"-- row {number} --", *lines, ""]))


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
