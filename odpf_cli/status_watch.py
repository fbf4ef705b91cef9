"""`odpf status --watch`: the tables that matter most now, as many as the terminal has lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from odpf.clock import utc_now
from odpf.errors import InvalidSettings, TransientError
from odpf_cli.display import grid, plural
from odpf_cli.output import Output
from odpf_cli.status_selection import Order, Selection
from odpf_cli.status_view import HEADINGS, row_of, sum_line
from odpf_cli.table_status import TableStatus

_LINES_BESIDE = 7
"""Heading, sum, what could not be read, and the rules of the table."""

Look = Callable[[datetime], list[TableStatus]]


def refuse_to_watch(console: Console, output: Output) -> None:
    """Refuse where nobody looks.

    Raises:
        InvalidSettings: no terminal, or a document was asked for; with what to do instead.
    """
    if output is Output.JSON or not console.is_terminal:
        raise InvalidSettings(
            "--watch draws on a terminal. In a script ask again and again: odpf status --output json; a run is followed "
            "with: odpf run CADENCE --wait"
        )


def watch(
    look: Look, selection: Selection, every: float, console: Console, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Show what is asked for until Ctrl-C; what cannot be read for a moment is told below, and asked for again."""
    chosen = selection if selection.order is not Order.NAME else selection._replace(order=Order.TROUBLE)
    statuses: list[TableStatus] = []
    problem = ""
    with Live(console=console, screen=True, auto_refresh=False) as live:
        try:
            while True:
                now = utc_now()
                try:
                    statuses, problem = look(now), ""
                except TransientError as error:
                    problem = str(error)
                live.update(screenful(statuses, chosen, now, console.height, every, problem), refresh=True)
                sleep(every)
        except KeyboardInterrupt:
            return


def screenful(
    statuses: list[TableStatus], selection: Selection, now: datetime, height: int, every: float, problem: str = ""
) -> RenderableType:
    """One screen: no more rows than fit, and how many there are beside."""
    found = selection.of(statuses)
    shown = found[: max(1, height - _LINES_BESIDE)]
    table = grid(*HEADINGS, f"{now:%Y-%m-%d %H:%M:%S} UTC, every {every:g} s, Ctrl-C ends", words=["Status"])
    for entry in shown:
        table.add_row(*row_of(entry, now))
    parts: list[RenderableType] = [table, sum_line(statuses)]
    if more := len(found) - len(shown):
        parts.append(Text(f"{plural(more, 'table')} more than fit here: --match, --failed, --lagging", style="dim"))
    if problem:
        parts.append(Text(problem, style="red"))
    return Group(*parts)
