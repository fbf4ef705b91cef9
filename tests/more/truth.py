"""What the database holds, as Python values in the form files and lake have; shares no code with the replication."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

_COLUMNS = """
SELECT column_name, data_type, column_type, numeric_precision, extra, column_key FROM information_schema.columns
WHERE table_schema = :schema AND table_name = :table ORDER BY ordinal_position
"""

Row = dict[str, Any]


def keys_of(engine: sa.Engine, schema: str, table: str) -> tuple[str, ...]:
    """The columns of the primary key."""
    return tuple(c.column_name for c in _columns(engine, schema, table) if c.column_key == "PRI")


def rows_of(engine: sa.Engine, schema: str, table: str) -> dict[tuple[Any, ...], Row]:
    """Every row of a table by its key. Times are UTC without a zone; columns that only reading computes are left out."""
    columns = [c for c in _columns(engine, schema, table) if "VIRTUAL" not in c.extra.upper()]
    keys = [n for n, c in enumerate(columns) if c.column_key == "PRI"]
    listed = ", ".join(_selected(c) for c in columns)
    with engine.connect().execution_options(stream_results=True) as connection:
        connection.exec_driver_sql("SET time_zone = '+00:00'")
        found = connection.exec_driver_sql(f"SELECT {listed} FROM `{schema}`.`{table}`")
        names = [c.column_name for c in columns]
        converters = [_converter(c) for c in columns]
        rows = {}
        for values in found:
            row = [convert(v) if v is not None else None for convert, v in zip(converters, values, strict=True)]
            rows[tuple(row[n] for n in keys)] = dict(zip(names, row, strict=True))
    return rows


def _columns(engine: sa.Engine, schema: str, table: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.text(_COLUMNS), {"schema": schema, "table": table}))


def _selected(column: Any) -> str:
    name = f"`{column.column_name}`"
    if column.data_type in ("time", "date", "datetime", "timestamp"):
        return f"CAST({name} AS CHAR)"
    return f"CAST({name} AS DOUBLE)" if column.data_type == "float" else name


def _converter(column: Any) -> Any:
    if column.data_type == "decimal" and column.numeric_precision > 38:
        return lambda value: format(value, "f")
    if column.column_type == "bit(1)":
        return lambda value: value == b"\x01"
    return {"date": _day, "datetime": _moment, "timestamp": _moment}.get(column.data_type, lambda value: value)


def _day(text: str) -> date | None:
    return None if "-00" in text else date.fromisoformat(text)


def _moment(text: str) -> datetime | None:
    return None if "-00" in text[:10] else datetime.fromisoformat(text)
