"""From a plan to a deployment: what it says, the question, the writing, and what came of it. Applying and undoing share it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from config_manager.plan import ConfigPlan
from config_manager.problem import Problem
from config_manager.publish import publish
from odpf.adapters.aws import Aws
from odpf.clock import utc_now
from odpf.settings import Settings
from odpf_cli.display import plural
from odpf_cli.output import ExitStatus, Output, emit, note, stderr
from odpf_cli.plan_view import render_plan
from odpf_cli.progress import steps
from odpf_cli.target import announce, refuse_forgotten_endpoint

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
AllOption = Annotated[bool, typer.Option("--all", help="Show every item, not the first of each group.")]


def publisher() -> Aws:
    """The deployment that the environment names."""
    return Aws(Settings.from_environment(), component="publisher")


def confirm_and_publish(
    prepared: Callable[[Aws], ConfigPlan], *, yes: bool, output: Output, everything: bool = False, asks_aws: bool = True
) -> None:
    """Make the plan, ask a person on a terminal, write, and tell; ends the command with its exit status.

    Args:
        prepared: makes the plan.
        yes: do not ask.
        output: form of the result.
        everything: show all items of the plan.
        asks_aws: whether the plan needs AWS at all; files without entries do not.
    """
    refuse_forgotten_endpoint()
    aws = publisher()
    who = announce(aws).arn if asks_aws else ""
    plan = prepared(aws)
    writing = not plan.problems and not plan.nothing_to_do
    asked = writing and not yes and sys.stdin.isatty()
    declined = asked and not _agreed(plan, everything)
    deployment_id = None if plan.problems or declined else _published(plan, aws, who)
    document = {"deployment_id": deployment_id, **plan.printed()}
    emit(output, document, lambda: _outcome(plan, deployment_id, everything, asked=asked))
    exit_on(plan.problems)
    if declined:
        raise typer.Exit(ExitStatus.FAILED)


def _published(plan: ConfigPlan, aws: Aws, who: str) -> str | None:
    items = len(plan.names((*plan.added, *plan.changed), "table"))
    with steps("writing tables", items) as done:
        return publish(plan, aws, who=who, now=utc_now(), told=done)


def exit_on(problems: tuple[Problem, ...]) -> None:
    """End the command when there are problems."""
    if problems:
        note(f"[bold red]{plural(len(problems), 'problem')}; nothing was written.[/]")
        raise typer.Exit(ExitStatus.INVALID)


def _agreed(plan: ConfigPlan, everything: bool) -> bool:
    stderr.print(render_plan(plan, everything=everything))
    return typer.confirm("Apply this?", err=True)


def _outcome(plan: ConfigPlan, deployment_id: str | None, everything: bool, *, asked: bool) -> RenderableType:
    """The plan, unless it was shown with the question, and what came of it."""
    if plan.problems or plan.nothing_to_do:
        return render_plan(plan, everything=everything)
    end = (
        Text(f"Deployed as {deployment_id}.", "bold green") if deployment_id else Text("Nothing was written.", "yellow")
    )
    return end if asked else Group(render_plan(plan, everything=everything), end)
