"""`odpf reconcile`: lake against source, with what DMS and the ledger counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from odpf.adapters.aws import Aws
from odpf.adapters.catalog_reader import CatalogReader
from odpf.clock import iso, utc_now
from odpf.configured_table import ConfiguredTable, read_items
from odpf.errors import InvalidConfiguration, InvalidSettings
from odpf.settings import Settings
from odpf.states import Reconciled
from odpf.table_config import TableConfig
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, note
from odpf_cli.query import queries
from odpf_cli.reconcile_reports import Reports, new_id, tell
from odpf_cli.reconcile_view import export, render, render_list
from odpf_cli.table_names import is_active, named_table, raw_name, valid
from odpf_cli.table_selection import matches
from odpf_cli.target import announce, refuse_forgotten_endpoint
from reconciliation.report import Level, Reconciliation, TableReconciliation, Tolerance

_EXAMPLES = 5
_EXAMPLES_IN_JSON = 100
_WAIT_SECONDS = 120
_LISTED = 50


def reconcile(
    tables: Annotated[
        list[str] | None,
        typer.Argument(metavar="TABLE", help="Source or raw tables; by default all active ones.", show_default=False),
    ] = None,
    cadence: Annotated[str | None, typer.Option(help="The active tables of this cadence.", show_default=False)] = None,
    match: Annotated[
        str | None,
        typer.Option(metavar="PATTERN", help="Active tables with such a name: 'shop.*'.", show_default=False),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]URL",
            help="The source database, mysql://user@host:3306 or postgresql://user@host:5432/database, of a named staging place "
            "with its name; several are possible. By default ODPF_SOURCE_URL; a password may be in ODPF_SOURCE_PASSWORD. Without "
            "any only lake, ledger and DMS are compared.",
            show_default=False,
        ),
    ] = None,
    level: Annotated[
        Level,
        typer.Option(help="counts: rows alone; digests: by key, rows' digests; rows: also the values that differ."),
    ] = Level.ROWS,
    tolerance_rows: Annotated[int, typer.Option(min=0, help="So many rows of a table may differ.")] = 0,
    tolerance_percent: Annotated[
        float, typer.Option(min=0, max=100, help="So many percent of its rows may differ.")
    ] = 0.0,
    wait: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0,
            help="For how long a change may be on its way from the source to staging: a row that differs, has not changed for so long, "
            "and waits in no file, is drift.",
        ),
    ] = _WAIT_SECONDS,
    table_mappings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The table mappings of the DMS task, if they rename or leave out columns.",
            show_default=False,
        ),
    ] = None,
    dms_statistics: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What `aws dms describe-table-statistics` prints. By default the tasks in ODPF_DMS_TASK_ARNS are asked.",
            show_default=False,
        ),
    ] = None,
    export_to: Annotated[
        Path | None,
        typer.Option(
            "--export", metavar="FILE", help="Write every difference there: .csv or .json.", show_default=False
        ),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Instead: list the reports that are kept.")] = False,
    show: Annotated[
        str | None, typer.Option(metavar="REPORT", help="Instead: show a report that was kept.", show_default=False)
    ] = None,
    work_group: Annotated[str, typer.Option(help="Athena work group.")] = "primary",
    output: OutputOption = Output.TABLE,
) -> int:
    """Compare raw tables with their source, by counts, digests of key ranges, and rows.

    Examples:
        odpf reconcile shop.orders --source mysql://reader@db:3306

        odpf reconcile --cadence 10_min_refresh --level counts --tolerance-percent 0.1

        odpf reconcile --list
    """
    if not (listing or show):
        refuse_forgotten_endpoint()
    aws = Aws(Settings.from_environment(), component="reconciler")
    reports = Reports(aws.objects, aws.settings.artifacts_bucket)
    if listing:
        kept = list(reports.newest(_LISTED))
        emit(output, [each.printed(0) for each in kept], lambda: render_list(kept))
        return ExitStatus.DONE
    if show:
        report = reports.one(show)
    else:
        chosen = chosen_tables(aws.config.tables(), tables or [], cadence, match)
        tolerance = Tolerance(rows=tolerance_rows, percent=tolerance_percent)
        from odpf_cli.reconcile_table import Asked, reconciler  # noqa: PLC0415  SQLAlchemy, which no other command needs

        names = [table.source_table_name for table in chosen]
        asked = Asked(source or (), level, tolerance, wait, table_mappings, dms_statistics)
        work = reconciler(aws, queries(aws, work_group), CatalogReader(aws.session), asked, names)
        announce(aws)
        report = reconciled(work.table, chosen, level, tolerance)
        tell(report, reports.keep(report), aws.refresh_events)
    if export_to:
        note(f"{export(report, export_to)} differences written to {export_to}")
    emit(output, report.printed(_EXAMPLES_IN_JSON), lambda: render(report, _EXAMPLES))
    return status_of(report)


def chosen_tables(
    items: Sequence[Mapping[str, Any]], names: Sequence[str], cadence: str | None, pattern: str | None
) -> list[ConfiguredTable]:
    """The tables that are named, or active ones of a cadence, or whose source or raw names match; each once.

    Of those that are not named some may have a configuration that is not valid: they are told, not left out.

    Raises:
        InvalidSettings: tables are named and a cadence or a pattern is given as well.
        InvalidConfiguration: a name of no table, or of one that is not configured as it should be; or nothing is left.
    """
    if names and (cadence or pattern):
        raise InvalidSettings("Give tables, or --cadence and --match; not both.")
    known = read_items(items)
    if names:
        named = {found.source_table_name: found for found in (named_table(name, known) for name in names)}
        for found in named.values():
            valid(found)
        return list(named.values())
    chosen = [
        table
        for table in known
        if is_active(table)
        and cadence in (None, _item(table, "refresh_cadence"))
        and (pattern is None or matches(pattern, table.source_table_name, raw_name(table)))
    ]
    if not chosen:
        raise InvalidConfiguration("No active table is chosen. `odpf status` lists tables with their cadences.")
    return chosen


def reconciled(
    reconcile_one: Callable[[TableConfig], TableReconciliation],
    tables: Sequence[ConfiguredTable],
    level: Level,
    tolerance: Tolerance,
) -> Reconciliation:
    """Reconcile tables one after the other."""
    began = utc_now()
    found = []
    for number, table in enumerate(tables, 1):
        entry = reconcile_one(table.config) if table.config else _not_valid(table)
        note(f"[dim]{number}/{len(tables)} {escape(table.source_table_name)}: {entry.outcome}[/]")
        found.append(entry)
    return Reconciliation(
        reconciliation_id=new_id(began),
        started_at=iso(began),
        ended_at=iso(utc_now()),
        level=level,
        tolerance=tolerance,
        tables=tuple(found),
    )


def status_of(report: Reconciliation) -> ExitStatus:
    """Done when all tables agree or their differences are explained; failed when none could be compared."""
    outcomes = {table.outcome for table in report.tables}
    if outcomes <= {Reconciled.AGREES, Reconciled.EXPLAINED}:
        return ExitStatus.DONE
    return ExitStatus.FAILED if outcomes == {Reconciled.FAILED} else ExitStatus.SOME_TABLES_FAILED


def _not_valid(table: ConfiguredTable) -> TableReconciliation:
    return TableReconciliation(
        source_table_name=table.source_table_name,
        raw_database_name=_item(table, "raw_database_name"),
        raw_table_name=_item(table, "raw_table_name"),
        refresh_cadence=_item(table, "refresh_cadence"),
        outcome=Reconciled.FAILED,
        error=f"Its configuration is not valid: {table.problem}",
    )


def _item(table: ConfiguredTable, key: str) -> str:
    return str(table.item.get(key, "?"))
