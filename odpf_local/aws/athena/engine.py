"""Answers one statement: SELECT by DuckDB over hudi-rs, SHOW and DESCRIBE from the catalog."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import duckdb
import pyarrow as pa

from odpf_local.aws.athena import result
from odpf_local.aws.athena.catalog import CATALOG, INFORMATION_SCHEMA, Catalog
from odpf_local.aws.athena.failure import QueryFailed, from_duckdb
from odpf_local.aws.athena.hudi_reader import read
from odpf_local.aws.athena.result import Result
from odpf_local.aws.athena.statement import Statement, TableReference, parse

_NAME = r"[`\"]?([\w-]+)[`\"]?"
_QUALIFIED = rf"(?:{_NAME}\.)?{_NAME}"
_PATTERN = r"(?:\s+(?:LIKE\s+)?'([^']*)')?"
_SHOW_DATABASES = re.compile(rf"SHOW\s+(?:DATABASES|SCHEMAS){_PATTERN}", re.IGNORECASE)
_SHOW_TABLES = re.compile(rf"SHOW\s+TABLES(?:\s+(?:IN|FROM)\s+{_NAME})?{_PATTERN}", re.IGNORECASE)
_SHOW_COLUMNS = re.compile(rf"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{_QUALIFIED}", re.IGNORECASE)
_DESCRIBE = re.compile(rf"DESC(?:RIBE)?\s+(?:FORMATTED\s+|EXTENDED\s+)?{_QUALIFIED}", re.IGNORECASE)
_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET integer_division = true",  # as in Athena, 5 / 2 is 2
    "SET python_enable_replacements = false",  # a table name must never find a Python variable
    "SET autoinstall_known_extensions = false",
    "SET threads = 2",
    # Athena's functions that neither DuckDB nor sqlglot has
    "CREATE MACRO from_base(digits, radix) AS CASE radix WHEN 16 THEN CAST('0x' || digits AS BIGINT) "
    "ELSE error('NOT_SUPPORTED: from_base of another radix than 16') END",
    "CREATE MACRO to_ieee754_64(number) AS CAST(CAST(CAST(number AS DOUBLE) AS BIT) AS BLOB)",
)


def _newest(_location: str) -> None:
    """No commit in particular."""


class Engine:
    """Queries over the tables of one catalog.

    Args:
        catalog: what tables there are.
        storage: hudi-rs' options for the object store.
        instant: of the commit at which the table at a location is read; by default the newest.
    """

    def __init__(
        self, catalog: Catalog, storage: dict[str, str], instant: Callable[[str], str | None] = _newest
    ) -> None:
        self._catalog, self._storage, self._instant = catalog, storage, instant

    def run(
        self, sql: str, database: str, parameters: Sequence[str], interruptible: Callable[[Callable[[], None]], None]
    ) -> Result:
        """Answer a statement.

        Args:
            sql: the statement, with or without its closing semicolon.
            database: of tables named without one.
            parameters: SQL literals for the `?`.
            interruptible: is handed a function that ends the query from another thread.

        Raises:
            QueryFailed: with Athena's text.
        """
        text = sql.strip().rstrip(";").strip()
        if (answer := self._from_catalog(text, database)) is not None:
            return answer
        statement = parse(text, database, parameters)
        with duckdb.connect(":memory:") as connection:
            interruptible(partial(_interrupt, connection))
            prepare(connection)
            for table in statement.tables:
                connection.register(table.internal, self._table(table, statement.mentioned))
            return _select(connection, text, statement)

    def _table(self, reference: TableReference, mentioned: frozenset[str] | None) -> pa.Table:
        place = reference.place
        if reference.database == INFORMATION_SCHEMA:
            view = self._catalog.information_schema(reference.name)
            if view is not None:
                return view
        elif not self._catalog.has_database(reference.database):
            raise QueryFailed(f"SCHEMA_NOT_FOUND: {place}Schema '{reference.database}' does not exist")
        table = self._catalog.table(reference.database, reference.name)
        if table is None:
            name = f"{CATALOG}.{reference.database}.{reference.name}"
            raise QueryFailed(f"TABLE_NOT_FOUND: {place}Table '{name}' does not exist")
        names = [column.name for column in self._catalog.columns(reference.database, reference.name)]
        wanted = names if mentioned is None else [name for name in names if name.lower() in mentioned] or names[:1]
        location = table["StorageDescriptor"]["Location"]
        return read(location, wanted, self._storage, self._instant(location))

    def _from_catalog(self, sql: str, database: str) -> Result | None:
        """The answer to SHOW or DESCRIBE; None for anything else."""
        if match := _SHOW_DATABASES.fullmatch(sql):
            return result.of_texts("database_name", _like(self._catalog.databases(), match[1]))
        if match := _SHOW_TABLES.fullmatch(sql):
            return result.of_texts("tab_name", _like(self._catalog.tables((match[1] or database).lower()), match[2]))
        if match := _SHOW_COLUMNS.fullmatch(sql):
            return result.of_texts("field", [name for name, _ in self._described(match[1] or database, match[2])])
        if match := _DESCRIBE.fullmatch(sql):
            described = self._described(match[1] or database, match[2])
            return result.of_texts("col_name", [f"{name:<20}\t{type_:<20}\t{'':<20}" for name, type_ in described])
        return None

    def _described(self, database: str, name: str) -> list[tuple[str, str]]:
        if self._catalog.table(database.lower(), name.lower()) is None:
            raise QueryFailed(f"TABLE_NOT_FOUND: Table {CATALOG}.{database.lower()}.{name.lower()} does not exist")
        return [(column.name, column.type) for column in self._catalog.columns(database.lower(), name.lower())]


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make DuckDB answer as Athena does."""
    for setting in _SETTINGS:
        connection.execute(setting)


def _select(connection: duckdb.DuckDBPyConnection, sql: str, statement: Statement) -> Result:
    try:
        return result.of_relation(connection, connection.sql(statement.duckdb))
    except duckdb.Error as error:
        raise from_duckdb(sql, statement.query, error) from error


def _interrupt(connection: duckdb.DuckDBPyConnection) -> None:
    with suppress(duckdb.ConnectionException):  # the query has ended meanwhile
        connection.interrupt()


def _like(names: list[str], pattern: str | None) -> list[str]:
    """Hive's patterns: `*` for any text, `|` for alternatives."""
    if pattern is None:
        return names
    alternatives = "|".join(re.escape(part).replace(r"\*", ".*").replace("%", ".*") for part in pattern.split("|"))
    return [name for name in names if re.fullmatch(alternatives, name)]
