"""`odpf config history` and `odpf config rollback`: deployments of configuration, and undoing one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from config_manager.deployment import Deployment, history, named
from config_manager.recorded_change import RecordedChange
from config_manager.rollback import plan_rollback
from odpf_cli.config_publish import AllOption, YesOption, confirm_and_publish, publisher
from odpf_cli.display import coloured, grid, minute, name, number
from odpf_cli.output import Output, OutputOption, emit
from odpf_cli.plan_view import SHOWN

_ABSENT = "(absent)"

DeploymentArgument = Annotated[
    str, typer.Argument(metavar="ID", help="Of a deployment, as `odpf config history` lists it.", show_default=False)
]


def show_history(
    deployment_id: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="Show what this deployment changed.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many deployments.")] = 20,
    everything: AllOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show deployments of configuration, newest first: who, when, from where, what; with ID every change of one.

    Examples:
        odpf config history

        odpf config history 20261126T174312.123456Z-4fb1a2c3
    """
    config = publisher().config
    deployments = history(config.deployments())
    if deployment_id is None:
        shown = deployments[:limit]
        emit(output, [each.model_dump(mode="json") for each in shown], lambda: _table(shown, len(deployments)))
        return
    found = named(deployment_id, deployments)
    changes = found.changes(config)
    listed = None if changes is None else [change.model_dump(mode="json") for change in changes]
    emit(
        output,
        {**found.model_dump(mode="json"), "changes": listed},
        lambda: _one(found, changes, None if everything else SHOWN),
    )


def rollback(
    deployment_id: DeploymentArgument,
    as_of: Annotated[
        bool,
        typer.Option("--as-of", help="Put everything back as it was when ID had ended: undo all that came after it."),
    ] = False,
    everything: AllOption = False,
    yes: YesOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Undo a deployment: put what it changed back as it was before. Shows the plan, asks, and is a deployment itself.

    Examples:
        odpf config rollback 20261126T174312.123456Z-4fb1a2c3

        odpf config rollback 20261126T174312.123456Z-4fb1a2c3 --as-of
    """
    confirm_and_publish(
        lambda aws: plan_rollback(deployment_id, aws, as_of=as_of), yes=yes, output=output, everything=everything
    )


def _table(deployments: Sequence[Deployment], total: int) -> RenderableType:
    table = grid(["Deployment", "By", "From"], ["Tables +", "~", "-", "Cadences"], words=["UTC", "Status"])
    for each in deployments:
        cadences = len(each.cadences_added) + len(each.cadences_changed) + len(each.cadences_removed)
        counts = (len(each.tables_added), len(each.tables_changed), len(each.tables_removed), cadences)
        table.add_row(
            Text(each.deployment_id, no_wrap=True, overflow="fold"),
            name(each.deployed_by.rpartition(":")[2]),
            name(each.source),
            minute(each.deployed_at),
            coloured(each.status),
            *(f"{number(count)}{'*' if each.left_out and count else ''}" for count in counts),
        )
    notes = [Text(line, style="dim") for line in _notes(deployments, total)]
    return Group(table, *notes)


def _notes(deployments: Sequence[Deployment], total: int) -> Iterator[str]:
    for each in deployments:
        if each.undone_by is not None:
            yield f"{each.deployment_id} was undone by {each.undone_by or 'a rollback with nothing to write'}"
        if each.finished_by is not None:
            yield f"{each.deployment_id} died and was finished by {each.finished_by or 'applying again, with nothing left'}"
    if any(each.left_out for each in deployments):
        yield "* and more: `odpf config history ID` has all of them"
    if total > len(deployments):
        yield f"{len(deployments)} of {total:,} deployments; --limit shows more"


def _one(found: Deployment, changes: tuple[RecordedChange, ...] | None, most: int | None) -> RenderableType:
    head = Text.assemble(
        (found.deployment_id, "bold"),
        f" {found.deployed_at} by {found.deployed_by} from {found.source}: ",
        coloured(found.status),
    )
    problems = [Text(problem, style="red") for problem in found.problems]
    if changes is None:
        return Group(head, *problems, Text("Its record has names alone; --output json shows them.", style="dim"))
    lines = [line for change in changes[:most] for line in _change(change)]
    if len(changes) > len(changes[:most]):
        lines.append(Text(f"... and {len(changes) - len(changes[:most]):,} more (--all shows them)", style="dim"))
    return Group(head, *problems, *lines)


def _change(change: RecordedChange) -> Iterator[Text]:
    sign, style = ("+", "green") if change.before is None else ("-", "red") if change.after is None else ("~", "yellow")
    of = f" of cadence {change.refresh_cadence}" if change.refresh_cadence else ""
    yield Text(f"{sign} {change.kind} {change.name}{of}", style=style)
    before, after = _attributes(change.before), _attributes(change.after)
    if sign == "~":
        for key in dict.fromkeys((*after, *before)):
            if before.get(key) != after.get(key):
                yield Text(f"    {key}: {before.get(key, _ABSENT)} -> {after.get(key, _ABSENT)}")


def _attributes(value: Mapping[str, Any] | str | None) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {"expression": value} if value else {}
