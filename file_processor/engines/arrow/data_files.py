"""Write the data file of a slice: carried-over rows as they stand, then the batch's rows, batch by batch."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from file_processor.columns import OPERATION
from file_processor.engines.arrow.placing import Slice
from file_processor.engines.arrow.reduction import KEY
from file_processor.engines.arrow.table_files import BATCH_ROWS, RECORD_KEY, TableFiles
from file_processor.engines.arrow.types import arrow_type, positions
from file_processor.file_groups import DataFile
from file_processor.schema import Schema

FILE_NAME = "_hoodie_file_name"
"""The file that a row stands in now; all else of Hudi's stays with a row that is carried over."""
HUDI_COLUMNS = (
    "_hoodie_commit_time",
    "_hoodie_commit_seqno",
    RECORD_KEY,
    "_hoodie_partition_path",
    FILE_NAME,
)

_IN_MEMORY = 32 * 1024 * 1024
"""Larger files are written to disk before they are put."""
_ROW_GROUP_ROWS = 128 * 1024
_SAMPLE_ROWS = 512
_REPEATED = ("_hoodie_commit_time", "_hoodie_partition_path", FILE_NAME, OPERATION)


class WrittenFile(NamedTuple):
    """A data file before it is put, and how many rows it has."""

    file: DataFile
    content: BinaryIO
    rows: int


def table_schema(columns: Schema) -> pa.Schema:
    """The Arrow schema of data files: Hudi's five columns, then the table's."""
    own = [pa.field(name, pa.string()) for name in HUDI_COLUMNS]
    return pa.schema([*own, *(pa.field(name, arrow_type(kind)) for name, kind in columns)])


@contextmanager
def written_file(part: Slice, number: int, instant: str, columns: Schema, files: TableFiles) -> Iterator[WrittenFile]:
    """Write one slice to memory, or to disk when it is large; it is gone when the caller is done with it.

    Args:
        part: what to write.
        number: of the slice within the commit.
        instant: of the commit.
        columns: the table's columns, ODPF's own among them.
        files: where carried-over rows are read.

    Raises:
        EngineError: the slice's current file cannot be read.
    """
    file = DataFile(part.partition, part.group, f"{number}-0-0", instant, 0)
    schema = table_schema(columns)
    added = _added(part, number, file, schema)
    is_small = added.nbytes + (part.old.size if part.old else 0) < _IN_MEMORY
    carried = _carried(part, file, schema, files)
    with _memory() if is_small else _disk() as (sink, content):
        rows = _write(sink, schema, added, carried if is_small else _ahead(carried), statistics=not is_small)
        sink.close()
        with content() as reader:
            size = reader.seek(0, io.SEEK_END)
            reader.seek(0)
            yield WrittenFile(file._replace(size=size), reader, rows)


Target = tuple[Any, Callable[[], BinaryIO]]
"""Arrow's own output, which needs no Python for its many small writes, and what was written, once it is closed."""


@contextmanager
def _memory() -> Iterator[Target]:
    sink = pa.BufferOutputStream()
    yield sink, lambda: io.BytesIO(sink.getvalue())


@contextmanager
def _disk() -> Iterator[Target]:
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        yield pa.OSFile(file.name, "wb"), lambda: Path(file.name).open("rb")  # noqa: SIM115  closed where it is read


def _ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches, the next one made while the one before is written: neither needs Python meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = pool.submit(next, batches, None)
            yield batch


def _write(
    sink: Any,
    schema: pa.Schema,
    added: pa.Table,
    carried: Iterator[pa.RecordBatch],
    *,
    statistics: bool,
) -> int:
    """Write carried-over and added rows; how many they are."""
    first = next(carried, None)
    sample = added if added.num_rows or first is None else first
    batches = chain([first] if first else [], carried, added.to_batches(BATCH_ROWS))
    rows = 0
    with pq.ParquetWriter(
        sink,
        schema,
        # Two fifths fewer bytes to store, move and have Athena scan than with snappy, for a twentieth more CPU time.
        compression="zstd",
        compression_level=1,
        use_dictionary=_dictionaries(sample),
        # Smallest and greatest values spare reading in files of several row groups.
        write_statistics=True if statistics else [RECORD_KEY],
        store_schema=False,
    ) as writer:
        for group in _row_groups(batches, schema):
            writer.write_table(group, row_group_size=group.num_rows)
            rows += group.num_rows
    return rows


def _row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Batches by row groups: what is written at once is a row group, and many small ones make a file slow to read."""
    gathered: list[pa.RecordBatch] = []
    for batch in batches:
        gathered.append(batch)
        if sum(each.num_rows for each in gathered) >= _ROW_GROUP_ROWS:
            yield pa.Table.from_batches(gathered, schema)
            gathered = []
    if gathered:
        yield pa.Table.from_batches(gathered, schema)


def _carried(part: Slice, file: DataFile, schema: pa.Schema, files: TableFiles) -> Iterator[pa.RecordBatch]:
    """The rows of the current file that stay, all columns of Hudi but the file name as they are."""
    if part.old is None:
        return
    removed = part.removed.combine_chunks()
    for batch in files.batches(part.old, without=FILE_NAME):
        kept = batch
        if len(removed):
            kept = batch.filter(pc.invert(pc.is_in(batch[RECORD_KEY], value_set=removed)))
        if kept.num_rows:
            yield _fitted(kept, file.name, schema)


def _fitted(batch: pa.RecordBatch, file_name: str, schema: pa.Schema) -> pa.RecordBatch:
    there = set(batch.schema.names)
    columns = [
        pa.repeat(pa.scalar(file_name), batch.num_rows)
        if field.name == FILE_NAME
        else _cast(batch[field.name], field.type)
        if field.name in there
        else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    return column if column.type == kind else pc.cast(column, kind)


def _added(part: Slice, number: int, file: DataFile, schema: pa.Schema) -> pa.Table:
    rows = part.rows.num_rows
    row_numbers = pc.cast(positions(rows), pa.string())
    hudi = {
        "_hoodie_commit_time": pa.repeat(pa.scalar(file.instant), rows),
        "_hoodie_commit_seqno": pc.binary_join_element_wise(f"{file.instant}_{number}_", row_numbers, ""),
        RECORD_KEY: part.rows[KEY],
        "_hoodie_partition_path": pa.repeat(pa.scalar(part.partition), rows),
        FILE_NAME: pa.repeat(pa.scalar(file.name), rows),
    }
    return pa.table(
        [hudi.get(name, part.rows[name] if name not in hudi else None) for name in schema.names], schema=schema
    )


def _dictionaries(sample: pa.Table | pa.RecordBatch) -> Sequence[str]:
    """Columns whose values repeat: a dictionary costs the others time and spares them nothing, nor short numbers."""
    some = sample.slice(0, _SAMPLE_ROWS)
    most = max(1, some.num_rows // 4)
    texts = [name for name in some.schema.names if name not in HUDI_COLUMNS and pa.types.is_string(some[name].type)]
    return [
        *_REPEATED,
        *(name for name in texts if name != OPERATION and pc.count_distinct(some[name]).as_py() <= most),
    ]
