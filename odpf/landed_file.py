"""One object that DMS wrote: what its bucket, key and etag say about it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from odpf.settings import StagingPlace
from odpf.source_table import UNKNOWN_SOURCE_TABLE, SourceTable
from odpf.states import DmsFileType

_FULL_LOAD_NAME = re.compile(r"(^|_)LOAD[0-9A-F]+\.")
_INCREMENTAL_NAME = re.compile(r"^\d{8}-\d{9,10}\.")
_SCHEMA_AND_TABLE = 2
_MOST_KEY_BYTES = 2048
"""Of a partition key in DynamoDB; only names of hundreds of dots or percent signs come near it."""


class LandedFile(BaseModel):
    """A landed file. `problem` is set when it cannot be applied whatever it holds; it is then quarantined.

    Attributes:
        file_id: first 32 hex digits of sha256 over bucket, key and etag; an overwritten object is another file, and the
            replica of an object in another Region is the same file (`StagingPlace.replica_of`).
        source_table_name: text form of the source table, `?` when the place does not tell.
        size: bytes.
        last_modified: S3's own LastModified where a listing saw it, the event's time before that; UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file_id: str
    source_table_name: str
    schema_name: str = ""
    table_name: str = ""
    bucket: str
    key: str
    etag: str
    size: int = Field(ge=0)
    last_modified: datetime
    dms_file_type: DmsFileType = DmsFileType.INCREMENTAL
    problem: str | None = None

    @classmethod
    def parse(
        cls, *, bucket: str, key: str, etag: str, size: int, last_modified: datetime, places: Iterable[StagingPlace]
    ) -> Self | None:
        """Tell a landed file from an S3 object; None for objects ODPF does not care about.

        The schema and the table are the two path segments below the staging folder; date folders and parallel-load
        folders may follow. The file's name alone tells full loads from changes, never the depth of its path.
        """
        name = key.rsplit("/", 1)[-1]
        place = _place(bucket, key, places)
        if place is None or not name.lower().endswith(".parquet") or name.startswith((".", "_")):
            return None
        etag = etag.strip('"')
        segments = key[len(place.prefix) :].split("/")
        table, problem = UNKNOWN_SOURCE_TABLE, None
        folders = segments[:-1]
        schema_name = table_name = ""
        source_table = _source_table(place, folders)
        if source_table is None:
            problem = (
                f"No table can be told from s3://{bucket}/{key}: expected {place.prefix}<schema>/<table>/<file>.parquet. "
                "Check BucketFolder of the DMS endpoint and the deployment's staging places."
            )
        else:
            _, schema_name, table_name = source_table
            table = str(source_table)
            if not _FULL_LOAD_NAME.search(name) and not _INCREMENTAL_NAME.match(name):
                problem = (
                    f"{name!r} is no name that DMS gives: neither LOAD<hex>.parquet nor yyyyMMdd-HHmmssSSS.parquet. "
                    "Write it under such a name."
                )
        full = _FULL_LOAD_NAME.search(name) is not None
        return cls(
            file_id=file_id(place.identity, key, etag),
            source_table_name=table,
            schema_name=schema_name,
            table_name=table_name,
            bucket=bucket,
            key=key,
            etag=etag,
            size=size,
            last_modified=last_modified,
            dms_file_type=DmsFileType.FULL if full else DmsFileType.INCREMENTAL,
            problem=problem,
        )

    @property
    def name(self) -> str:
        """The last segment of the key, the file part of an order position."""
        return self.key.rsplit("/", 1)[-1]

    @property
    def path(self) -> str:
        """The object's URI."""
        return f"s3://{self.bucket}/{self.key}"


def file_id(bucket: str, key: str, etag: str) -> str:
    """Identify a landed file: the same object twice is one file, an overwritten object is another."""
    return hashlib.sha256("\n".join((bucket, key, etag)).encode()).hexdigest()[:32]


def localised(file: LandedFile, places: Iterable[StagingPlace]) -> LandedFile:
    """The same file in this Region's bucket of its staging place; the file itself when it is here already.

    Another Region may have registered it, under the name of its own bucket. That it is the same file is proved by its
    id: one that does not come from this place's identity, key and etag stays what it is.
    """
    for place in places:
        is_same = file.bucket != place.bucket and file.key.startswith(place.prefix)
        if is_same and file_id(place.identity, file.key, file.etag) == file.file_id:
            return file.model_copy(update={"bucket": place.bucket})
    return file


def _place(bucket: str, key: str, places: Iterable[StagingPlace]) -> StagingPlace | None:
    """The staging place with the longest prefix that holds the key."""
    holding = [place for place in places if place.bucket == bucket and key.startswith(place.prefix)]
    return max(holding, key=lambda place: len(place.prefix), default=None)


def _source_table(place: StagingPlace, folders: list[str]) -> SourceTable | None:
    """The table of the first two folders; None when no table can be told from them."""
    if len(folders) < _SCHEMA_AND_TABLE or not all(folders) or {".", ".."} & set(folders):
        return None
    table = SourceTable(place.name, *folders[:_SCHEMA_AND_TABLE])
    return table if len(str(table).encode()) <= _MOST_KEY_BYTES else None
