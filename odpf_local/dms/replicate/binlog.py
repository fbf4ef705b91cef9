"""Committed transactions out of the server's row-format log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pymysql
from pymysqlreplication import BinLogStreamReader
from pymysqlreplication.event import NotImplementedEvent, QueryEvent, RotateEvent, XAPrepareEvent, XidEvent
from pymysqlreplication.row_event import DeleteRowsEvent, PartialUpdateRowsEvent, UpdateRowsEvent, WriteRowsEvent

from odpf_local.dms.errors import InvalidReplicationState, UnsupportedSource
from odpf_local.dms.replicate.catalogue import Catalogue
from odpf_local.dms.replicate.kinds import Kind, refuse_unsupported
from odpf_local.dms.replicate.position import Position
from odpf_local.dms.replicate.row_image import LoggedColumn, logged_column, read_rows
from odpf_local.dms.replicate.source import MysqlSource
from odpf_local.dms.shape import Column, Shape

_LOG_IS_GONE = 1236
_COMPRESSED_EVENTS = frozenset({40, *range(165, 172)})
"""TRANSACTION_PAYLOAD_EVENT of MySQL, QUERY_COMPRESSED_EVENT and the compressed row events of MariaDB."""
_DDL = re.compile(
    r"^\s*(?:/\*.*?\*/\s*)*(TRUNCATE|DROP\s+TABLE|RENAME\s+TABLE|ALTER\s+TABLE|CREATE\s+TABLE)", re.I | re.S
)
_SAVEPOINT = re.compile(r"^\s*SAVEPOINT\s+(\S+)", re.I)
_BACK_TO = re.compile(r"^\s*ROLLBACK\s+(?:WORK\s+)?TO\s+(?:SAVEPOINT\s+)?(\S+)", re.I)
_DML = re.compile(
    r"^(?:INSERT|REPLACE|DELETE|UPDATE)\b.*?(?:\bINTO|\bFROM|^UPDATE)\s+(?:`?([^`.\s]+)`?\.)?`?([^`\s(]+)", re.I | re.S
)
_OPERATIONS = {WriteRowsEvent: "I", UpdateRowsEvent: "U", DeleteRowsEvent: "D"}

Row = tuple[Any, ...]
Keeps = Callable[[str, str, str], bool]
"""Whether the mappings keep a column: schema, table, column."""


class RowChange(NamedTuple):
    """A changed row as the log has it; `row` is the row after an I or U, before a D."""

    shape: Shape
    operation: str
    row: Row
    before: Row | None
    position: str
    bytes: int


class Transaction(NamedTuple):
    """What one transaction changed, and where the log goes on after it."""

    committed_at: datetime
    changes: tuple[RowChange, ...]
    position: Position


class Ddl(NamedTuple):
    """A statement that changed a table's shape or emptied it."""

    kind: str
    statement: str
    position: Position


class _Table(NamedTuple):
    """How rows of a table map are read; `kept` are the places of the shape's columns."""

    shape: Shape
    columns: tuple[LoggedColumn, ...]
    kept: tuple[int, ...]


class BinlogReader:
    """Reads the log from a position to its present end; each `read` starts after the last complete transaction.

    Args:
        selects: whether a table (schema, name) is replicated.
        keeps: whether a column of it is.
    """

    def __init__(
        self,
        source: MysqlSource,
        catalogue: Catalogue,
        position: Position,
        *,
        selects: Callable[[str, str], bool],
        keeps: Keeps,
        server_id: int,
    ) -> None:
        self.position = position
        self._source = source
        self._catalogue = catalogue
        self._selects = selects
        self._keeps = keeps
        self._server_id = server_id
        self._tables: dict[int, tuple[Any, _Table]] = {}

    def read(self) -> Iterator[Transaction | Ddl]:
        """Complete transactions up to the end of the log at that time, rolled-back ones never.

        Raises:
            InvalidReplicationState: the server has removed the log at the position.
            UnsupportedSource: the log holds what cannot be read exactly.
        """
        stream = self._stream()
        pending: list[RowChange] = []
        savepoints: dict[str, int] = {}
        try:
            for event in stream:
                here = Position(stream.log_file, stream.log_pos)
                match event:
                    case WriteRowsEvent() | UpdateRowsEvent() | DeleteRowsEvent():
                        if self._selects(event.schema, event.table):
                            pending += self._changes(event, here)
                    case XidEvent():
                        yield self._committed(event, pending, here)
                        pending = []
                    case QueryEvent():
                        yield from self._statement(event, pending, savepoints, here)
                    case RotateEvent():
                        self._tables.clear()
                        if not pending:
                            self.position = here
                    case _:
                        _refuse(event)
        except pymysql.OperationalError as error:
            if error.args[0] != _LOG_IS_GONE:
                raise
            raise InvalidReplicationState(
                f"The server cannot go on from {self.position}: {error.args[1]}. Start anew: move the state file away and "
                "let a new full load replace the table."
            ) from error
        finally:
            stream.close()

    def _stream(self) -> BinLogStreamReader:
        return BinLogStreamReader(
            connection_settings=self._source.arguments(),
            server_id=self._server_id,
            log_file=self.position.file,
            log_pos=self.position.offset,
            resume_stream=True,
            blocking=False,
            filter_non_implemented_events=False,
            only_events=[
                *_OPERATIONS,
                PartialUpdateRowsEvent,
                QueryEvent,
                XidEvent,
                RotateEvent,
                XAPrepareEvent,
                NotImplementedEvent,
            ],
            enable_logging=False,
            pymysql_wrapper=_connect,
        )

    def _committed(self, event: Any, pending: list[RowChange], here: Position) -> Transaction:
        self.position = here
        return Transaction(datetime.fromtimestamp(event.timestamp, UTC), tuple(pending), here)

    def _statement(
        self, event: Any, pending: list[RowChange], savepoints: dict[str, int], here: Position
    ) -> Iterator[Transaction | Ddl]:
        """BEGIN and COMMIT frame changes of tables without transactions; everything else ends nothing or is DDL."""
        statement = event.query.strip()
        self._refuse_statement(event, statement)
        match statement.upper().split(maxsplit=1)[:1]:
            case ["BEGIN"] | ["ROLLBACK"] if not _BACK_TO.match(statement):
                pending.clear()
                savepoints.clear()
            case ["COMMIT"]:
                yield self._committed(event, pending, here)
                pending.clear()
            case ["SAVEPOINT"]:
                savepoints[_SAVEPOINT.sub(r"\1", statement)] = len(pending)
            case ["ROLLBACK"]:
                del pending[savepoints.get(_BACK_TO.sub(r"\1", statement), 0) :]
            case _ if found := _DDL.match(statement):
                self._catalogue.forget()
                if not pending:  # CREATE TABLE ... SELECT stands inside its transaction
                    self.position = here
                yield Ddl(" ".join(found[1].upper().split()), statement, here)

    def _refuse_statement(self, event: Any, statement: str) -> None:
        """A session with binlog_format = STATEMENT or MIXED logs the statement in place of its rows."""
        found = _DML.match(statement)
        if found and self._selects(found[1] or event.schema.decode(), found[2]):
            raise UnsupportedSource(
                f"The log has a statement in place of the rows it changed: {statement[:200]!r}. Set binlog_format = ROW in "
                "every session and start anew with a full load."
            )

    def _changes(self, event: Any, here: Position) -> Iterator[RowChange]:
        table = self._table(event)
        operation = _OPERATIONS[type(event)]
        data = event.packet.read(event.event_size - event.packet.read_bytes)
        images = 2 if operation == "U" else 1
        _refuse_partial_rows(event, images)
        rows = list(read_rows(table.columns, data, images))
        for found in rows:
            kept = [tuple(image[place] for place in table.kept) for image in found]
            before = None if operation == "I" else kept[0]
            yield RowChange(table.shape, operation, kept[-1], before, str(here), len(data) // len(rows))

    def _table(self, event: Any) -> _Table:
        known = self._tables.get(event.table_id)
        if known is None or known[0] is not event.columns:
            known = self._tables[event.table_id] = (event.columns, self._read_table(event))
        return known[1]

    def _read_table(self, event: Any) -> _Table:
        schema, table = event.schema, event.table
        if any(column.name is None for column in event.columns):
            raise UnsupportedSource(
                f"The log has no column names for {schema}.{table}: it was written before binlog_row_metadata was FULL. "
                "Start anew with a full load."
            )
        catalogue = self._catalogue.columns(schema, table)

        def kind_of(column: LoggedColumn) -> Kind:
            """The catalogue tells types apart that look alike in the log, such as UUID and BINARY."""
            return catalogue[column.name].kind if column.name in catalogue else column.kind

        def members(name: str) -> Callable[[], tuple[str, ...]]:
            return lambda: catalogue[name].members if name in catalogue else ()

        columns = tuple(logged_column(column, members(column.name)) for column in event.columns)
        stored = [n for n, c in enumerate(columns) if not (c.name in catalogue and catalogue[c.name].virtual)]
        wanted = [n for n in stored if self._keeps(schema, table, columns[n].name)]
        refuse_unsupported(
            [(columns[n].name, kind_of(columns[n])) for n in wanted if not kind_of(columns[n]).supported]
        )
        kept = tuple(n for n in stored if columns[n].kind.supported and kind_of(columns[n]).supported)
        keys = [bool(column.is_primary) for column in event.columns]
        shape = tuple(Column(columns[n].name, columns[n].kind.arrow, keys[n], columns[n].kind.large) for n in kept)
        return _Table(Shape(schema, table, shape), columns, kept)


def _connect(**arguments: Any) -> Any:
    """mysql-replication says `db`, an argument that PyMySQL calls deprecated."""
    return pymysql.connect(database=arguments.pop("db", None), **arguments)


def _refuse_partial_rows(event: Any, images: int) -> None:
    bitmaps = (
        [event.columns_present_bitmap, event.columns_present_bitmap2] if images > 1 else [event.columns_present_bitmap]
    )
    every = (1 << event.number_of_columns) - 1
    if any(int.from_bytes(bitmap, "little") & every != every for bitmap in bitmaps):
        raise UnsupportedSource(
            f"A session wrote only parts of rows of {event.schema}.{event.table} to the log. Set binlog_row_image = FULL "
            "in every session and start anew with a full load."
        )


def _refuse(event: Any) -> None:
    if isinstance(event, XAPrepareEvent):
        raise UnsupportedSource(
            "The log has an XA transaction, which cannot be replicated. Start anew with a full load."
        )
    if isinstance(event, PartialUpdateRowsEvent) or event.event_type in _COMPRESSED_EVENTS:
        raise UnsupportedSource(
            f"The log has an event of type {event.event_type} (compressed or partial rows). Turn log_bin_compress, "
            "binlog_transaction_compression and PARTIAL_JSON off in every session and start anew with a full load."
        )
