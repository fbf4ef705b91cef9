"""How a query fails: Athena's word for it, a place in the SQL, a sentence."""

from __future__ import annotations

import re

import duckdb
from sqlglot import exp

_COLUMN = re.compile(r'(?:Referenced column|column named|Values list "[^"]*" does not have a column named) "([^"]+)"')
_FUNCTION = re.compile(r"Function with name (\S+) does not exist")


class QueryFailed(Exception):
    """A query ends in state FAILED with this text as its StateChangeReason."""


def at(sql: str, node: exp.Expression | None) -> str:
    """`line L:C: ` of a node in the SQL, empty when its place is not known."""
    start = node.meta.get("start") if node is not None else None
    if start is None:
        return ""
    before = sql[:start]
    return f"line {before.count(chr(10)) + 1}:{start - (before.rfind(chr(10)) + 1) + 1}: "


def from_duckdb(sql: str, query: exp.Query, error: duckdb.Error) -> QueryFailed:
    """DuckDB's error in Athena's words."""
    text = str(error)
    if match := _COLUMN.search(text):
        name = match[1]
        column = next((c for c in query.find_all(exp.Column) if c.name.lower() == name.lower()), None)
        place = at(sql, column.this if column is not None else None)
        return QueryFailed(f"COLUMN_NOT_FOUND: {place}Column '{name}' cannot be resolved")
    if match := _FUNCTION.search(text):
        return QueryFailed(f"FUNCTION_NOT_FOUND: Function '{match[1]}' not registered")
    first = text.splitlines()[0]
    for kind, word in (
        (duckdb.ConversionException, "INVALID_CAST_ARGUMENT"),
        (duckdb.OutOfRangeException, "NUMERIC_VALUE_OUT_OF_RANGE"),
        (duckdb.ParserException, "SYNTAX_ERROR"),
        (duckdb.BinderException, "SYNTAX_ERROR"),
        (duckdb.InterruptException, "USER_CANCELED"),
    ):
        if isinstance(error, kind):
            return QueryFailed(f"{word}: {first}")
    return QueryFailed(f"GENERIC_INTERNAL_ERROR: {first}")
