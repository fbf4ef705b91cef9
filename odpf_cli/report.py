"""`odpf report`: what a span of time has brought, as a page to keep or to send."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from odpf.adapters.aws import Aws
from odpf.audit import AuditRow
from odpf.clock import utc_now
from odpf.errors import TerminalError
from odpf.ports import AuditLog
from odpf.settings import Settings
from odpf_cli.display import complaint, duration, grid, name, number, plural
from odpf_cli.moments import span_of
from odpf_cli.output import Output, OutputOption, emit
from odpf_cli.progress import steps
from odpf_cli.report_facts import Report, report
from odpf_cli.report_page import as_page
from odpf_cli.status import current
from odpf_cli.status_view import sum_line

_LONGEST_RUN = timedelta(days=2)
"""Audit rows are found by the day on which their run began; Glue ends a job run after two days."""
_MOST_SHOWN = 20


def write_report(
    since: Annotated[str, typer.Option(help="How far back: 7d, 24h, 90m, or 2026-01-31T10:15:00Z.")] = "7d",
    into: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write one HTML page that needs nothing else.", show_default=False),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Tell of runs, lag, rows, failures and quarantine since a moment, on one page.

    Examples:
        odpf report --since 7d --into report.html

        odpf report --since 24h --output json
    """
    now = utc_now()
    began = span_of("--since", since, now)
    aws = Aws(Settings.from_environment(), component="operator")
    rows = list(_rows(aws.audit, began, now))
    found = report(aws.settings.deployment, (began, now), rows, aws.tracker.quarantined(), current(aws, now))
    if into is not None:
        try:
            into.write_text(as_page(found), encoding="utf-8")
        except OSError as error:
            raise TerminalError(f"{into} cannot be written: {error}. Give another --into.") from None
    emit(output, found.model_dump(mode="json"), lambda: _told(found, into))


def _rows(audit: AuditLog, since: datetime, until: datetime) -> Iterator[AuditRow]:
    first = (since - _LONGEST_RUN).date()
    days = [first + timedelta(days=number) for number in range((until.date() - first).days + 1)]
    with steps("reading the audit", len(days)) as done:
        for day in days:
            yield from audit.of_day(day.isoformat())
            done(1)


def _told(found: Report, into: Path | None) -> RenderableType:
    parts: list[RenderableType] = []
    cadences = grid(["Cadence"], ["Runs", "Tables failed", "Rows read", "Longest", "Behind (median)"])
    for cadence in sorted({run.refresh_cadence for run in found.runs}):
        runs = [run for run in found.runs if run.refresh_cadence == cadence]
        behind = sorted(run.delay_seconds for run in runs if run.delay_seconds is not None)
        cadences.add_row(
            name(cadence),
            number(len(runs)),
            number(sum(run.tables_failed for run in runs)),
            number(sum(run.rows_read for run in runs)),
            duration(max(run.seconds for run in runs)),
            duration(behind[len(behind) // 2] if behind else None),
        )
    parts.append(cadences if found.runs else Text("No run had work in this time."))
    parts += [
        complaint(f"{each.at[:16]} {each.source_table_name}", each.error or str(each.outcome))
        for each in found.failures[:_MOST_SHOWN]
    ]
    if more := len(found.failures) - _MOST_SHOWN:
        parts += [Text(f"and {plural(more, 'failure')} more, on the page: --into FILE.html")] if more > 0 else []
    parts.append(sum_line(list(found.status)))
    if into:
        parts.append(Text(f"Written to {into}.", "green"))
    return Group(*parts)
