"""When each table of a run was worked on, as bars on one time line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from rich.bar import Bar
from rich.console import RenderableType
from rich.text import Text

from odpf.adapters.executions import Execution
from odpf.audit import AuditRow
from odpf.clock import iso
from odpf.states import Outcome
from odpf_cli.display import NOTHING, coloured, duration, grid, name

_LONGEST_NAME = 30
"""Leaves twenty columns of eighty for the bars."""
_COLOURS = {Outcome.COMPLETED: "green", Outcome.REFRESH_ERROR: "red", Outcome.SET_ASIDE: "red"}


class Stretch(NamedTuple):
    """A part of a run: `begin` and `end` are seconds since it was started."""

    what: str
    begin: float
    end: float
    outcome: Outcome | None = None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.begin


def stretches(execution: Execution, rows: Iterable[AuditRow], now: datetime) -> list[Stretch]:
    """What came before the first table, each table in the order in which they began, and what came after the last."""
    start = datetime.fromisoformat(execution.started_at)

    def since(moment: str) -> float:
        return max(0.0, (datetime.fromisoformat(moment) - start).total_seconds())

    tables = sorted(
        (Stretch(row.source_table_name, since(row.started_at), since(row.ended_at), row.outcome) for row in rows),
        key=lambda stretch: stretch.begin,
    )
    if not tables:
        return []
    end = since(execution.ended_at or iso(now))
    last = max(stretch.end for stretch in tables)
    before = Stretch("plan, start of the jobs", 0.0, tables[0].begin)
    after = [Stretch("end of the jobs, summary", last, end)] if execution.ended_at else []
    return [before, *tables, *after]


def timeline(execution: Execution, rows: Sequence[AuditRow], now: datetime) -> RenderableType:
    """A bar for each stretch, as wide as the terminal leaves room."""
    found = stretches(execution, rows, now)
    whole = max(stretch.end for stretch in found)
    table = grid(["Table"], ["Began after", "Took"], f"Time line: {duration(whole)}", words=["Outcome"])
    table.columns[0].max_width = _LONGEST_NAME
    table.add_column("", ratio=1)
    table.expand = True
    for stretch in found:
        table.add_row(
            name(stretch.what) if stretch.outcome else Text(stretch.what, style="dim", no_wrap=True),
            coloured(stretch.outcome, NOTHING),
            duration(stretch.begin),
            duration(stretch.seconds),
            Bar(whole or 1.0, stretch.begin, stretch.end, color=_colour(stretch)),
        )
    return table


def _colour(stretch: Stretch) -> str:
    return _COLOURS.get(stretch.outcome, "yellow") if stretch.outcome else "bright_black"
