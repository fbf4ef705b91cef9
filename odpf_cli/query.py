"""`odpf query`: the raw tables as analysts see them, through the Athena API; one statement, a file, or a prompt."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from odpf.adapters.athena import AthenaQueries, QueryProgress, QueryResult
from odpf.adapters.aws import Aws
from odpf.adapters.catalog_reader import CatalogReader
from odpf.errors import InvalidSettings
from odpf.settings import Settings
from odpf_cli.display import size
from odpf_cli.moments import moment_of
from odpf_cli.output import stderr, stdout
from odpf_cli.query_cost import below
from odpf_cli.query_output import QueryOutput, refuse_unwritable, write
from odpf_cli.sql_text import statements


def query(
    sql: Annotated[
        str | None,
        typer.Argument(
            metavar="[SQL]",
            help="One statement in Athena's SQL. Without it stdin is read; on a terminal there is a prompt.",
            show_default=False,
        ),
    ] = None,
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
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="Read the SQL from a file.", show_default=False)
    ] = None,
    into: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the answer into a file.", show_default=False)
    ] = None,
    output: Annotated[QueryOutput, typer.Option("--output", help="Form of the answer.")] = QueryOutput.TABLE,
) -> None:
    """Query the raw tables, as analysts do, through Athena.

    Examples:
        odpf query "SELECT count(*) FROM shop_raw.orders"

        odpf query

        odpf query --file report.sql --output csv --into report.csv

        odpf query --as-of 2026-01-31T10:15:00Z "SELECT count(*) FROM shop_raw.orders"
    """
    refuse_unwritable(output, into)
    asked = _Asked(work_group, as_of)
    text = _text(sql, file)
    if text is None:
        from odpf_cli.query_shell import Shell, prompted  # noqa: PLC0415  prompt_toolkit, which no other command needs

        catalog = CatalogReader(asked.aws.session)
        prompted(Shell(asked.run, catalog, stdout, database, output))
        return
    found = statements(text)
    if not found:
        raise InvalidSettings("There is no statement. Give one in quotes, with --file FILE, or on stdin.")
    if len(found) > 1 and (output is not QueryOutput.TABLE or into):
        raise InvalidSettings(
            f"There are {len(found)} statements; {output} is the form of one answer. Give them one by one."
        )
    for statement in found:
        began = time.monotonic()
        result = asked.run(statement, database)
        write(result, output, into, below(result, time.monotonic() - began))


class _Asked:
    """How statements are answered: by Athena, or as of a moment by this program."""

    def __init__(self, work_group: str, as_of: str | None) -> None:
        self._moment = moment_of("--as-of", as_of) if as_of else None
        self.aws = Aws(Settings.from_environment(), component="operator")
        self._work_group = work_group

    def run(self, sql: str, database: str | None) -> QueryResult:
        """Answer one statement, with progress on stderr."""
        if self._moment:
            from odpf_cli.as_of import query_as_of  # noqa: PLC0415  DuckDB and hudi-rs, which no other command needs

            return query_as_of(self.aws, sql, database, self._moment)
        with stderr.status("asking Athena ...") if stderr.is_terminal else nullcontext() as shown:

            def told(progress: QueryProgress) -> None:
                if shown:
                    shown.update(f"{progress.state.lower()}, {size(progress.scanned_bytes)} scanned; Ctrl-C stops it")

            return queries(self.aws, self._work_group).run(sql, database, told)


def queries(aws: Aws, work_group: str = "primary") -> AthenaQueries:
    """Athena, writing its results beside the other artifacts."""
    return AthenaQueries(aws.session, f"s3://{aws.settings.artifacts_bucket}/athena/", work_group)


def _text(sql: str | None, file: Path | None) -> str | None:
    """What is asked; None where a person is to be asked for it."""
    if sql is not None and file is not None:
        raise InvalidSettings("Give the statement, or --file, not both.")
    if sql is not None:
        return sql
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSettings(f"{file} cannot be read: {error}. Give a file with SQL.") from None
    return None if sys.stdin.isatty() else sys.stdin.read()
