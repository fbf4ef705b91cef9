"""`odpf epoch`: which of two Regions plans and writes."""

from __future__ import annotations

import re
import sys
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from odpf.adapters.aws import Aws
from odpf.clock import utc_now
from odpf.epoch import Epoch
from odpf.errors import InvalidSettings
from odpf.settings import Settings
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, note
from odpf_cli.target import announce, refuse_forgotten_endpoint

app = typer.Typer(no_args_is_help=True, help="Which Region plans and writes; raised to fail over and to give back.")

_REGION = re.compile(r"^[a-z]{2}(-[a-z]+)+-\d{1,2}$")


@app.command()
def show(output: OutputOption = Output.TABLE) -> None:
    """Show the epoch as this Region knows it.

    Example:
        odpf epoch show
    """
    aws = Aws(Settings.from_environment(), component="operator")
    epoch = aws.ledger.epoch()
    emit(output, _document(epoch, aws), lambda: _told(epoch, aws))


@app.command("raise")
def raise_epoch(
    active_region: Annotated[
        str, typer.Option("--active-region", help="The Region that plans and writes from now on.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Give the work to a Region: the statement that no job run planned until now works any more.

    Example:
        odpf epoch raise --active-region eu-central-1
    """
    refuse_forgotten_endpoint()
    if not _REGION.match(active_region):
        raise InvalidSettings(f"--active-region {active_region!r} is no Region, such as eu-west-1.")
    aws = Aws(Settings.from_environment(), component="operator")
    who = announce(aws)
    seen = aws.ledger.epoch()
    if not yes and sys.stdin.isatty() and not _agreed(seen, active_region):
        note("Nothing was changed.")
        raise typer.Exit(ExitStatus.FAILED)
    raised = aws.ledger.raise_epoch(seen, active_region, who.arn, utc_now())
    emit(output, _document(raised, aws), lambda: _told(raised, aws))


def _agreed(seen: Epoch, active_region: str) -> bool:
    note(
        f"The epoch is {seen.number}, active Region {seen.active_region or 'not named yet'}. Raising it says that no job "
        "run planned until now works any more, in any Region (docs/regions.md)."
    )
    return typer.confirm(f"Begin epoch {seen.number + 1} in {active_region}?", err=True)


def _document(epoch: Epoch, aws: Aws) -> dict[str, Any]:
    return {
        "epoch": epoch.number,
        "active_region": epoch.active_region,
        "raised_at": epoch.raised_at,
        "raised_by": epoch.raised_by,
        "region": aws.region,
        "active": _active(epoch, aws),
    }


def _told(epoch: Epoch, aws: Aws) -> RenderableType:
    if not epoch.number:
        then = "this Region stands by until it is named" if not _active(epoch, aws) else "this is the only Region"
        return Text(f"The epoch was never raised: {then}.")
    here = "works" if _active(epoch, aws) else "stands by"
    return Text(
        f"Epoch {epoch.number}: {epoch.active_region} is active; {aws.region} {here}. "
        f"Raised {epoch.raised_at} by {epoch.raised_by}."
    )


def _active(epoch: Epoch, aws: Aws) -> bool:
    return epoch.active_in(aws.region, second=aws.settings.is_second_region)
