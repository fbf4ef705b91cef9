"""Tables of a MySQL or MariaDB server, by a handful of queries over information_schema and the server's statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from config_manager.found_table import ChangeRate, FoundColumn, FoundTable
from odpf_cli.discovery.rows import TableName, by_table, rate
from odpf_cli.display import duration
from odpf_local.dms.replicate.kinds import Kind

_OF_THE_SERVER = ("information_schema", "mysql", "performance_schema", "sys")
_DAY = 86_400.0
_SHORT_TEXT = 64
_WHERE = "table_schema NOT IN :own AND (:all OR table_schema IN :schemas)"
_TABLES = f"""
SELECT table_schema, table_name, engine, table_rows, data_length, update_time, now()
FROM information_schema.tables WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND {_WHERE}
"""  # noqa: S608  a constant
_COLUMNS = f"""
SELECT table_schema, table_name, column_name, data_type, column_type, is_nullable, numeric_precision, character_maximum_length
FROM information_schema.columns WHERE {_WHERE} ORDER BY table_schema, table_name, ordinal_position
"""  # noqa: S608
_INDEXES = f"""
SELECT table_schema, table_name, index_name, non_unique, seq_in_index, column_name, sub_part, nullable, cardinality
FROM information_schema.statistics WHERE {_WHERE} ORDER BY table_schema, table_name, index_name, seq_in_index
"""  # noqa: S608
_SETTINGS = "SHOW GLOBAL VARIABLES WHERE variable_name IN ('performance_schema', 'userstat')"
_UPTIME = "SHOW GLOBAL STATUS LIKE 'Uptime'"
_COUNTERS = {
    "performance_schema": "SELECT object_schema, object_name, count_insert + count_update + count_delete "
    "FROM performance_schema.table_io_waits_summary_by_table WHERE object_type = 'TABLE'",
    "userstat": "SELECT table_schema, table_name, rows_changed FROM information_schema.table_statistics",
}
_LARGE = ("mediumtext", "longtext", "json", "tinyblob", "blob", "mediumblob", "longblob")
_REMARKS = {
    "time": "TIME comes as text: it may be negative or longer than a day",
    "year": "YEAR comes as a whole number",
    "enum": "ENUM comes as text",
    "set": "SET comes as text",
}
_DIVIDES = frozenset(["tinyint", "smallint", "mediumint", "int", "bigint", "char", "varchar", "date", "year", "enum"])


class _Index(NamedTuple):
    unique: bool
    columns: tuple[str | None, ...]
    plain: bool  # no prefix, no expression, no nullable column


def read_tables(connection: sa.Connection, schemas: Sequence[str]) -> Iterator[FoundTable]:
    """Tables that are not the server's own, of some schemas or of all."""
    columns = by_table(_rows(connection, _COLUMNS, schemas))
    indexes = by_table(_rows(connection, _INDEXES, schemas))
    uptime = float(connection.execute(sa.text(_UPTIME)).one()[1])
    counted = _counted(connection)
    for schema, table, engine, rows, size, updated, now in _rows(connection, _TABLES, schemas):
        name = (schema, table)
        own = _indexes(indexes.get(name, []))
        distinct = _distinct(indexes.get(name, []))
        unique = [index.columns for key, index in own.items() if key != "PRIMARY" and index.unique and index.plain]
        changes = (
            rate(counted.get(name, 0), uptime) if counted is not None else _by_update_time(updated, now, uptime, engine)
        )
        yield FoundTable(
            schema=schema,
            table=table,
            columns=tuple(_column(*row, distinct=distinct.get(row[0])) for row in columns.get(name, [])),
            primary_key=tuple(filter(None, own["PRIMARY"].columns)) if "PRIMARY" in own else (),
            unique_keys=tuple(tuple(filter(None, each)) for each in unique),
            rows=rows,
            bytes=size,
            changes=changes,
        )


def _rows(connection: sa.Connection, sql: str, schemas: Sequence[str]) -> list[Sequence[Any]]:
    statement = sa.text(sql).bindparams(sa.bindparam("own", expanding=True), sa.bindparam("schemas", expanding=True))
    values = {"own": _OF_THE_SERVER, "all": not schemas, "schemas": tuple(schemas) or ("",)}
    return list(connection.execute(statement, values).all())


def _counted(connection: sa.Connection) -> dict[TableName, int] | None:
    """Changes by table since the server began; None where it does not count them, or does not tell this user."""
    settings = {name.lower(): value.upper() for name, value in connection.execute(sa.text(_SETTINGS))}
    for setting, sql in _COUNTERS.items():
        if settings.get(setting) == "ON":
            try:
                return {(schema, table): int(count or 0) for schema, table, count in connection.execute(sa.text(sql))}
            except sa.exc.DBAPIError:  # not this user's to see
                continue
    return None


def _by_update_time(updated: datetime | None, now: datetime, uptime: float, engine: str | None) -> ChangeRate:
    """InnoDB remembers since the server's start when a table was changed last (MySQL manual, INFORMATION_SCHEMA TABLES)."""
    if engine != "InnoDB":
        return ChangeRate()
    if updated is None:
        return rate(0, uptime)
    ago = (now - updated).total_seconds()
    told = f"changed last {duration(ago)} ago; how often the server does not count (performance_schema and userstat are off)"
    return ChangeRate(0.0 if ago > _DAY else None, told)


def _indexes(rows: Sequence[Sequence[Any]]) -> dict[str, _Index]:
    found: dict[str, list[Sequence[Any]]] = {}
    for name, *rest in rows:
        found.setdefault(name, []).append(rest)
    return {
        name: _Index(
            unique=not int(parts[0][0]),
            columns=tuple(part[2] for part in parts),
            plain=all(part[2] and part[3] is None and str(part[4]).upper() != "YES" for part in parts),
        )
        for name, parts in found.items()
    }


def _distinct(rows: Sequence[Sequence[Any]]) -> dict[str, int]:
    """How many values the first column of an index has; of other columns the server does not say."""
    return {row[3]: int(row[6]) for row in rows if int(row[2]) == 1 and row[3] and row[6] is not None}


def _column(
    name: str,
    data_type: str,
    column_type: str,
    nullable: str,
    precision: int | None,
    length: int | None,
    *,
    distinct: int | None,
) -> FoundColumn:
    data_type = data_type.lower()
    divides = data_type in _DIVIDES and int(length or 0) <= _SHORT_TEXT
    return FoundColumn(name, nullable.upper() != "NO", distinct, _remark(data_type, column_type, precision), divides)


def _remark(data_type: str, column_type: str, precision: int | None) -> str:
    kind = Kind(data_type, digits=int(precision or 0))
    if not kind.supported:
        return f"type {column_type} is none that DMS writes to Parquet as it is; leave it out by a remove-column rule, or try it"
    if kind.beyond_decimal:
        return f"{column_type} has more than 38 digits and comes as text"
    if data_type == "bit" and column_type.lower() != "bit(1)":
        return f"{column_type} comes as bytes"
    if data_type in _LARGE:
        return f"{data_type.upper()} is a large object: the task cuts it at LobMaxSize"
    return _REMARKS.get(data_type, "")
