"""Writes the files DMS would write to S3: full loads and changes of the tables of one task."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from odpf.clock import utc_now
from odpf.states import DmsFileType
from odpf_local.dms.endpoint import EndpointSettings
from odpf_local.dms.layout import changed_columns, full_load_columns
from odpf_local.dms.mapping import TableMappings, TargetTable
from odpf_local.dms.shape import Changes, Shape
from odpf_local.dms.target import Target

_KILOBYTE = 1024
_MILLISECOND = timedelta(milliseconds=1)


class WrittenFile(NamedTuple):
    """A file that was put; `schema` and `table` are the names in its path, those that ODPF goes by."""

    schema: str
    table: str
    bucket: str
    key: str
    dms_file_type: DmsFileType
    rows: int
    bytes: int


class TaskWriter:
    """One DMS task with its endpoint and mappings.

    Args:
        shuffle_seed: None keeps the transaction order in change files; DMS does not keep it, and with a seed neither
            does the writer (only the change sequence tells the order, as in real files).
        clock: names change files and stamps full loads.
    """

    def __init__(
        self,
        *,
        settings: EndpointSettings,
        mappings: TableMappings,
        target: Target,
        bucket: str,
        shuffle_seed: int | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self.mappings = mappings
        self._target = target
        self._bucket = bucket
        self._random = None if shuffle_seed is None else np.random.default_rng(shuffle_seed)
        self._clock = clock
        self._started_at = clock()
        self._last_name = datetime.min.replace(tzinfo=UTC)
        self._loads: dict[tuple[str, str], int] = {}

    def full_load(self, shape: Shape, parts: Iterable[pa.Table]) -> Iterator[WrittenFile]:
        """Write a table's full load: one file for each part, split where it outgrows MaxFileSize.

        An empty table leaves no file, as with DMS.
        """
        table = self.mappings.target(shape)
        for rows in (piece for part in parts for piece in self._pieces(part)):
            moment = self._started_at if self.settings.use_task_start_time_for_full_load_timestamp else self._clock()
            content = full_load_columns(self.settings, table, rows, moment)
            number = self._loads[shape[:2]] = self._loads.get(shape[:2], 0) + 1
            name = f"LOAD{number:08X}.parquet"
            yield self._put(table, name, content, DmsFileType.FULL)

    def changes(self, changes: Changes) -> Iterator[WrittenFile]:
        """Write changes of one table: one file, or one for each date folder their commits fall into."""
        written = changes.take(_written(changes.operations, self.settings.operations))
        table = self.mappings.target(changes.shape)
        for folder, indices in self._folders(written.committed_at).items():
            content = changed_columns(self.settings, table, written.take(self._ordered(indices)))
            yield self._put(table, folder + self._next_name(), content, DmsFileType.INCREMENTAL)

    def _pieces(self, rows: pa.Table) -> Iterator[pa.Table]:
        size = rows.nbytes
        if not rows.num_rows:
            return
        files = min(rows.num_rows, -(-size // (self.settings.max_file_size * _KILOBYTE)))
        step = -(-rows.num_rows // max(1, files))
        for start in range(0, rows.num_rows, step):
            yield rows.slice(start, step)

    def _folders(self, committed_at: pa.Array) -> dict[str, np.ndarray]:
        """Row numbers by date folder, folders in order of their first row."""
        if not self.settings.date_partition_enabled:
            return {"": np.arange(len(committed_at))} if len(committed_at) else {}
        moments, number = np.unique(committed_at.cast(pa.int64()).to_numpy(), return_inverse=True)
        names = [self.settings.date_folder(_moment(int(moment))) for moment in moments]
        of_row = np.array(names, dtype=object)[number] if names else np.array([], dtype=object)
        return {name: np.flatnonzero(of_row == name) for name in dict.fromkeys(of_row)}

    def _ordered(self, indices: np.ndarray) -> pa.Array:
        return pa.array(indices if self._random is None else self._random.permutation(indices))

    def _next_name(self) -> str:
        """`yyyyMMdd-HHmmssSSS.parquet`, a millisecond after the last one at least."""
        now = self._clock()
        now = now.replace(microsecond=now.microsecond // 1000 * 1000)
        self._last_name = now = max(now, self._last_name + _MILLISECOND) if self._last_name.year > 1 else now
        local = self.settings.local(now)
        return f"{local:%Y%m%d-%H%M%S}{local.microsecond // 1000:03d}.parquet"

    def _put(self, table: TargetTable, name: str, rows: pa.Table, kind: DmsFileType) -> WrittenFile:
        key = f"{self.settings.prefix}{table.schema}/{table.table}/{name}"
        content = self._parquet(rows)
        self._target.put(self._bucket, key, content)
        return WrittenFile(table.schema, table.table, self._bucket, key, kind, rows.num_rows, len(content))

    def _parquet(self, rows: pa.Table) -> bytes:
        out = io.BytesIO()
        pq.write_table(
            rows,
            out,
            row_group_size=self.settings.row_group_length,
            compression=self.settings.compression_type,
            version="2.6",  # the types of DMS, unsigned ones too; parquet_version decides the pages
            data_page_version="1.0" if self.settings.parquet_version == "parquet-1-0" else "2.0",
            write_statistics=self.settings.enable_statistics,
            coerce_timestamps="ms" if self.settings.parquet_timestamp_in_millisecond else "us",
            allow_truncated_timestamps=True,
            store_schema=False,
        )
        return out.getvalue()


def _written(operations: pa.Array, kept: tuple[str, ...]) -> pa.Array:
    return pc.indices_nonzero(pc.is_in(operations, pa.array(kept)))


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)
