"""A replication task: full load, then changes, as a DMS task of type full-load-and-cdc does it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict
from pymysql.connections import Connection

from odpf.clock import utc_now
from odpf_local.dms.errors import UnsupportedSource
from odpf_local.dms.replicate.batch import Batch
from odpf_local.dms.replicate.binlog import BinlogReader, Ddl
from odpf_local.dms.replicate.catalogue import Catalogue, CatalogueColumn
from odpf_local.dms.replicate.full_load import TableReader, current_position, snapshot
from odpf_local.dms.replicate.interrupt import until_interrupted
from odpf_local.dms.replicate.kinds import refuse_unsupported
from odpf_local.dms.replicate.position import Position, StateFile, TaskState
from odpf_local.dms.replicate.source import MysqlSource, check_server, told
from odpf_local.dms.sequence import ChangeSequence
from odpf_local.dms.writer import TaskWriter, WrittenFile

_POLL_SECONDS = 0.5
_FOREVER = timedelta(days=36_500).total_seconds()
_EMPTYING = ("TRUNCATE", "DROP TABLE")


class Replicated(BaseModel):
    """What a task did.

    Attributes:
        rows_loaded, rows_changed: rows written to full-load files and to change files.
        position: where the log goes on.
        notes: what a person should know: dates no calendar has, tables emptied at the source, and the like.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: tuple[WrittenFile, ...]
    rows_loaded: int
    rows_changed: int
    position: str
    last_sequence: str
    notes: tuple[str, ...]


def replicate(
    source: MysqlSource,
    writer: TaskWriter,
    *,
    seconds: float | None = None,
    state: StateFile | None = None,
    full_load: bool = True,
    server_id: int = 4711,
    on_file: Callable[[WrittenFile], None] = lambda _: None,
    now: Callable[[], datetime] = utc_now,
) -> Replicated:
    """Write the files DMS would write for the tables that the writer's mappings select.

    The full load is one consistent snapshot; changes begin at its place in the log. Ctrl-C ends the task as the end of
    `seconds` does: what is committed and read is written, and the state kept.

    Args:
        source: the server.
        writer: settings, mappings and target of the task.
        seconds: how long to follow the log; None reads up to its end as it is now and stops.
        state: where to remember the position; a task that has one goes on from it without a full load.
        full_load: False for a task of type cdc: changes from now on.
        server_id: must differ from every server and replica of the source.
        on_file: told of each file once it is written.
        now: the clock of batches and of `seconds`.

    Raises:
        UnsupportedSource: the log's settings, or columns that files cannot hold.
        SourceUnavailable: the server cannot be reached, or its user lacks a privilege.
        InvalidReplicationState: the state is of another source, or its log is gone.
    """
    task = _Task(source, writer, state, on_file, now)
    with told(source), source.connected() as connection:
        check_server(connection, source)
        position = task.begin(connection, full_load=full_load)
        reader = BinlogReader(
            source,
            Catalogue(connection),
            position,
            selects=writer.mappings.selects,
            keeps=writer.mappings.keeps,
            server_id=server_id,
        )
        task.follow(reader, _enough(connection, seconds, now), wait=seconds is not None)
    return task.result(reader.position)


def _enough(
    connection: Connection[Any], seconds: float | None, now: Callable[[], datetime]
) -> Callable[[Position], bool]:
    """Whether a position, or the time of asking, is the end of the task."""
    if seconds is None:
        end = current_position(connection)
        return lambda position: position.reaches(end)
    until = now() + timedelta(seconds=min(seconds, _FOREVER))
    return lambda _: now() >= until


class _Task:
    def __init__(
        self,
        source: MysqlSource,
        writer: TaskWriter,
        state: StateFile | None,
        on_file: Callable[[WrittenFile], None],
        now: Callable[[], datetime],
    ) -> None:
        self._source = source
        self._writer = writer
        self._state = state
        self._on_file = on_file
        self._now = now
        self._batch = Batch(writer.settings)
        self._sequence = ChangeSequence()
        self._files: list[WrittenFile] = []
        self._loaded = 0
        self._notes: list[str] = []

    def begin(self, connection: Connection[Any], *, full_load: bool) -> Position:
        """The position to read changes from: of the state, or of the full load made now."""
        known = self._state.load(self._source.name) if self._state else None
        if known:
            self._sequence = ChangeSequence(known.last_sequence)
            return known.position
        tables = self._tables(Catalogue(connection))
        position = self._load(tables) if full_load else current_position(connection)
        self._save(position)
        return position

    def follow(self, reader: BinlogReader, enough: Callable[[Position], bool], *, wait: bool) -> None:
        """Write changes until it is enough; with `wait` also those that are not there yet."""
        with until_interrupted() as interrupted:
            while True:
                for found in reader.read():
                    if isinstance(found, Ddl):
                        self._note_ddl(found)
                    else:
                        self._batch.add(found, self._sequence, self._now())
                    self._flush_if_due(reader.position)
                    if interrupted() or enough(reader.position):
                        break
                if interrupted() or enough(reader.position) or not wait:
                    break
                self._flush_if_due(reader.position)
                time.sleep(_POLL_SECONDS)
            if interrupted():
                self._notes.append(
                    "Stopped by the keyboard: what was committed and read is written, the position kept."
                )
            self._flush(reader.position)

    def result(self, position: Position) -> Replicated:
        written = sum(file.rows for file in self._files)
        return Replicated(
            files=tuple(self._files),
            rows_loaded=self._loaded,
            rows_changed=written - self._loaded,
            position=str(position),
            last_sequence=self._sequence.last,
            notes=tuple(self._notes),
        )

    def _tables(self, catalogue: Catalogue) -> dict[tuple[str, str], list[CatalogueColumn]]:
        """Selected tables with the columns that files get."""
        mappings = self._writer.mappings
        tables = {}
        refused = []
        for schema, table in catalogue.tables():
            if not mappings.selects(schema, table):
                continue
            stored = [column for column in catalogue.columns(schema, table).values() if not column.virtual]
            wanted = [c for c in stored if not c.kind.supported and mappings.keeps(schema, table, c.name)]
            refused += [(f"{schema}.{table}.{column.name}", column.kind) for column in wanted]
            tables[schema, table] = [column for column in stored if column.kind.supported]
            if not any(column.key for column in stored):
                self._notes.append(f"{schema}.{table} has no primary key: changes of it cannot be merged by key.")
        refuse_unsupported(refused)
        if not tables:
            raise UnsupportedSource(
                f"The table mappings select no table of {self._source.name}. Check the selection rules, case included."
            )
        return tables

    def _load(self, tables: dict[tuple[str, str], list[CatalogueColumn]]) -> Position:
        with snapshot(self._source) as opened:
            for (schema, table), columns in tables.items():
                reader = TableReader(opened, schema, table, columns)
                for file in self._writer.full_load(reader.shape, reader.parts(self._writer.settings.max_file_size)):
                    self._written(file)
                    self._loaded += file.rows
                for column, count in (+reader.nulled).items():
                    self._notes.append(
                        f"{schema}.{table}.{column}: {count} dates that no calendar has (0000-00-00) became null."
                    )
            return opened.position

    def _flush_if_due(self, position: Position) -> None:
        if self._batch.due(self._now()):
            self._flush(position)

    def _flush(self, position: Position) -> None:
        """Write what waits, then remember the position: a task killed between the two writes the same changes again,
        with the same sequences, which changes nothing downstream."""
        for changes in self._batch.drain():
            for file in self._writer.changes(changes):
                self._written(file)
        self._save(position)

    def _save(self, position: Position) -> None:
        if self._state:
            source, last = self._source.name, self._sequence.last
            self._state.save(
                TaskState(source=source, log_file=position.file, log_offset=position.offset, last_sequence=last)
            )

    def _written(self, file: WrittenFile) -> None:
        self._files.append(file)
        self._on_file(file)

    def _note_ddl(self, found: Ddl) -> None:
        if found.kind in _EMPTYING:
            self._notes.append(
                f"At {found.position} the source ran: {found.statement[:200]}. DMS would remove the table's files unless "
                "HandleSourceTableTruncated and HandleSourceTableDropped are false; here they stay and no deletes are written."
            )
