"""`odpf unlock`: take a table away from a writer that hangs, or see that there is nothing to do."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from odpf.adapters.aws import Aws
from odpf.settings import Settings
from odpf.summarised import summarised
from odpf.table_state import TableState
from odpf_cli.completion import TableOption
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, note
from odpf_cli.table_names import configured_table
from odpf_cli.target import announce, refuse_forgotten_endpoint
from odpf_cli.unlocking import Holder, Unlocking


def unlock(
    table: TableOption,
    stop: Annotated[
        bool, typer.Option("--stop", help="Stop the job run that holds it, with all its other tables, without waiting.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Free a table whose writer hangs; one that works is left alone.

    Dead writers need no unlocking: the next run takes their tables over by itself. What a writer has committed is not
    lost, and nothing it still tries is recorded: the next run goes on from the table's own timeline.

    Example:
        odpf unlock --table shop.orders
    """
    refuse_forgotten_endpoint()
    aws = Aws(Settings.from_environment(), component="operator")
    announce(aws)
    config = configured_table(table, aws.config)
    is_over = summarised(aws.objects, aws.settings.artifacts_bucket)
    unlocking = Unlocking(aws.settings, aws.ledger, aws.job_runs, aws.region, is_over)
    holder = unlocking.holder(config.raw_table)
    if holder is None:
        emit(output, _document(config.raw_table, None, None), lambda: Text(f"Nobody holds {config.raw_table}."))
        return
    note(holder.told())
    if stop and not holder.has_ended and not yes and sys.stdin.isatty() and not _agreed(holder):
        note("Nothing was changed.")
        raise typer.Exit(ExitStatus.FAILED)
    if not holder.has_ended and not stop:
        note("Waiting for one lease whether it is alive ...")
    state = unlocking.free(holder, stop=stop)
    emit(output, _document(config.raw_table, holder, state), lambda: _told(state))


def _agreed(holder: Holder) -> bool:
    return typer.confirm(f"Stop {holder.owner}? Its other tables are left to the next run, too.", err=True)


def _document(raw_table: str, holder: Holder | None, state: TableState | None) -> dict[str, Any]:
    return {
        "raw_table": raw_table,
        "unlocked": state is not None,
        "owner": holder.state.lease_owner if holder else None,
        "run_id": holder.state.run_id if holder else None,
        "fence": state.fence if state else None,
    }


def _told(state: TableState) -> RenderableType:
    return Text(
        f"{state.raw_table} is free. What its former owner has committed is finished by the next run, which reads the "
        "table's own timeline first."
    )
