"""`odpf status`: where every table stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.text import Text

from odpf.adapters.aws import Aws
from odpf.clock import utc_now
from odpf.settings import Settings
from odpf_cli.output import Output, OutputOption, emit, stdout
from odpf_cli.status_selection import Order, Selection
from odpf_cli.status_view import NONE_SUCH, render
from odpf_cli.status_watch import refuse_to_watch, watch
from odpf_cli.table_facts import read_facts, statuses
from odpf_cli.table_status import TableStatus


def status(
    match: Annotated[
        str | None,
        typer.Option(
            help="Only tables whose source or raw name matches: 'shop.*', or a part of it.", show_default=False
        ),
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only tables that need a person: failed, set aside, broken, unconfigured.")
    ] = False,
    lagging: Annotated[
        float | None, typer.Option(min=0, metavar="SECONDS", help="Only tables whose lag is at least so long.")
    ] = None,
    sort: Annotated[Order, typer.Option(help="What comes first.")] = Order.NAME,
    limit: Annotated[int | None, typer.Option(min=1, help="So many tables at most.", show_default=False)] = None,
    live: Annotated[bool, typer.Option("--watch", help="Look again and again, on a terminal, until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="How often --watch looks.")] = 5,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show per table its state, what waits, how far it is, and its last error.

    Examples:
        odpf status

        odpf status --failed

        odpf status --match 'shop.*' --sort lag --limit 20

        odpf status --watch
    """
    if live:
        refuse_to_watch(stdout, output)
    selection = Selection(match, failed, lagging, sort, limit)
    aws = Aws(Settings.from_environment(), component="operator")
    if live:
        watch(lambda now: current(aws, now), selection, every, stdout)
        return
    now = utc_now()
    every_one = current(aws, now)
    found = selection.of(every_one)
    none_such = every_one and not found
    emit(output, as_documents(found), lambda: Text(NONE_SUCH) if none_such else render(found, now, sort))


def current(aws: Aws, now: datetime) -> list[TableStatus]:
    """Read what the statuses are made of, and make them."""
    return statuses(read_facts(aws), aws, now)


def as_documents(statuses: list[TableStatus]) -> list[dict[str, Any]]:
    """The JSON form of the output contract."""
    return [entry.model_dump(mode="json") for entry in statuses]
