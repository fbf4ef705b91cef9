"""Configured tables beside the staged files that their next runs would read, a few of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from file_processor.choosing import ChosenFile
from file_processor.inspection import Inspection, inspect
from odpf.configured_table import ConfiguredTable
from odpf.errors import OdpfError
from odpf.landed_file import LandedFile
from odpf.ports import FileTracker, Ledger, ObjectStore
from odpf.settings import Settings, StagingPlace
from odpf.staging import landed, place_and_prefix
from odpf.states import DmsFileType
from odpf.table_config import TableConfig
from odpf.table_state import TableState

MOST_TABLES = 500
_AT_ONCE = 16
_A_PAGE = 1000


class StagedTable(NamedTuple):
    """A table with what stands in the footers of some of its staged files.

    Attributes:
        files: at most one of a full load and one of changes.
        changes_since: when the oldest change file that waits was put; None when none waits.
        problem: why its staged files could not be looked at.
    """

    config: TableConfig
    state: TableState | None
    files: tuple[Inspection, ...] = ()
    changes_since: datetime | None = None
    problem: str | None = None

    @property
    def changes(self) -> Inspection | None:
        """What a file of changes looks like, if one was read and can be."""
        return self._first(full=False)

    @property
    def load(self) -> Inspection | None:
        """What a file of a full load looks like, if one was read and can be."""
        return self._first(full=True)

    def _first(self, *, full: bool) -> Inspection | None:
        return next((file for file in self.files if file.chosen.is_full is full and file.problem is None), None)


class TableFacts(NamedTuple):
    """What the rules of configured tables look at.

    Attributes:
        broken: (source table, problem) of items that are not valid.
        left_out: source tables that were not looked at, being too many.
    """

    tables: tuple[StagedTable, ...]
    broken: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]
    now: datetime


def read_tables(
    configured: Iterable[ConfiguredTable],
    settings: Settings,
    tracker: FileTracker,
    ledger: Ledger,
    objects: ObjectStore,
    now: datetime,
) -> TableFacts:
    """Read footers of active tables, of 500 at most: two listings and two ranged requests a table."""
    configured = list(configured)
    active = [table.config for table in configured if table.config and table.config.is_active == "Y"]
    looked_at = active[:MOST_TABLES]
    states = ledger.states([config.raw_table for config in looked_at])
    pending: dict[str, list[LandedFile]] = defaultdict(list)
    for file in tracker.all_pending():
        pending[file.source_table_name].append(file)

    def staged(config: TableConfig) -> StagedTable:
        files = pending[config.source_table_name]
        return _staged(config, states.get(config.raw_table), files, settings, objects)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        tables = tuple(pool.map(staged, looked_at))
    broken = tuple((table.source_table_name, table.problem) for table in configured if table.problem)
    return TableFacts(tables, broken, tuple(config.source_table_name for config in active[MOST_TABLES:]), now)


def _staged(
    config: TableConfig,
    state: TableState | None,
    pending: list[LandedFile],
    settings: Settings,
    objects: ObjectStore,
) -> StagedTable:
    changes = [file.last_modified for file in pending if file.dms_file_type is DmsFileType.INCREMENTAL]
    table = StagedTable(config, state, changes_since=min(changes, default=None))
    try:
        sample = _sample(config, pending, settings, objects)
        files = inspect(objects, config, [ChosenFile(file, 0) for file in sample])
        return table._replace(files=tuple(file._replace(content=None) for file in files))
    except OdpfError as error:
        return table._replace(problem=str(error))


def _sample(
    config: TableConfig, pending: list[LandedFile], settings: Settings, objects: ObjectStore
) -> list[LandedFile]:
    """The newest file of each type that waits; where none does, one of those that lie in staging."""
    chosen: dict[DmsFileType, LandedFile] = {}
    for file in sorted(pending, key=lambda each: each.last_modified):
        if file.problem is None:
            chosen[file.dms_file_type] = file
    if len(chosen) < len(DmsFileType):
        for file in _listed(config, settings.staging_places, objects):
            chosen.setdefault(file.dms_file_type, file)
    return list(chosen.values())


def _listed(config: TableConfig, places: tuple[StagingPlace, ...], objects: ObjectStore) -> list[LandedFile]:
    """A page of the table's folder, and the beginning of its full load, which sorts behind date folders."""
    place, prefix = place_and_prefix(config.source_table_name, places)
    entries = [
        *islice(objects.list(place.bucket, f"{prefix}LOAD"), 1),
        *islice(objects.list(place.bucket, prefix), _A_PAGE),
    ]
    parsed = (landed(place.bucket, entry, places) for entry in entries)
    return [file for file in parsed if file and file.source_table_name == config.source_table_name and not file.problem]
