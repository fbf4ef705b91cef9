"""`odpf query`: the raw tables as analysts see them, through the Athena API."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from odpf.adapters.athena import AthenaQueries, QueryResult
from odpf.adapters.aws import Aws
from odpf.settings import Settings
from odpf_cli.display import grid, plural
from odpf_cli.moments import moment_of
from odpf_cli.output import Output, OutputOption, emit, stdout
from odpf_cli.query_values import documents, is_number

_COLUMN_GAP = 2


def query(
    sql: Annotated[str, typer.Argument(metavar="SQL", help="One statement in Athena's SQL.")],
    database: Annotated[str | None, typer.Option(help="Database of table names without one.")] = None,
    work_group: Annotated[str, typer.Option(help="Athena work group.")] = "primary",
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Read the tables as they were at this moment, such as 2026-01-31T10:15:00Z. Athena cannot; this program reads "
            "their files itself.",
            show_default=False,
        ),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Query the raw tables, as analysts do, through Athena.

    Examples:
        odpf query "SELECT count(*) FROM shop_raw.orders"

        odpf query --as-of 2026-01-31T10:15:00Z "SELECT count(*) FROM shop_raw.orders"
    """
    moment = moment_of("--as-of", as_of) if as_of else None
    aws = Aws(Settings.from_environment(), component="operator")
    if moment:
        from odpf_cli.as_of import query_as_of  # noqa: PLC0415  DuckDB and hudi-rs, which no other command needs

        result = query_as_of(aws, sql, database, moment)
    else:
        result = queries(aws, work_group).run(sql, database)
    rows = documents(result)
    emit(output, rows, lambda: render(result, rows, stdout.width))


def queries(aws: Aws, work_group: str = "primary") -> AthenaQueries:
    """Athena, writing its results beside the other artifacts."""
    return AthenaQueries(aws.session, f"s3://{aws.settings.artifacts_bucket}/athena/", work_group)


def render(result: QueryResult, rows: list[dict[str, Any]], width: int) -> RenderableType:
    """A table where the answer is narrow enough, else one line per value."""
    shown = [{name: _shown(value) for name, value in row.items()} for row in rows]
    names = list(shown[0]) if shown else [column.name for column in result.columns]
    widths = [max([len(name), *(len(row[name]) for row in shown)]) for name in names]
    below = Text(plural(len(rows), "row"), style="dim")
    if sum(widths) + _COLUMN_GAP * len(names) > width and rows:
        return Group(*(_record(number, row) for number, row in enumerate(shown, 1)), below)
    table = grid([], [])
    for name, column in zip(names, result.columns, strict=True):
        table.add_column(Text(name), justify="right" if is_number(column.type) else "left", overflow="fold")
    for row in shown:
        table.add_row(*(Text(value) for value in row.values()))
    return Group(table, below)


def _record(number: int, row: dict[str, str]) -> Text:
    longest = max(map(len, row))
    lines = [f"{name.rjust(longest)}  {value}" for name, value in row.items()]
    return Text("\n".join([f"-- row {number} --", *lines, ""]))


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
