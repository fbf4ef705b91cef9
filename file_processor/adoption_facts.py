"""Look at a Hudi table of another framework, and at its staged files; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.choosing import ChosenFile
from file_processor.engines.arrow.data_files import HUDI_COLUMNS
from file_processor.engines.arrow.table_files import RECORD_KEY, TableFiles
from file_processor.inspection import Inspection, inspect
from file_processor.table_properties import TableProperties
from file_processor.timeline import Timeline
from odpf.landed_file import LandedFile, file_id
from odpf.order import SEQUENCE_PATTERN
from odpf.ports import ObjectStore
from odpf.settings import Settings
from odpf.staging import landed, place_and_prefix
from odpf.states import DmsFileType
from odpf.table_config import TableConfig

NOT_DATA = frozenset({*HUDI_COLUMNS, "op"})
"""Columns of its files that are not the source's: Hudi's, and DMS's operation."""


class KeyFacts(NamedTuple):
    """What its rows say of keys and order.

    Attributes:
        twice: rows whose record key another row has, too.
        loaded: rows without a change sequence.
        malformed: rows whose sequence is none.
        mark: the greatest sequence, empty without one.
    """

    rows: int
    twice: int
    loaded: int
    malformed: int
    mark: str


class TableFacts(NamedTuple):
    """What a table is.

    Attributes:
        inspections: of the data files that readers read, as files of a load.
        keys: None where the files cannot be read.
        written_at, listed_at: when something of its timeline was put last, and when that was asked, by S3's clock.
    """

    location: str
    timeline: Timeline
    properties: TableProperties | None
    inspections: Sequence[Inspection]
    keys: KeyFacts | None
    written_at: datetime | None
    listed_at: datetime | None


def table_facts(objects: ObjectStore, config: TableConfig, location: str) -> TableFacts:
    """Look at the table at a base path: timeline, properties, footers, keys and sequences of all rows."""
    timeline = Timeline(objects, location)
    place = urlsplit(location, allow_fragments=False)
    base = place.path.strip("/")
    current = timeline.current_files() if timeline.has_folder else {}
    entries = {entry.key: entry for entry in objects.list(place.netloc, f"{base}/") if current}
    files = [
        LandedFile(
            file_id=file_id(place.netloc, entry.key, entry.etag),
            source_table_name=config.source_table_name,
            bucket=place.netloc,
            key=entry.key,
            etag=entry.etag,
            size=entry.size,
            last_modified=entry.last_modified,
            dms_file_type=DmsFileType.FULL,
        )
        for entry in (entries[f"{base}/{file.path}"] for file in current.values())
    ]
    inspections = inspect(objects, config, [ChosenFile(file, 1) for file in files], NOT_DATA)
    timeline_entries = [
        entry for entry in objects.list(place.netloc, f"{base}/.hoodie/") if "/metadata/" not in entry.key
    ]
    is_readable = not any(found.problem for found in inspections)
    return TableFacts(
        location,
        timeline,
        timeline.properties(),
        inspections,
        _keys(config, inspections, TableFiles(objects, place.netloc, base, current)) if is_readable else None,
        max((entry.last_modified for entry in timeline_entries), default=None),
        next((entry.listed_at for entry in timeline_entries), None),
    )


def sequence_name(found: Inspection, config: TableConfig) -> str | None:
    """How a file of the table calls the column with the change sequence."""
    return dict(found.names).get(config.hudi_precombine_field)


def _keys(config: TableConfig, inspections: Sequence[Inspection], files: TableFiles) -> KeyFacts | None:
    """Count by keys and sequences; memory holds the record keys."""
    names = {found.chosen.file.name: sequence_name(found, config) for found in inspections}
    if None in names.values():
        return None
    keys, rows, loaded, malformed, mark = list[pa.Array](), 0, 0, 0, ""
    for file in files.files.values():
        name = names[file.name] or ""
        for batch in files.batches(file, (RECORD_KEY, name)):
            sequence = pc.fill_null(pc.cast(batch[name], pa.string()), "")
            is_change = pc.match_substring_regex(sequence, SEQUENCE_PATTERN)
            is_load = pc.equal(sequence, "")
            keys.append(pc.cast(batch[RECORD_KEY], pa.string()))
            rows += batch.num_rows
            loaded += pc.sum(is_load).as_py() or 0
            malformed += pc.sum(pc.invert(pc.or_(is_change, is_load))).as_py() or 0
            mark = max(mark, pc.max(sequence.filter(is_change)).as_py() or "")
    distinct = pc.count_distinct(pa.chunked_array(keys, pa.string())).as_py()
    return KeyFacts(rows, rows - distinct, loaded, malformed, mark)


class StagedFiles(NamedTuple):
    """Staged files by what an adopted table has of them.

    Attributes:
        applied: LOAD files, and change files whose last sequence is at or below the mark.
        straddling: change files with sequences on both sides of it.
        waiting: all others, those among them that cannot be read or do not tell.
        newer_loads: LOAD files that were put after the table was written last.
    """

    applied: tuple[Inspection, ...] = ()
    straddling: tuple[Inspection, ...] = ()
    waiting: tuple[Inspection, ...] = ()
    newer_loads: tuple[Inspection, ...] = ()

    @property
    def every(self) -> tuple[Inspection, ...]:
        """All of them."""
        return (*self.applied, *self.straddling, *self.waiting, *self.newer_loads)


def staged_files(objects: ObjectStore, settings: Settings, config: TableConfig, facts: TableFacts) -> StagedFiles:
    """Tell the table's staged files apart by their footers; rows are ordered by what they say, so nothing hangs on a name."""
    found = inspect(objects, config, [ChosenFile(file, 1) for file in _listed(objects, settings, config)])
    if facts.keys is None:
        return StagedFiles(waiting=tuple(found))
    return sorted_by(facts.keys.mark, facts.written_at, found)


def sorted_by(mark: str, written_at: datetime | None, found: Iterable[Inspection]) -> StagedFiles:
    """Tell staged files apart. Pure."""
    applied, straddling, waiting, newer = list[Inspection](), list[Inspection](), list[Inspection](), list[Inspection]()
    for each in found:
        if each.chosen.is_full:
            is_newer = written_at is not None and each.chosen.file.last_modified > written_at
            (newer if is_newer else applied).append(each)
        elif each.problem or each.sequences is None or each.sequences[0] > mark:
            waiting.append(each)
        else:
            (applied if each.sequences[1] <= mark else straddling).append(each)
    return StagedFiles(tuple(applied), tuple(straddling), tuple(waiting), tuple(newer))


def _listed(objects: ObjectStore, settings: Settings, config: TableConfig) -> list[LandedFile]:
    places = settings.staging_places
    place, prefix = place_and_prefix(config.source_table_name, places)
    parsed = (landed(place.bucket, entry, places) for entry in objects.list(place.bucket, prefix))
    own = [file for file in parsed if file and file.source_table_name == config.source_table_name]
    return [file for file in own if file.problem is None]
