"""How the status of tables looks."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from odpf.clock import iso
from odpf.states import ConfigurationState
from odpf_cli.display import (
    NEVER_RUN,
    NOTHING,
    coloured,
    complaint,
    duration,
    grid,
    name,
    number,
    plural,
    seconds_between,
)
from odpf_cli.status_selection import Order, summed
from odpf_cli.table_status import TableStatus

NO_TABLES = "No tables yet. Describe them in a file and add them: odpf config apply PATH (see examples/taxi)."
NONE_SUCH = "No table is so. `odpf status` lists all."
HEADINGS = (["Source table", "Raw table"], ["Files waiting", "Lag", "Last change"])
_SUM_FROM = 2
"""A sum of fewer tables tells nothing."""


def render(statuses: list[TableStatus], now: datetime, order: Order = Order.NAME) -> RenderableType:
    """A table per cadence, or one where they are not ordered by it, then what is wrong, then what to do."""
    if not statuses:
        return Text(NO_TABLES)
    parts: list[RenderableType] = []
    if order is Order.NAME:
        for _, group in groupby(statuses, key=lambda entry: (entry.refresh_cadence, _stranger(entry))):
            parts.append(_of_cadence(list(group), now))
    else:
        parts.append(_table(statuses, now, f"{plural(len(statuses), 'table')} by {order}", None))
    parts += [complaint(entry.source_table_name, entry.last_error) for entry in statuses if entry.last_error]
    parts += [Text(entry.paused, "yellow") for entry in statuses if entry.paused]
    if any(_stranger(entry) for entry in statuses):
        parts.append(Text("Files of unconfigured tables wait until `odpf config apply` names their table.", "yellow"))
    if quarantined := sum(entry.quarantined_files for entry in statuses):
        parts.append(Text(f"{plural(quarantined, 'file')} in quarantine: odpf quarantine list", "yellow"))
    if len(statuses) >= _SUM_FROM:
        parts.append(sum_line(statuses))
    return Group(*parts)


def row_of(entry: TableStatus, now: datetime, *, shared: str | None = None) -> tuple[Text | str, ...]:
    """One table; `shared` is the database that stands above."""
    raw = entry.raw_table_name if shared else f"{entry.raw_database_name}.{entry.raw_table_name}"
    return (
        name(entry.source_table_name),
        name(raw if entry.raw_table_name else None),
        coloured(entry.word, NEVER_RUN),
        number(entry.pending_files) if entry.pending_files else NOTHING,
        duration(entry.freshness_lag_seconds) if entry.pending_files else NOTHING,
        f"{duration(seconds_between(entry.last_change_at, iso(now)))} ago" if entry.last_change_at else NOTHING,
    )


def sum_line(statuses: list[TableStatus]) -> Text:
    """How many tables there are of each word, and the greatest lag."""
    told = ", ".join(f"{count:,} {kind}" for kind, count in summed(statuses, NEVER_RUN).items())
    lagging = [entry for entry in statuses if entry.pending_files]
    worst = max(lagging, key=lambda entry: entry.freshness_lag_seconds, default=None)
    lag = f"; greatest lag {duration(worst.freshness_lag_seconds)}, {worst.source_table_name}" if worst else ""
    return Text(f"{plural(len(statuses), 'table')}: {told}{lag}", style="dim")


def _of_cadence(entries: list[TableStatus], now: datetime) -> RenderableType:
    databases = {entry.raw_database_name for entry in entries}
    shared = databases.pop() if len(databases) == 1 else None
    return _table(entries, now, _title(entries, shared), shared)


def _table(entries: list[TableStatus], now: datetime, title: str, shared: str | None) -> RenderableType:
    table = grid(*HEADINGS, title, words=["Status"])
    for entry in entries:
        table.add_row(*row_of(entry, now, shared=shared))
    return table


def _title(entries: list[TableStatus], database: str | None) -> str:
    count = plural(len(entries), "table")
    if _stranger(entries[0]):
        return f"Not configured: {count} with files"
    return f"{entries[0].refresh_cadence or 'No cadence'}: {count}{f' in {database}' if database else ''}"


def _stranger(entry: TableStatus) -> bool:
    return entry.state is ConfigurationState.UNCONFIGURED
