"""The Arrow engine: one file batch, one reduced table, one Hudi commit, without Spark."""

from __future__ import annotations

import base64
import json
import logging
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.choosing import CycleKind
from file_processor.columns import CHANGE_SEQUENCE, OPERATION, ORDER
from file_processor.commit import METADATA_PREFIX, Commit
from file_processor.engines import problems
from file_processor.engines.arrow.cleaning import clean
from file_processor.engines.arrow.comparison import compare
from file_processor.engines.arrow.data_files import written_file
from file_processor.engines.arrow.deletes import judged
from file_processor.engines.arrow.hudi_commit import HudiCommit, TableFolder
from file_processor.engines.arrow.intervals import versions
from file_processor.engines.arrow.key_changes import with_keys
from file_processor.engines.arrow.keys import partition_paths
from file_processor.engines.arrow.placing import Slice, changed_slices, new_slices
from file_processor.engines.arrow.reduction import (
    EFFECT,
    GROUP,
    INSERTED,
    KEY,
    MOVED,
    PATH,
    UPDATED,
    latest_of_each_key,
    moves,
    reduced,
    with_effects,
)
from file_processor.engines.arrow.rows import FILE, PROBLEM, ROW, read_rows
from file_processor.engines.arrow.soft_deletes import merged
from file_processor.engines.arrow.table_files import TableFiles
from file_processor.engines.arrow.types import avro_schema
from file_processor.engines.engine import MOST_FILE_BYTES, Reduced, WritePlan
from file_processor.instants import next_instant
from file_processor.table_properties import new_properties
from file_processor.timeline import Timeline
from odpf.errors import EngineError, NeedsSpark, OdpfError
from odpf.failpoints import Failpoint, reached
from odpf.ports import ObjectStore
from odpf.rebuild import Differences
from odpf.states import EngineName
from odpf.table_config import TableConfig

_log = logging.getLogger(__name__)
_LEAST_ROW_BYTES = 20.0


class ArrowEngine:
    """Applies small file batches to copy_on_write tables; safe for several tables at once in threads.

    Args:
        objects: where landed files and raw tables lie.
        most_file_bytes: size that data files are filled up to.
    """

    name = EngineName.ARROW
    hudi_version = ""
    needs_copies = False

    def __init__(self, objects: ObjectStore, most_file_bytes: int = MOST_FILE_BYTES) -> None:
        self._objects, self._most_file_bytes = objects, most_file_bytes

    def check(self) -> None:
        """Nothing to refuse: what writes here is this code, which writes version 6 alone."""

    def prepare(self, plan: WritePlan) -> ArrowPrepared:
        """Read and reduce; see Engine.prepare."""
        try:
            return ArrowPrepared(self._objects, plan, self._most_file_bytes)
        except (pa.ArrowException, OSError) as error:
            raise EngineError(f"Reading the files of {plan.config.raw_table} failed: {error}") from error

    def maintain(self, config: TableConfig, timeline: Timeline) -> None:
        """Left to Spark; see Engine.maintain."""
        raise NeedsSpark(f"Hudi itself archives the timeline of {config.raw_table} at {timeline.location}.")

    def compare(self, config: TableConfig, before: Timeline, after: Timeline) -> Differences:
        """Compare; see Engine.compare."""
        try:
            return compare(self._objects, config, before, after)
        except (pa.ArrowException, OSError) as error:
            raise EngineError(f"{before.location} and {after.location} could not be compared: {error}") from error


class ArrowPrepared:
    """A reduced file batch in memory, with what the table has of its keys."""

    def __init__(self, objects: ObjectStore, plan: WritePlan, most_file_bytes: int) -> None:
        self._objects, self._plan, self._most_file_bytes = objects, plan, most_file_bytes
        place = urlsplit(plan.location, allow_fragments=False)
        self._folder = TableFolder(place.netloc, place.path.strip("/"))
        is_load = plan.kind is CycleKind.LOAD
        current = {} if is_load else plan.timeline.current_files()
        self._files = TableFiles(objects, self._folder.bucket, self._folder.base, current)
        self._rows = read_rows(objects, plan)
        valid = self._rows
        if valid[PROBLEM].null_count < valid.num_rows:
            valid = valid.filter(pc.is_null(valid[PROBLEM]))
        reduce = self._newest
        if plan.mode == "V":
            reduce = self._versions
        elif plan.marks_deletes or plan.is_difference:
            reduce = self._merged
        self._latest, self.reduced = reduce(valid)
        if plan.kind is CycleKind.RELOAD:
            loaded = pc.sum(pc.equal(valid[CHANGE_SEQUENCE], "")).as_py()
            self.reduced = self.reduced._replace(loaded=loaded or 0)

    def quarantine(self) -> None:
        """Write the rows with a problem as JSON lines: file, row, reason, and the row itself."""
        rows = self._rows.filter(pc.is_valid(self._rows[PROBLEM]))
        names = [name for name, _ in self._plan.schema]
        lines = [
            {
                "file": row[FILE],
                "row": row[ROW],
                "reason": row[PROBLEM],
                "operation": row[OPERATION],
                "change_sequence": row[CHANGE_SEQUENCE],
                "data": _json({name: _plain(row[name]) for name in names if row[name] is not None}),
            }
            for row in rows.to_pylist()
        ]
        text = "".join(_json({k: v for k, v in line.items() if v is not None}) + "\n" for line in lines)
        place = urlsplit(self._plan.quarantine_uri, allow_fragments=False)
        self._objects.put(place.netloc, f"{place.path.strip('/')}/part-00000.json", text.encode())

    def commit(self, metadata: dict[str, str]) -> Commit:
        """Write the one commit; what a dead writer left of another is rolled back first."""
        plan, folder = self._plan, self._folder
        is_load = plan.kind is CycleKind.LOAD
        if plan.timeline.pending and not is_load:
            plan.timeline.roll_back(plan.timeline.pending, self._objects)
        instant = next_instant("" if is_load else _newest_that_stays(plan.timeline))
        try:
            commit = self._write(HudiCommit(self._objects, folder, instant, plan.written_as), instant, metadata)
        except (pa.ArrowException, OSError) as error:
            raise EngineError(
                f"Writing {plan.config.raw_table} failed; readers see the table as it was. {error}"
            ) from error
        if not is_load:
            self._clean()
        return commit

    def discard(self) -> None:
        """Free what was kept of the table."""
        self._files.forget()

    def _write(self, commit: HudiCommit, instant: str, metadata: dict[str, str]) -> Commit:
        plan, raw_table = self._plan, self._plan.config.raw_table
        columns = plan.columns
        commit.begin()
        reached(Failpoint.ANNOUNCED, raw_table)
        if plan.written_as is CycleKind.LOAD:
            commit.put_properties(new_properties(plan.config))
        slices = self._slices()
        known = {file.partition for file in plan.timeline.data_files()} if plan.kind is not CycleKind.LOAD else set()
        for path in sorted({part.partition for part in slices} - known):
            commit.put_partition(path)
        for number, part in enumerate(slices):
            with written_file(part, number, instant, columns, self._files) as written:
                commit.put_data(part, written)
            reached(Failpoint.DATA_WRITTEN, raw_table)
        extra = {f"{METADATA_PREFIX}{key}": value for key, value in metadata.items()}
        extra["schema"] = avro_schema(plan.config.raw_table_name, columns)
        reached(Failpoint.COMPLETING, raw_table)
        return commit.complete(extra, self._files.files.values())

    def _slices(self) -> list[Slice]:
        row_bytes, most_bytes = self._row_bytes(), self._most_file_bytes
        if self._plan.written_as is CycleKind.CHANGES:
            return changed_slices(self._latest, self._files.files, row_bytes, most_bytes)
        written = self._latest.filter(pc.is_in(self._latest[EFFECT], value_set=pa.array([INSERTED, UPDATED])))
        return new_slices(written, row_bytes, most_bytes) if written.num_rows else []

    def _row_bytes(self) -> float:
        """What a row takes in a data file: as in those that are there, else guessed from the landed files."""
        rows = sum(self._files.rows.values())
        if rows:
            return max(_LEAST_ROW_BYTES, sum(file.size for file in self._files.files.values()) / rows)
        return max(_LEAST_ROW_BYTES, self._plan.input_bytes / max(1, len(self._rows)))

    def _newest(self, valid: pa.Table) -> tuple[pa.Table, Reduced]:
        """The newest row of every key, and what it does."""
        plan = self._plan
        keyed = with_keys(valid, plan)
        latest = self._with_paths(latest_of_each_key(keyed))
        stored = None if plan.kind is CycleKind.LOAD else self._files.lookup(latest[KEY])
        rows, unknown, gone = judged(self._objects, with_effects(latest, stored, plan), plan)
        self._set_aside(unknown, gone)
        return rows, reduced(keyed, pc.max(valid[ORDER]).as_py(), rows, stored, plan, len(unknown))

    def _versions(self, valid: pa.Table) -> tuple[pa.Table, Reduced]:
        """The versions to write, and what the rows do."""
        found = versions(self._objects, valid, self._files, self._plan)
        self._set_aside(found.unknown, found.gone)
        return self._with_paths(found.rows), found.reduced

    def _merged(self, valid: pa.Table) -> tuple[pa.Table, Reduced]:
        """The rows to write where marks or values of stored rows count, and what the batch's rows do."""
        found = merged(self._objects, valid, self._files, self._plan)
        self._set_aside(found.unknown, found.gone)
        rows = self._with_paths(found.rows)
        paths = {group: file.partition for group, file in self._files.files.items()}
        moved = moves(rows, rows[EFFECT].combine_chunks(), rows[GROUP].combine_chunks(), paths)
        return rows.append_column(MOVED, moved), found.reduced._replace(moved=pc.sum(moved).as_py() or 0)

    def _with_paths(self, rows: pa.Table) -> pa.Table:
        partition = self._plan.config.hudi_partition_key
        return rows.append_column(PATH, partition_paths(rows[partition], partition)) if partition else rows

    def _set_aside(self, orders: pa.Array, gone: str) -> None:
        """Rows of which it cannot be told whether a newer delete was applied: they cannot be applied."""
        if not len(orders):
            return
        rows, problem = self._rows, problems.delete_unknown(gone)
        problems_now = pc.if_else(pc.is_in(rows[ORDER], value_set=orders), problem, rows[PROBLEM])
        self._rows = rows.set_column(rows.column_names.index(PROBLEM), PROBLEM, problems_now)

    def _clean(self) -> None:
        try:
            clean(self._objects, self._folder, self._plan.timeline)
        except OdpfError as error:  # the commit is made; what was not removed now is removed by a later one
            _log.warning("%s was not cleaned: %s", self._plan.config.raw_table, error)


def _newest_that_stays(timeline: Timeline) -> str:
    """The newest instant but for those rolled back: one of a clock that goes ahead must not hold the table there."""
    rolled_back = {each.instant for each in timeline.pending}
    return max(timeline.instants, default="") if timeline.newest in rolled_back else timeline.newest


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A value as Spark's to_json writes it."""
    match value:
        case datetime():
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode()
        case Decimal():
            return float(value) if value != value.to_integral() else int(value)
        case _:
            return value
