"""Copy the few files that Spark cannot read as they stand: TIME, nanoseconds and half floats rewritten, awkward paths as they are.

Copies go to a scratch prefix of the run and keep row order and file name, so order positions stay the same. Columns that must
not leave staging as they are do not: a copy has none of the excluded ones, and hashes in place of the hashed ones.
Memory is bounded by one row group, whatever the file's size (docs/hudi.md).
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from file_processor.hashing import hashed
from file_processor.inspection import Inspection
from file_processor.readable_types import readable_column, readable_type
from odpf.errors import EngineError
from odpf.hash_key import HashKey, required
from odpf.landed_file import LandedFile
from odpf.personal_data import ProtectedColumns
from odpf.ports import ObjectStore

_SPOOL_BYTES = 64 * 1024 * 1024


class Protection(NamedTuple):
    """What must not stand in a copy as it is.

    Attributes:
        columns: that are left out, or hashed in the copy already.
        key: None where no column is hashed.
    """

    columns: ProtectedColumns = ProtectedColumns()
    key: HashKey | None = None

    @property
    def has_columns(self) -> bool:
        """Whether there is anything to protect, so that no file is copied as it stands."""
        return bool(self.columns.excluded or self.columns.hashed)

    def type_of(self, field: pa.Field) -> pa.DataType:
        """The type of a file's column in the copy."""
        return pa.string() if self.columns.is_hashed(field.name.lower()) else readable_type(field.type)

    def column(self, name: str, values: pa.Array, kind: pa.DataType) -> pa.Array:
        """The values of a file's column in the copy."""
        if self.columns.is_hashed(name.lower()):
            return hashed(values, required(self.key))
        return readable_column(values, kind)


def convert(
    objects: ObjectStore, file: LandedFile, bucket: str, prefix: str, *, rewrite: bool, protection: Protection
) -> str:
    """Write a copy that every engine reads, and return its URI; without `rewrite` only the path is another.

    Raises:
        EngineError: the file's pages cannot be read, though its footer can.
    """
    key = f"{prefix}/{file.file_id}/{file.name}"
    reader, _ = objects.open(file.bucket, file.key)
    with reader, tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as copy:
        try:
            if rewrite or protection.has_columns:
                _rewrite(reader, copy, protection)
            else:
                shutil.copyfileobj(reader, copy)
        except (pa.ArrowException, OSError) as error:
            raise EngineError(f"{file.path} cannot be read: {error}. Have DMS write it again.") from error
        copy.seek(0)
        objects.put(bucket, key, copy.read())
    return f"s3://{bucket}/{key}"


def copied(
    objects: ObjectStore, bucket: str, prefix: str, protection: Protection, files: Iterable[Inspection]
) -> dict[str, str]:
    """Copy the files that Spark cannot read as they stand; where, by file id.

    Raises:
        EngineError: see `convert`.
    """
    return {
        found.chosen.file.file_id: convert(
            objects, found.chosen.file, bucket, prefix, rewrite=found.rewrite, protection=protection
        )
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


def _rewrite(reader: BinaryIO, copy: tempfile.SpooledTemporaryFile[bytes], protection: Protection) -> None:
    file = pq.ParquetFile(reader)
    source: pa.Schema = file.schema_arrow
    kept = [field for field in source if not protection.columns.is_excluded(field.name.lower())]
    schema = pa.schema([field.with_type(protection.type_of(field)) for field in kept])
    with pq.ParquetWriter(copy, schema, store_schema=False) as writer:
        for batch in file.iter_batches(columns=[field.name for field in kept]):
            columns = [protection.column(field.name, batch[field.name], field.type) for field in schema]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
