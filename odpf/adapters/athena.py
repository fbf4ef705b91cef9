"""SQL through the Athena API."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import boto3

from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call
from odpf.errors import QueryError
from odpf.states import QueryState

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


class QueryColumn(NamedTuple):
    """Name and Athena type of a result column."""

    name: str
    type: str


class QueryResult(NamedTuple):
    """An answer as Athena spells it: every value is text, or None for null.

    `scanned_bytes` are what Athena bills; None where nothing was asked of it.
    """

    columns: tuple[QueryColumn, ...]
    rows: list[tuple[str | None, ...]]
    scanned_bytes: int | None = None


class QueryProgress(NamedTuple):
    """A query that is not over: its state, and what it has read by now."""

    state: QueryState
    scanned_bytes: int


Told = Callable[[QueryProgress], None]


def _nobody(_progress: QueryProgress) -> None:
    """Is told, and tells nobody."""


class AthenaQueries:
    """Runs queries in one work group; results go below `output_location` (an S3 URI)."""

    def __init__(self, session: boto3.Session, output_location: str, work_group: str = "primary") -> None:
        self._client = session.client("athena", config=CLIENT_CONFIG)
        self._output_location = output_location
        self._work_group = work_group

    def run(self, sql: str, database: str | None = None, told: Told = _nobody) -> QueryResult:
        """Run one statement and fetch the whole answer; an interrupt stops it there, too (StopQueryExecution).

        Args:
            sql: one statement.
            database: of tables that are named without one.
            told: is called while the query is not over.

        Raises:
            QueryError: Athena refused or failed the query; the text is Athena's.
        """
        with aws_call("The query"):
            try:
                return self._run(sql, database, told)
            except self._client.exceptions.InvalidRequestException as error:
                raise QueryError(error.response["Error"]["Message"]) from None

    def _run(self, sql: str, database: str | None, told: Told) -> QueryResult:
        started = self._client.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": database} if database else {},
            ResultConfiguration={"OutputLocation": self._output_location},
            WorkGroup=self._work_group,
        )
        query_id = started["QueryExecutionId"]
        try:
            scanned = self._wait(query_id, told)
            return self._result(query_id)._replace(scanned_bytes=scanned)
        except KeyboardInterrupt:
            self._client.stop_query_execution(QueryExecutionId=query_id)
            raise

    def _wait(self, query_id: str, told: Told) -> int:
        """Wait for the end; returns the bytes that were scanned."""
        pause = _FIRST_PAUSE
        while True:
            found = self._client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            state = QueryState(found["Status"]["State"])
            scanned = found.get("Statistics", {}).get("DataScannedInBytes", 0)
            if state is QueryState.SUCCEEDED:
                return scanned
            if state.terminal:
                raise QueryError(found["Status"].get("StateChangeReason") or f"The query ended as {state}.")
            told(QueryProgress(state, scanned))
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _result(self, query_id: str) -> QueryResult:
        columns: tuple[QueryColumn, ...] = ()
        rows: list[tuple[str | None, ...]] = []
        for page in self._client.get_paginator("get_query_results").paginate(QueryExecutionId=query_id):
            info = page["ResultSet"].get("ResultSetMetadata", {}).get("ColumnInfo", [])
            columns = columns or tuple(QueryColumn(column["Name"], column["Type"]) for column in info)
            found = page["ResultSet"]["Rows"]
            rows += [tuple(datum.get("VarCharValue") for datum in row.get("Data", [])) for row in found]
        if rows and rows[0] == tuple(column.name for column in columns):
            del rows[0]  # SELECT answers begin with the column names, other statements' do not
        return QueryResult(columns, rows)
