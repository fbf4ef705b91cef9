"""Full load: a consistent snapshot of the tables, read with SELECT, and the log position that belongs to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pyarrow as pa
from pymysql.connections import Connection
from pymysql.cursors import SSCursor

from odpf_local.dms.replicate.catalogue import CatalogueColumn
from odpf_local.dms.replicate.kinds import FLOATS, Kind, from_text
from odpf_local.dms.replicate.position import Position
from odpf_local.dms.replicate.source import MysqlSource, query
from odpf_local.dms.shape import Column, Shape

_ROWS_AT_ONCE = 5_000
_MOST_BYTES = 256 * 1024 * 1024


class Snapshot(NamedTuple):
    """An open snapshot and the position after its last transaction."""

    connection: Connection[Any]
    position: Position


@contextmanager
def snapshot(source: MysqlSource) -> Iterator[Snapshot]:
    """Open a transaction that sees one moment of all InnoDB tables.

    MariaDB tells the log position of a snapshot; MySQL is locked for the moment between the two statements, as
    mysqldump --single-transaction --master-data does.
    """
    with source.connected() as connection:
        query(connection, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        if _is_mariadb(connection):
            query(connection, "START TRANSACTION WITH CONSISTENT SNAPSHOT")
            status = dict(query(connection, "SHOW STATUS LIKE 'binlog_snapshot_%'"))
            position = Position(status["Binlog_snapshot_file"], int(status["Binlog_snapshot_position"]))
        else:
            query(connection, "FLUSH TABLES WITH READ LOCK")
            query(connection, "START TRANSACTION WITH CONSISTENT SNAPSHOT")
            position = current_position(connection)
            query(connection, "UNLOCK TABLES")
        yield Snapshot(connection, position)
        query(connection, "ROLLBACK")


def current_position(connection: Connection[Any]) -> Position:
    """The end of the server's log."""
    version = query(connection, "SELECT VERSION()")[0][0]
    newer = "MariaDB" not in version and tuple(int(part) for part in version.split(".")[:2]) >= (8, 2)
    rows = query(connection, "SHOW BINARY LOG STATUS" if newer else "SHOW MASTER STATUS")
    return Position(rows[0][0], int(rows[0][1]))


def shape_of(schema: str, table: str, columns: list[CatalogueColumn]) -> Shape:
    """The shape of a table with these of its columns."""
    return Shape(schema, table, tuple(Column(c.name, c.kind.arrow, c.key, c.kind.large) for c in columns))


class TableReader:
    """Reads one table of a snapshot in parts; `nulled` counts dates by column that no calendar has."""

    def __init__(self, snapshot: Snapshot, schema: str, table: str, columns: list[CatalogueColumn]) -> None:
        self.shape = shape_of(schema, table, columns)
        self.nulled: Counter[str] = Counter()
        self._connection = snapshot.connection
        self._columns = columns

    def parts(self, most_kilobytes: int) -> Iterator[pa.Table]:
        """Parts of about the size of a file, bounded so that memory is."""
        tables: list[pa.Table] = []
        for part in self._batches():
            tables.append(part)
            if sum(each.nbytes for each in tables) >= min(most_kilobytes * 1024, _MOST_BYTES):
                yield pa.concat_tables(tables)
                tables = []
        if tables:
            yield pa.concat_tables(tables)

    def _batches(self) -> Iterator[pa.Table]:
        with self._connection.cursor(SSCursor) as cursor:
            cursor.execute(_select(self.shape, [column.kind for column in self._columns]))
            while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                arrays = [
                    self._array(column, texts)
                    for column, texts in zip(self._columns, zip(*rows, strict=True), strict=True)
                ]
                yield pa.table(arrays, schema=self.shape.arrow)

    def _array(self, column: CatalogueColumn, texts: tuple[Any, ...]) -> pa.Array:
        read = from_text(column.kind)
        values = [None if text is None else read(text) for text in texts]
        self.nulled[column.name] += values.count(None) - texts.count(None)
        return pa.array(values, column.kind.arrow)


def _select(shape: Shape, kinds: list[Kind]) -> str:
    """MySQL rounds a FLOAT to six digits when it writes text; as a product it is written in full."""
    names = [_quoted(column.name) for column in shape.columns]
    values = [f"{name} * 1e0" if kind.name in FLOATS else name for name, kind in zip(names, kinds, strict=True)]
    return f"SELECT {', '.join(values)} FROM {_quoted(shape.schema)}.{_quoted(shape.table)}"  # noqa: S608  quoted names


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"


def _is_mariadb(connection: Connection[Any]) -> bool:
    return "MariaDB" in query(connection, "SELECT VERSION()")[0][0]
