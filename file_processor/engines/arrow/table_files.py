"""The data files that a raw table consists of, as far as Arrow reads them: kept in memory when small, else by ranges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from file_processor.columns import ORDER
from file_processor.engines.arrow.reduction import Stored
from file_processor.file_groups import DataFile
from odpf.errors import EngineError
from odpf.ports import ObjectStore

RECORD_KEY = "_hoodie_record_key"
BATCH_ROWS = 64 * 1024
"""Rows that are looked at at once; memory grows with it and not with the table."""

_KEPT_BYTES = 16 * 1024 * 1024
"""Files up to this size are fetched with one request and read twice; larger ones by ranges, column by column."""


class TableFiles:
    """Reads the current data files of one table."""

    def __init__(self, objects: ObjectStore, bucket: str, base: str, files: Mapping[str, DataFile]) -> None:
        self._objects, self._bucket, self._base = objects, bucket, base
        self.files = files
        self.rows: dict[str, int] = {}
        self._kept: dict[str, bytes] = {}
        self._kept_bytes = 0

    def lookup(self, keys: pa.ChunkedArray) -> Stored:
        """Find record keys in all files: the index SIMPLE, globally.

        Raises:
            EngineError: a data file is not there or cannot be read.
        """
        wanted = keys.combine_chunks()
        found = [batch for group, file in self.files.items() for batch in self._matches(group, file, wanted)]
        key, order, group = (pa.chunked_array([each[n] for each in found], pa.string()) for n in range(3))
        paths = {group: file.partition for group, file in self.files.items()}
        return Stored(key, order, group, sum(self.rows.values()), paths)

    def batches(
        self, file: DataFile, columns: Iterable[str] | None = None, without: str = ""
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a file, some at a time.

        Args:
            file: one of the current files.
            columns: those to read; by default all.
            without: one that is not read.

        Raises:
            EngineError: it is not there or cannot be read.
        """
        try:
            with self._open(file) as reader:
                source = pq.ParquetFile(reader, pre_buffer=False)
                self.rows[file.group] = source.metadata.num_rows
                wanted = [name for name in columns or source.schema_arrow.names if name != without]
                yield from source.iter_batches(BATCH_ROWS, columns=wanted, use_threads=False)
        except FileNotFoundError as error:
            raise EngineError(
                f"{file.path}, a data file of s3://{self._bucket}/{self._base}, is not there. Nothing was written. Restore it "
                "from the bucket's versions, or reload the table."
            ) from error
        except (pa.ArrowException, OSError) as error:
            raise EngineError(
                f"{file.path}, a data file of s3://{self._bucket}/{self._base}, cannot be read: {error}"
            ) from error

    def forget(self) -> None:
        """Give back memory."""
        self._kept.clear()
        self._kept_bytes = 0

    def _matches(self, group: str, file: DataFile, wanted: pa.Array) -> Iterator[tuple[pa.Array, pa.Array, pa.Array]]:
        for batch in self.batches(file, (RECORD_KEY, ORDER)):
            is_wanted = pc.is_in(batch[RECORD_KEY], value_set=wanted)
            some = batch.filter(is_wanted)
            if some.num_rows:
                yield some[RECORD_KEY], some[ORDER], pa.repeat(pa.scalar(group), some.num_rows)

    def _open(self, file: DataFile) -> BinaryIO | pa.BufferReader:
        key = f"{self._base}/{file.path}"
        if file.group in self._kept:
            return pa.BufferReader(self._kept[file.group])
        if file.size > _KEPT_BYTES - self._kept_bytes:
            return self._objects.open(self._bucket, key)[0]
        content = self._kept[file.group] = self._objects.get(self._bucket, key)
        self._kept_bytes += len(content)
        return pa.BufferReader(content)
