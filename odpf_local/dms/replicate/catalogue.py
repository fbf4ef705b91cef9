"""What information_schema says of the source's tables."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from pymysql.connections import Connection

from odpf_local.dms.replicate.kinds import Kind
from odpf_local.dms.replicate.source import query

_SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")
_MEMBER = re.compile(r"'((?:[^']|'')*)'")
_BITS = re.compile(r"^bit\((\d+)\)")
_OTHER_NAMES = {"numeric": "decimal", "fixed": "decimal", "integer": "int"}

_COLUMNS = """
SELECT column_name, data_type, column_type, numeric_precision, numeric_scale, column_key, extra, generation_expression
FROM information_schema.columns WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position
"""
_TABLES = """
SELECT table_schema, table_name FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN %s ORDER BY table_schema, table_name
"""


class CatalogueColumn(NamedTuple):
    """A column as information_schema has it.

    Attributes:
        members: of an ENUM or SET, in order.
        virtual: computed when read, so that the log has no value for it.
    """

    name: str
    kind: Kind
    key: bool
    members: tuple[str, ...]
    virtual: bool


class Catalogue:
    """Tables and columns, each table asked for once until `forget`."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._columns: dict[tuple[str, str], dict[str, CatalogueColumn]] = {}

    def tables(self) -> list[tuple[str, str]]:
        """Schema and name of every base table that is not the server's own."""
        return [(schema, table) for schema, table in query(self._connection, _TABLES, (_SYSTEM,))]

    def columns(self, schema: str, table: str) -> dict[str, CatalogueColumn]:
        """Columns by name in order; empty for a table that is gone."""
        if (schema, table) not in self._columns:
            rows = query(self._connection, _COLUMNS, (schema, table))
            self._columns[schema, table] = {row[0]: _column(*row) for row in rows}
        return self._columns[schema, table]

    def forget(self) -> None:
        """Ask again: a table was changed."""
        self._columns.clear()


def _column(
    name: str,
    data_type: str,
    column_type: str,
    precision: str | None,
    scale: str | None,
    column_key: str,
    *generated: str | None,
) -> CatalogueColumn:
    extra, expression = generated
    data_type = data_type.lower()
    if column_type.lower().endswith("compressed*/"):  # MariaDB, whose log has types of its own for it
        data_type = f"compressed {data_type}"
    bits = _BITS.match(column_type)
    kind = Kind(
        _OTHER_NAMES.get(data_type, data_type),
        unsigned="unsigned" in column_type.lower(),
        digits=int(bits[1]) if bits else int(precision or 0) if data_type == "decimal" else 0,
        places=int(scale or 0) if data_type == "decimal" else 0,
    )
    members: tuple[str, ...] = ()
    if data_type in ("enum", "set"):
        members = tuple(member.replace("''", "'") for member in _MEMBER.findall(column_type))
    stored = "STORED" in (extra or "").upper() or "PERSISTENT" in (extra or "").upper()
    return CatalogueColumn(name, kind, column_key == "PRI", members, bool(expression) and not stored)
