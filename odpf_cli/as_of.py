"""A query over raw tables as they were at a moment: Athena has no time travel for Hudi, DuckDB over hudi-rs has.

It runs in this process and reads the tables' files from S3.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from file_processor.time_travel import files_at
from file_processor.timeline import Timeline
from odpf.adapters.athena import QueryColumn, QueryResult
from odpf.adapters.aws import Aws
from odpf.adapters.catalog_reader import CatalogReader
from odpf.adapters.clients import object_store_options
from odpf.clock import iso
from odpf.errors import QueryError
from odpf.ports import ObjectStore
from odpf_local.aws.athena.catalog import Catalog
from odpf_local.aws.athena.engine import Engine
from odpf_local.aws.athena.failure import QueryFailed

_INSTANT = "%Y%m%d%H%M%S%f"


def query_as_of(aws: Aws, sql: str, database: str | None, moment: datetime) -> QueryResult:
    """Answer one statement from what had been committed at a moment.

    Raises:
        QueryError: it cannot be answered, or a table cannot be read any more as it was.
    """
    commits = _Commits(aws.objects, moment)
    engine = Engine(_Catalog(CatalogReader(aws.session)), object_store_options(aws.session), commits.instant)
    try:
        found = engine.run(sql, database or "default", (), lambda _interrupt: None)
    except QueryFailed as failure:
        raise QueryError(str(failure)) from None
    columns = tuple(QueryColumn(column.name, column.type) for column in found.columns)
    return QueryResult(columns, list(zip(*(column.to_pylist() for column in found.texts.columns), strict=True)))


class _Catalog(Catalog):
    """The catalog behind the Glue API."""

    def __init__(self, reader: CatalogReader) -> None:
        self._reader = reader

    def databases(self) -> list[str]:
        return self._reader.databases()

    def has_database(self, name: str) -> bool:
        return self._reader.has_database(name)

    def tables(self, database: str) -> list[str]:
        return self._reader.tables(database)

    def table(self, database: str, name: str) -> dict[str, Any] | None:
        return self._reader.table(database, name)


class _Commits:
    """The commit of each table that was its newest at a moment."""

    def __init__(self, objects: ObjectStore, moment: datetime) -> None:
        self._objects, self._moment = objects, moment

    def instant(self, location: str) -> str:
        """Its instant, where all its files are still there.

        Raises:
            QueryError: there was none, or they are not.
        """
        timeline = Timeline(self._objects, location)
        latest = f"{self._moment:{_INSTANT}}"[:-3]
        before = [instant for instant in timeline.instants if instant <= latest]
        if not before:
            oldest = min(timeline.instants, default="")
            since = f"; the oldest that is left is of {_moment(oldest)}" if oldest else ""
            raise QueryError(f"{location} has no commit of {iso(self._moment)} or before{since}.")
        if files_at(timeline, before[0]) is None:
            readable = [instant for instant in timeline.instants if files_at(timeline, instant) is not None]
            raise QueryError(
                f"{location} cannot be read any more as it was at {iso(self._moment)}: files of that commit were cleaned. "
                f"It can as it was at {_moment(min(readable))} and later."
            )
        return before[0]


def _moment(instant: str) -> str:
    return iso(datetime.strptime(instant, _INSTANT).replace(tzinfo=UTC))
