"""A SELECT in Athena's dialect, made ready for DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, TokenError
from sqlglot.optimizer.scope import traverse_scope

from odpf_local.aws.athena.failure import QueryFailed, at


class TableReference(NamedTuple):
    """A table that the query reads: its names in the catalog, its name within DuckDB, its place in the SQL."""

    database: str
    name: str
    internal: str
    place: str


class Statement(NamedTuple):
    """A parsed query: DuckDB's SQL, the tables it needs, the columns it mentions (None = all)."""

    query: exp.Query
    duckdb: str
    tables: tuple[TableReference, ...]
    mentioned: frozenset[str] | None


def parse(sql: str, database: str, parameters: Sequence[str] = ()) -> Statement:
    """Parse and translate.

    Args:
        sql: one SELECT, WITH or VALUES.
        database: of tables named without one.
        parameters: SQL literals for the `?` in order.

    Raises:
        QueryFailed: SYNTAX_ERROR, NOT_SUPPORTED or INVALID_PARAMETER_USAGE.
    """
    query = _query(sql)
    _fill(query, parameters)
    _name_outputs(query)
    mentioned = _mentioned(query)
    tables = _rename_tables(sql, query, database)
    return Statement(query, query.sql(dialect="duckdb"), tables, mentioned)


def _query(sql: str) -> exp.Query:
    try:
        query = sqlglot.parse_one(sql, read="athena")
    except ParseError as error:
        where = error.errors[0] if error.errors else {}
        place = f"line {where['line']}:{where['col']}: " if where.get("line") else ""
        raise QueryFailed(f"SYNTAX_ERROR: {place}{where.get('description') or error}") from error
    except TokenError as error:
        raise QueryFailed(f"SYNTAX_ERROR: {error}") from error
    if isinstance(query, exp.Values):
        query = exp.select("*").from_(exp.Subquery(this=query, alias=exp.to_identifier("values")))
    if not isinstance(query, exp.Query):
        raise QueryFailed(
            f"NOT_SUPPORTED: {sql.split(maxsplit=1)[0].upper()}: the embedded AWS answers SELECT, SHOW and DESCRIBE"
        )
    return query


def _fill(query: exp.Query, parameters: Sequence[str]) -> None:
    holes = sorted(query.find_all(exp.Placeholder), key=lambda hole: hole.meta.get("start", 0))
    if len(holes) != len(parameters):
        raise QueryFailed(f"INVALID_PARAMETER_USAGE: {len(holes)} parameters expected, {len(parameters)} given")
    for hole, text in zip(holes, parameters, strict=True):
        hole.replace(sqlglot.parse_one(text, read="athena"))


def _name_outputs(query: exp.Query) -> None:
    """Columns that are expressions without a name are _col0, _col1, ... as in Athena."""
    while isinstance(query, exp.SetOperation):
        query = query.left
    if isinstance(query, exp.Select):
        named = exp.Alias | exp.Column | exp.Star
        query.set(
            "expressions",
            [
                item if isinstance(item, named) else exp.alias_(item, f"_col{number}")
                for number, item in enumerate(query.expressions)
            ],
        )


def _mentioned(query: exp.Query) -> frozenset[str] | None:
    """Every name that could be a column of a table; a star anywhere but in count(*) means all of them."""
    if any(not isinstance(star.parent, exp.Count) for star in query.find_all(exp.Star)):
        return None
    names = {identifier.name.lower() for identifier in query.find_all(exp.Identifier)}
    return frozenset(names)


def _rename_tables(sql: str, query: exp.Query, database: str) -> tuple[TableReference, ...]:
    """Give each catalog table a plain name, keeping the name that the query knows it by."""
    found: dict[tuple[str, str], TableReference] = {}
    for table in _catalog_tables(query):
        key = ((table.db or database).lower(), table.name.lower())
        reference = found.setdefault(key, TableReference(*key, f"odpf_table_{len(found)}", at(sql, table.this)))
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
        table.set("this", exp.to_identifier(reference.internal))
        table.set("db", None)
        table.set("catalog", None)
    for column in query.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    return tuple(found.values())


def _catalog_tables(query: exp.Query) -> list[exp.Table]:
    """Tables that are no name of a WITH."""
    try:
        scopes = traverse_scope(query)
    except OptimizeError as error:
        raise QueryFailed(f"SYNTAX_ERROR: {error}") from error
    sources = [source for scope in scopes for source in scope.sources.values() if isinstance(source, exp.Table)]
    unique = {id(table): table for table in sources if isinstance(table.this, exp.Identifier)}
    return list(unique.values())
