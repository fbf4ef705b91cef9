"""`odpf status`: where every table stands."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from odpf.adapters.aws import Aws
from odpf.clock import iso, utc_now
from odpf.settings import Settings
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
from odpf_cli.output import Output, OutputOption, emit
from odpf_cli.table_facts import read_facts, statuses
from odpf_cli.table_status import TableStatus

NO_TABLES = "No tables yet. Describe them in a file and add them: odpf config apply PATH (see examples/taxi)."


def status(output: OutputOption = Output.TABLE) -> None:
    """Show per table its state, what waits, how far it is, and its last error.

    Examples:
        odpf status

        odpf status --output json
    """
    aws = Aws(Settings.from_environment(), component="operator")
    now = utc_now()
    found = current(aws, now)
    emit(output, as_documents(found), lambda: render(found, now))


def current(aws: Aws, now: datetime) -> list[TableStatus]:
    """Read what the statuses are made of, and make them."""
    return statuses(read_facts(aws), aws, now)


def render(statuses: list[TableStatus], now: datetime) -> RenderableType:
    """A table per cadence, then what is wrong, then what to do."""
    if not statuses:
        return Text(NO_TABLES)
    parts: list[RenderableType] = []
    for _, group in groupby(statuses, key=lambda entry: (entry.refresh_cadence, _stranger(entry))):
        parts.append(_table(list(group), now))
    parts += [complaint(entry.source_table_name, entry.last_error) for entry in statuses if entry.last_error]
    parts += [Text(entry.pause.told(entry.source_table_name), "yellow") for entry in statuses if entry.pause]
    if any(_stranger(entry) for entry in statuses):
        parts.append(Text("Files of unconfigured tables wait until `odpf config apply` names their table.", "yellow"))
    if quarantined := sum(entry.quarantined_files for entry in statuses):
        parts.append(Text(f"{plural(quarantined, 'file')} in quarantine: odpf quarantine list", "yellow"))
    return Group(*parts)


def _table(entries: list[TableStatus], now: datetime) -> RenderableType:
    databases = {entry.raw_database_name for entry in entries}
    shared = databases.pop() if len(databases) == 1 else None
    table = grid(
        ["Source table", "Raw table"],
        ["Files waiting", "Lag", "Last change"],
        _title(entries, shared),
        words=["Status"],
    )
    for entry in entries:
        raw = entry.raw_table_name if shared else f"{entry.raw_database_name}.{entry.raw_table_name}"
        table.add_row(
            name(entry.source_table_name),
            name(raw if entry.raw_table_name else None),
            coloured(entry.word, NEVER_RUN),
            number(entry.pending_files) if entry.pending_files else NOTHING,
            duration(entry.freshness_lag_seconds) if entry.pending_files else NOTHING,
            f"{duration(seconds_between(entry.last_change_at, iso(now)))} ago" if entry.last_change_at else NOTHING,
        )
    return table


def _title(entries: list[TableStatus], database: str | None) -> str:
    count = plural(len(entries), "table")
    if _stranger(entries[0]):
        return f"Not configured: {count} with files"
    return f"{entries[0].refresh_cadence or 'No cadence'}: {count}{f' in {database}' if database else ''}"


def _stranger(entry: TableStatus) -> bool:
    return entry.state is ConfigurationState.UNCONFIGURED


def as_documents(statuses: list[TableStatus]) -> list[dict[str, Any]]:
    """The JSON form of the output contract."""
    return [entry.model_dump(mode="json") for entry in statuses]
