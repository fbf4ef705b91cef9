"""The engine interface: what is decided outside (WritePlan), and the little an engine does with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from file_processor.choosing import CycleKind
from file_processor.columns import own_columns
from file_processor.commit import Commit
from file_processor.schema import Schema
from file_processor.timeline import Timeline
from odpf.counts import Counts
from odpf.hash_key import HashKey
from odpf.order import OrderPosition
from odpf.rebuild import Differences
from odpf.states import EngineName
from odpf.table_config import TableConfig

COMMITS_RETAINED = 20
"""How many commits a query may look back: the cleaner keeps every file that was current at one of them."""
ADOPTED_FILE = "~"
"""The file in the order position of a row of an adopted table: behind all that DMS names, so that the same change is late."""
MOST_FILE_BYTES = 120 * 1024 * 1024
"""Of a data file, about: Hudi's own default (hoodie.parquet.max.file.size), to which both engines fill them up."""
LEAST_COMMITS, MOST_COMMITS = 30, 40
"""Of an active timeline: with more than the second, Hudi archives all but the first; recovery looks back less far."""


class ReadGroup(NamedTuple):
    """Files that are read together: same columns, same generation, same kind.

    Attributes:
        paths: URIs that the engine can read as they stand.
        columns: (column name in the file, lower-case name, type to read) of the data columns.
        generation: of their rows.
        is_full: LOAD files: rows without a sequence, missing operations are inserts.
        dms_operation: whether the files begin with DMS's `Op`.
        mapped_operation: name in the file of the operation column that a mapping rule added, None if there is none.
        sequence: name in the file of the change sequence column, None if there is none.
        adopted: name in the file of the change sequence, where the files are those of an adopted table: of a load then only
            the rows without one are read, of changes only those with one, and all stand at ADOPTED_FILE.
        hashed: (lower-case name, type in the file) of the columns whose values become hashes when they are read.
    """

    paths: tuple[str, ...]
    columns: tuple[tuple[str, str, str], ...]
    generation: int
    is_full: bool
    dms_operation: bool
    mapped_operation: str | None
    sequence: str | None
    hashed: Schema = ()
    adopted: str | None = None


class DeleteLog(NamedTuple):
    """Change files that were applied and may hold deletes of a certain age.

    Attributes:
        groups: how to read them: keys, operation and sequence alone.
        gone: a file of them that is no longer as it was applied; None when all are there.
        gone_through: greatest order position that a file that is gone may have had; empty when all are there.
    """

    groups: tuple[ReadGroup, ...] = ()
    gone: str | None = None
    gone_through: str = ""


def _no_deletes(_since: OrderPosition) -> DeleteLog:
    return DeleteLog()


class WritePlan(NamedTuple):
    """One file batch for an engine: everything is decided here.

    Attributes:
        kind: load, reload or changes.
        location: base path of the raw table, `s3://`.
        schema: the table's data columns after this commit.
        groups: what to read.
        generation, floor: of the table after this commit; rows of an earlier generation, or with a sequence at or
            below the floor, are late.
        quarantine_uri: where rows go that cannot be applied.
        input_bytes: size of the files, for parallelism.
        timeline: the table's folder as the holder of the lease found it.
        contents: of files that were fetched whole already, by path.
        high_water_mark: greatest order position applied before; a row at or below it that the table does not have may have
            been deleted since.
        may_be_late: whether rows may be at or below it, by the footers of the files.
        deletes: asked, with an order position, only where there is such a row: where deletes applied since are read.
        hash_key: of the hashed columns; None where there are none.
        load_started_at: when the load of this generation began, ISO 8601; None where there was none.
    """

    kind: CycleKind
    config: TableConfig
    location: str
    schema: Schema
    groups: tuple[ReadGroup, ...]
    generation: int
    floor: str
    quarantine_uri: str
    input_bytes: int
    timeline: Timeline
    contents: Mapping[str, bytes] = {}
    high_water_mark: str = ""
    may_be_late: bool = False
    deletes: Callable[[OrderPosition], DeleteLog] = _no_deletes
    load_started_at: str | None = None
    hash_key: HashKey | None = None

    @property
    def columns(self) -> Schema:
        """The raw table's columns after this commit, without Hudi's."""
        return (*self.schema, *own_columns(self.config))

    @property
    def mode(self) -> str:
        """S, H or V."""
        return self.config.table_data_versioning_type

    @property
    def written_as(self) -> CycleKind:
        """How the commit is made: with validity intervals a reload ends versions and begins others, and replaces none.

        Nor does one that is written as a difference.
        """
        merges = self.mode == "V" or self.config.reload_mode == "difference"
        return CycleKind.CHANGES if self.kind is CycleKind.RELOAD and merges else self.kind

    @property
    def marks_deletes(self) -> bool:
        """Whether deleted rows stay, marked (S17)."""
        return self.config.delete_mode == "soft"

    @property
    def is_difference(self) -> bool:
        """Whether it is a reload whose rows are compared with what is stored (S9)."""
        return self.kind is CycleKind.RELOAD and self.mode == "S" and self.config.reload_mode == "difference"

    @property
    def load_began(self) -> datetime | None:
        """`load_started_at` as a moment."""
        return datetime.fromisoformat(self.load_started_at) if self.load_started_at else None

    def reading(self, groups: tuple[ReadGroup, ...]) -> WritePlan:
        """The same plan, to read other files: the columns that these groups have."""
        there = {lower for group in groups for _, lower, _ in group.columns}
        return self._replace(groups=groups, schema=tuple(each for each in self.schema if each[0] in there), contents={})


class Reduced(NamedTuple):
    """What reducing a file batch found, before anything is written: rows by what they do to the table.

    Attributes:
        valid: rows that could be applied, before reducing.
        inserted, updated, deleted: rows that Hudi is given (a key that moves to another partition is updated).
        unchanged: rows without effect: deletes of absent keys, changes that a history already has.
        moved: updated rows whose partition value changed.
        late: rows that lost against what is stored, or that belong to a generation before the table's.
        greatest: text form of the greatest order position among the valid rows; None without one.
        removed: rows of the table that a reload does not have again.
        written: rows that Hudi is given: those inserted, updated and deleted, and old keys of rows that changed theirs.
        loaded: rows of the load itself that can be applied; told of a reload alone, which without any would empty the table.
    """

    valid: int
    inserted: int
    updated: int
    deleted: int
    unchanged: int
    late: int
    greatest: str | None
    moved: int = 0
    removed: int = 0
    written: int = 0
    loaded: int | None = None

    def counts(self, rows_read: int) -> Counts:
        """The counts of G7; what reducing left out was collapsed, what was not valid is quarantined."""
        kept = self.inserted + self.updated + self.deleted + self.unchanged + self.late
        return Counts(
            rows_read=rows_read,
            rows_inserted=self.inserted,
            rows_updated=self.updated,
            rows_deleted=self.deleted,
            rows_collapsed=self.valid - kept,
            rows_late=self.late,
            rows_unchanged=self.unchanged,
            rows_quarantined=rows_read - self.valid,
            rows_removed_by_reload=self.removed,
        )


class Prepared(Protocol):
    """A file batch that is read and reduced."""

    reduced: Reduced

    def quarantine(self) -> None:
        """Write the rows that cannot be applied, with file, row position and reason, to the plan's quarantine URI."""

    def commit(self, metadata: dict[str, str]) -> Commit | None:
        """Write one Hudi commit that carries `metadata`; an EngineError leaves the table as it was.

        Returns:
            The commit, from an engine that writes it itself; else the timeline tells.
        """

    def discard(self) -> None:
        """Give back memory; always called."""


class Engine(Protocol):
    """Reads, reduces, merges and writes; decides nothing."""

    @property
    def name(self) -> EngineName:
        """How it is called in audit rows."""

    @property
    def needs_copies(self) -> bool:
        """Whether some files have to be rewritten before it can read them (file_processor/conversion.py)."""

    @property
    def hudi_version(self) -> str:
        """Version of the Hudi writer."""

    def check(self) -> None:
        """Make sure that what writes here is of a release that this code was made for.

        Raises:
            UnsupportedRuntime: it is not.
        """

    def prepare(self, plan: WritePlan) -> Prepared:
        """Read and reduce a file batch.

        Raises:
            EngineError: it could not be read; the table is untouched.
            NeedsSpark: it is not for this engine; the table is untouched.
        """

    def maintain(self, config: TableConfig, timeline: Timeline) -> None:
        """Roll back what was never finished, clean, archive the timeline where it is long, put small files together; changes no row.

        Args:
            config: the table.
            timeline: its folder as the holder of the lease found it; afterwards it is to be listed again.

        Raises:
            EngineError: it failed; readers see the table as it was, and the next maintenance goes on.
            NeedsSpark: it is not for this engine; the table is untouched.
        """

    def compare(self, config: TableConfig, before: Timeline, after: Timeline) -> Differences:
        """Compare the rows of two tables by their record keys; what only tells of an order position is left out.

        Args:
            config: of both.
            before: the folder of one.
            after: of the other.

        Raises:
            EngineError: one of them cannot be read.
        """
