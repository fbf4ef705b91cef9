"""`odpf resnapshot` and `odpf replay`: rebuild a raw table from its staged files, and see what differs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from config_manager.parse import parse_path
from config_manager.plan import ConfigPlan
from config_manager.prepare import prepare
from config_manager.publish import publish
from odpf.adapters.aws import Aws
from odpf.adapters.executions import Executions
from odpf.clock import utc_now
from odpf.errors import InvalidConfiguration, TerminalError
from odpf.manifest import report_key
from odpf.rebuild import MOST_EXAMPLES, Example, Rebuild, RebuildReport
from odpf.run_request import RunRequest
from odpf.settings import Settings
from odpf.states import RunStatus
from odpf.table_config import TableConfig, read_table_config
from odpf_cli.completion import TableOption
from odpf_cli.display import grid, number, plural
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, note
from odpf_cli.position import FORMS, position
from odpf_cli.rebuild_extent import extent
from odpf_cli.run import EXIT_STATUS, followed, new_run_id, render, source_of
from odpf_cli.table_names import configured_table
from odpf_cli.target import announce, refuse_forgotten_endpoint

_CompareOnly = Annotated[bool, typer.Option("--compare-only", help="Show what would differ; the table stays as it is.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def resnapshot(
    table: TableOption,
    with_: Annotated[
        Path | None,
        typer.Option(
            "--with",
            metavar="PATH",
            help="Configuration that the table is to have from then on: another key, partition, mode or table type.",
            show_default=False,
        ),
    ] = None,
    compare_only: _CompareOnly = False,
    yes: _Yes = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Rebuild a raw table from its staged full load and changes, while readers keep reading.

    Example:
        odpf resnapshot --table shop.orders --compare-only
    """
    _rebuild(table, "", with_, compare_only=compare_only, yes=yes, output=output)


def replay(
    table: TableOption,
    from_: Annotated[
        str, typer.Option("--from", metavar="POSITION", help=f"Where to begin: {FORMS}.", show_default=False)
    ],
    compare_only: _CompareOnly = False,
    yes: _Yes = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Apply again what came at or after a position, on top of the raw table as it was before.

    Example:
        odpf replay --table shop.orders --from 2026-01-31T10:15:00Z
    """
    _rebuild(table, from_, None, compare_only=compare_only, yes=yes, output=output)


def _rebuild(table: str, since: str, path: Path | None, *, compare_only: bool, yes: bool, output: Output) -> None:
    refuse_forgotten_endpoint()
    aws = Aws(Settings.from_environment(), component="operator")
    who = announce(aws)
    config = configured_table(table, aws.config)
    state = aws.ledger.state(config.raw_table)
    if state is None or not state.exists:
        raise TerminalError(f"{config.raw_table} has no commit yet, so there is nothing to rebuild.")
    publisher = Aws(aws.settings, component="publisher")
    plan = prepare(parse_path(path), publisher, rebuilt={config.raw_table}) if path else None
    asked = Rebuild(
        raw_table=config.raw_table,
        since=position(since, state.generation) if since else "",
        compare_only=compare_only,
        config=_configuration(plan, config) if plan else None,
    )
    wanted = read_table_config(asked.config) if asked.config else config
    note(extent(aws.tracker.history(config.source_table_name), wanted, state, asked.since).told)
    if not (yes or compare_only) and sys.stdin.isatty() and not _agreed(config.raw_table):
        note("Nothing was changed.")
        raise typer.Exit(ExitStatus.FAILED)
    report = _followed(aws, config.refresh_cadence, asked, output)
    if path and not compare_only:
        plan = prepare(
            parse_path(path), publisher, rebuilt={config.raw_table}
        )  # as it is by now: somebody may have paused it
        note(f"Deployed as {publish(plan, publisher, who=who.arn, now=utc_now())}.")
    emit(output, report.model_dump(mode="json"), lambda: _told(report))


def _configuration(plan: ConfigPlan, config: TableConfig) -> dict[str, Any]:
    """The table's item as a plan has it.

    Raises:
        InvalidConfiguration: the plan has problems, or leaves the table as it is, or moves it elsewhere.
    """
    if plan.problems:
        listed = "; ".join(f"{problem.path}: {problem.message}" for problem in plan.problems)
        raise InvalidConfiguration(f"The configuration has problems, so nothing was done: {listed}")
    item = next((each.item for each in plan.changed if each.name == config.source_table_name), None)
    if item is None:
        raise InvalidConfiguration(
            f"The configuration changes nothing of {config.source_table_name}; leave --with out."
        )
    named = read_table_config(item)
    if (named.raw_table, named.refresh_cadence) != (config.raw_table, config.refresh_cadence):
        raise InvalidConfiguration(
            f"A rebuild leaves {config.raw_table} its name and its cadence {config.refresh_cadence}; the configuration changes them."
        )
    return item


def _followed(aws: Aws, refresh_cadence: str, asked: Rebuild, output: Output) -> RebuildReport:
    """Run it to its end; one that failed is told as a run is, and ends the command."""
    run_id = new_run_id(refresh_cadence, utc_now())
    executions = Executions(aws.session, aws.settings.state_machine_name)
    executions.start(run_id, RunRequest(refresh_cadence=refresh_cadence, rebuild=asked))
    end = followed(run_id, source_of(aws, executions))
    report = _report(aws, run_id)
    if report is None or end.status is not RunStatus.SUCCEEDED:
        emit(output, end.printed(), lambda: render(end))
        raise typer.Exit(EXIT_STATUS[end.status] or ExitStatus.FAILED)
    return report


def _agreed(raw_table: str) -> bool:
    note(
        f"{raw_table} is built anew beside the one that people query, which stays where it is; when it is whole, they "
        "query the new one. Meanwhile refreshes of the table wait."
    )
    return typer.confirm(f"Rebuild {raw_table}?", err=True)


def _report(aws: Aws, run_id: str) -> RebuildReport | None:
    try:
        return RebuildReport.model_validate_json(aws.objects.get(aws.settings.artifacts_bucket, report_key(run_id)))
    except FileNotFoundError:
        return None


def _told(report: RebuildReport) -> RenderableType:
    found = report.differences
    read = f"{plural(report.files, 'file')}, {plural(report.rows_read, 'row')} read"
    behind = f" behind commit {report.began_behind}" if report.began_behind else ""
    lines: list[RenderableType] = [Text(f"Rebuilt {report.raw_table} from {read}{behind}.")]
    if found.none:
        lines.append(Text(f"Nothing differs: {plural(found.same, 'row')} before and after.", style="green"))
    else:
        lines += [_counts(report), _examples(report)]
    if report.compare_only:
        lines.append(Text("It was only compared; the table is as it was."))
    else:
        former = report.former_location
        lines.append(
            Text(
                f"The table is at {report.location} now. The former one stays until you remove it, when no query reads it any "
                f"more: aws s3 rm --recursive {former}/"
            )
        )
    return Group(*lines)


def _counts(report: RebuildReport) -> RenderableType:
    found = report.differences
    table = grid([], ["same", "changed", "only before", "only after"])
    table.add_row(*map(number, (found.same, found.changed, found.only_before, found.only_after)))
    return table


def _examples(report: RebuildReport) -> RenderableType:
    found = report.differences
    table = grid(["key", "before", "after"], [], f"Rows that differ, at most {MOST_EXAMPLES}")
    for each in found.examples:
        table.add_row(Text(each.key), *(Text(side, overflow="fold") for side in _sides(each)))
    return table


def _sides(example: Example) -> tuple[str, str]:
    before, after = (
        "no row" if side is None else ", ".join(f"{name}={_value(value)}" for name, value in side.items()) or "a row"
        for side in (example.before, example.after)
    )
    return before, after


def _value(value: Any) -> str:
    return "null" if value is None else str(value)
