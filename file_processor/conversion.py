"""Copy the few files that Spark cannot read as they stand: TIME, nanoseconds and half floats rewritten, awkward paths as they are.

Copies go to a scratch prefix of the run and keep row order and file name, so order positions stay the same.
Memory is bounded by one row group, whatever the file's size (docs/hudi.md).
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterable
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from file_processor.inspection import Inspection
from odpf.errors import EngineError
from odpf.landed_file import LandedFile
from odpf.ports import ObjectStore

_SPOOL_BYTES = 64 * 1024 * 1024


def convert(objects: ObjectStore, file: LandedFile, bucket: str, prefix: str, *, rewrite: bool) -> str:
    """Write a copy that every engine reads, and return its URI; without `rewrite` only the path is another.

    Raises:
        EngineError: the file's pages cannot be read, though its footer can.
    """
    key = f"{prefix}/{file.file_id}/{file.name}"
    reader, _ = objects.open(file.bucket, file.key)
    with reader, tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as copy:
        try:
            if rewrite:
                _rewrite(reader, copy)
            else:
                shutil.copyfileobj(reader, copy)
        except (pa.ArrowException, OSError) as error:
            raise EngineError(f"{file.path} cannot be read: {error}. Have DMS write it again.") from error
        copy.seek(0)
        objects.put(bucket, key, copy.read())
    return f"s3://{bucket}/{key}"


def copied(objects: ObjectStore, bucket: str, prefix: str, files: Iterable[Inspection]) -> dict[str, str]:
    """Copy the files that Spark cannot read as they stand; where, by file id.

    Raises:
        EngineError: see `convert`.
    """
    return {
        found.chosen.file.file_id: convert(objects, found.chosen.file, bucket, prefix, rewrite=found.rewrite)
        for found in files
        if found.needs_copy
    }


def as_they_stand(_files: Iterable[Inspection]) -> dict[str, str]:
    """No copies: for an engine that reads every file."""
    return {}


def read_through(objects: ObjectStore, file: LandedFile) -> str | None:
    """Read every page of a file; why it cannot be read, None when it can."""
    try:
        reader, _ = objects.open(file.bucket, file.key)
        with reader:
            for _ in pq.ParquetFile(io.BytesIO(reader.read())).iter_batches():
                pass
    except (pa.ArrowException, OSError) as error:
        return f"Its footer is right, its pages are not: {str(error).splitlines()[0]}. Have DMS write it again."
    return None


def _rewrite(reader: BinaryIO, copy: tempfile.SpooledTemporaryFile[bytes]) -> None:
    file = pq.ParquetFile(reader)
    schema = pa.schema([field.with_type(_readable(field.type)) for field in file.schema_arrow])
    with pq.ParquetWriter(copy, schema, store_schema=False) as writer:
        for batch in file.iter_batches():
            columns = [readable_column(column, schema.field(i).type) for i, column in enumerate(batch.columns)]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))


def _readable(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _readable(kind.value_type)
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz=kind.tz)
    if pa.types.is_time(kind):
        return pa.string()
    return pa.float32() if pa.types.is_float16(kind) else kind


def readable_column(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Values in a type that every engine reads: `kind` is that of the column after it."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_time(column.type):  # text HH:mm:ss.ffffff, alike in every engine
        return pc.cast(pc.cast(column, pa.time64("us"), safe=False), pa.string())
    return column if column.type == kind else pc.cast(column, kind, safe=False)
