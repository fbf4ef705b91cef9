"""Tables of a PostgreSQL database, by a handful of queries over pg_catalog and its statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from config_manager.found_table import ChangeRate, FoundColumn, FoundTable
from odpf_cli.discovery.rows import by_table, rate

_WHERE = (
    r"n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p') "
    "AND c.relpersistence <> 't' AND (:all OR n.nspname = ANY(:schemas))"
)
_TABLES = f"""
SELECT n.nspname, c.relname, c.relkind::text, c.relispartition, c.relpersistence::text, c.relreplident::text,
       c.reltuples::float8, CASE WHEN c.relkind = 'r' THEN pg_table_size(c.oid) END,
       s.n_live_tup, s.n_tup_ins + s.n_tup_upd + s.n_tup_del
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE {_WHERE}
"""  # noqa: S608  a constant
_COLUMNS = f"""
SELECT n.nspname, c.relname, a.attname, t.typname, format_type(a.atttypid, a.atttypmod), a.atttypmod, NOT a.attnotnull,
       t.typtype::text, t.typcategory::text
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attnum > 0 AND NOT a.attisdropped AND {_WHERE} ORDER BY n.nspname, c.relname, a.attnum
"""  # noqa: S608
_KEYS = f"""
SELECT n.nspname, c.relname, ic.relname, i.indisprimary, i.indisreplident, a.attname, a.attnotnull
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_class ic ON ic.oid = i.indexrelid
     CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
     LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum AND k.attnum > 0
WHERE i.indisunique AND i.indisvalid AND (i.indisprimary OR i.indimmediate) AND i.indpred IS NULL AND k.place <= i.indnkeyatts
      AND {_WHERE} ORDER BY n.nspname, c.relname, ic.relname, k.place
"""  # noqa: S608
_DISTINCT = "SELECT schemaname, tablename, attname, n_distinct FROM pg_stats WHERE NOT inherited"
_SINCE = """
SELECT extract(epoch FROM now() - coalesce(stats_reset, pg_postmaster_start_time()))::float8, stats_reset IS NULL
FROM pg_stat_database WHERE datname = current_database()
"""
_PLAIN = frozenset(
    ["int2", "int4", "int8", "float4", "float8", "bpchar", "varchar", "date", "timestamp", "uuid", "char", "name"]
)
_REMARKS = {
    "bool": "BOOLEAN comes as text, unless the source endpoint has MapBooleanAsBoolean",
    "bytea": "BYTEA is a large object: the task cuts it at LobMaxSize",
    "json": "JSON comes as text, cut at LobMaxSize",
    "jsonb": "JSONB comes as text, cut at LobMaxSize",
    "text": "TEXT is a large object: the task cuts it at LobMaxSize",
    "xml": "XML comes as text, cut at LobMaxSize",
    "hstore": "HSTORE comes as text, cut at LobMaxSize",
    "time": "TIME comes as a time of day, or as text: look at a file",
    "timetz": "TIME WITH TIME ZONE comes as text: look at a file",
    "timestamptz": "TIMESTAMP WITH TIME ZONE comes in UTC, its zone is lost",
    "interval": "INTERVAL comes as text",
    "money": "MONEY comes as text: look at a file",
}
_DIVIDES = frozenset(["int2", "int4", "int8", "bpchar", "varchar", "text", "date", "char"])
_UNKNOWN = "is none that DMS writes to Parquet as it is; leave it out by a remove-column rule, or try it"
_MOST_DIGITS = 38
_MODIFIER_HEADER = 4


def read_tables(connection: sa.Connection, schemas: Sequence[str]) -> Iterator[FoundTable]:
    """Tables of the database that are not the server's own, of some schemas or of all."""
    columns = by_table(_rows(connection, _COLUMNS, schemas))
    keys = by_table(_rows(connection, _KEYS, schemas))
    distinct = {(*row[:3],): float(row[3]) for row in connection.execute(sa.text(_DISTINCT))}
    seconds, is_start = connection.execute(sa.text(_SINCE)).one()
    for schema, table, kind, is_part, persistence, identity, estimate, size, live, changed in _rows(
        connection, _TABLES, schemas
    ):
        rows = int(estimate) if estimate > 0 else live
        unique = _keys(keys.get((schema, table), []))
        primary = unique.pop("", ())
        values = {
            name: _values(distinct.get((schema, table, name)), rows) for name, *_ in columns.get((schema, table), [])
        }
        yield FoundTable(
            schema=schema,
            table=table,
            columns=tuple(_column(*row, distinct=values[row[0]]) for row in columns.get((schema, table), [])),
            primary_key=primary,
            unique_keys=tuple(unique.values()),
            rows=rows,
            bytes=size,
            changes=ChangeRate() if changed is None else rate(int(changed), float(seconds), at_most=bool(is_start)),
            warnings=tuple(_warnings(kind, is_part, persistence, identity, primary, unique)),
        )


def _rows(connection: sa.Connection, sql: str, schemas: Sequence[str]) -> list[Sequence[Any]]:
    return list(connection.execute(sa.text(sql), {"all": not schemas, "schemas": list(schemas)}).all())


def _keys(rows: Sequence[Sequence[Any]]) -> dict[str, tuple[str, ...]]:
    """Columns of unique indexes that cover every row, by name; the primary key's name is empty."""
    found: dict[str, list[tuple[str | None, bool]]] = {}
    for index, is_primary, _, column, not_null in rows:
        found.setdefault("" if is_primary else index, []).append((column, bool(not_null)))
    return {
        index: tuple(column for column, _ in parts if column)
        for index, parts in found.items()
        if all(column and not_null for column, not_null in parts)
    }


def _values(distinct: float | None, rows: int | None) -> int | None:
    """`pg_stats.n_distinct` is a share of the rows where it is negative, and 0 where it is not known."""
    if not distinct:
        return None
    return int(distinct) if distinct > 0 else round(-distinct * (rows or 0))


def _warnings(
    kind: str,
    is_part: bool,
    persistence: str,
    identity: str,
    primary: tuple[str, ...],
    unique: dict[str, tuple[str, ...]],
) -> Iterator[str]:
    if kind == "p":
        yield "is partitioned at the source, and its log names the partitions: DMS may write each of these as a table of its own"
    if is_part:
        yield "is a partition of another table: where DMS writes that one as a whole, leave this one out"
    if persistence == "u":
        yield "is UNLOGGED: its changes are not in the log"
    if identity == "n" or (identity == "d" and not primary):
        using = f"USING INDEX {next(iter(unique))}" if unique else "FULL"
        yield f"its log does not say which row was updated or deleted: ALTER TABLE ... REPLICA IDENTITY {using}"


def _column(
    name: str,
    type_name: str,
    declared: str,
    modifier: int,
    nullable: bool,
    type_kind: str,
    category: str,
    *,
    distinct: int | None,
) -> FoundColumn:
    remark = _remark(type_name, declared, modifier, type_kind, category)
    return FoundColumn(name, nullable, distinct, remark, type_name in _DIVIDES or type_kind == "e")


def _remark(type_name: str, declared: str, modifier: int, type_kind: str, category: str) -> str:
    if type_name == "numeric":
        return _of_numeric(declared, modifier)
    if category == "A":
        return f"{declared} is an array and comes as text, cut at LobMaxSize"
    if type_kind == "e":
        return f"enum {declared} comes as text"
    if type_kind == "d":
        return f"{declared} is a domain: DMS sees its base type"
    return "" if type_name in _PLAIN else _REMARKS.get(type_name, f"type {declared} {_UNKNOWN}")


def _of_numeric(declared: str, modifier: int) -> str:
    if modifier < _MODIFIER_HEADER:
        return "NUMERIC without precision comes as decimal(28,6), rounded: give it a precision at the source"
    digits = (modifier - _MODIFIER_HEADER) >> 16
    return f"{declared} has more than {_MOST_DIGITS} digits: look at a file" if digits > _MOST_DIGITS else ""
