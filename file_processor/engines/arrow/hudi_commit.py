"""One Hudi commit, step by step, as the specification of table version 6 has it: the only module that writes into a table.

    requested -> inflight -> [properties, partition metadata] -> marker, data file ... -> commit

The completed entry is put last, and only then do readers see anything. Whoever dies before leaves what Spark's next
write rolls back by the markers, and Arrow's by the instant in the file names. Readers and other writers know nothing of
ODPF here: hudi-rs can take this module's place when a release of it writes version 6.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from file_processor.choosing import CycleKind
from file_processor.commit import Commit
from file_processor.engines.arrow.data_files import WrittenFile
from file_processor.engines.arrow.limits import OWN_MARK
from file_processor.engines.arrow.placing import Slice
from file_processor.file_groups import DataFile
from file_processor.table_properties import PROPERTY_FILES
from odpf.errors import EngineError
from odpf.ports import ObjectStore

_OPERATIONS = {
    CycleKind.LOAD: "BULK_INSERT",
    CycleKind.RELOAD: "INSERT_OVERWRITE_TABLE",
    CycleKind.CHANGES: "UPSERT",
}


class TableFolder(NamedTuple):
    """Where a table lies: bucket, and path within it."""

    bucket: str
    base: str

    def key(self, path: str) -> str:
        """Key of something below the table."""
        return f"{self.base}/{path}"

    def timeline_key(self, name: str) -> str:
        """Key of something in `.hoodie`."""
        return self.key(f".hoodie/{name}")


class HudiCommit:
    """A commit that is being made.

    Args:
        objects: where the table lies.
        folder: the table.
        instant: `yyyyMMddHHmmssSSS` in UTC, greater than every other of the table.
        kind: a reload replaces what is there.
    """

    def __init__(self, objects: ObjectStore, folder: TableFolder, instant: str, kind: CycleKind) -> None:
        self._objects, self._folder, self._instant, self._kind = objects, folder, instant, kind
        self._action = "replacecommit" if kind is CycleKind.RELOAD else "commit"
        self._statistics: dict[str, list[dict[str, Any]]] = {}

    def begin(self) -> None:
        """Announce the commit; the inflight entry says whose it is, so that Arrow rolls back its own alone.

        Raises:
            EngineError: somebody has begun a commit at this very instant.
        """
        if not self._objects.put_new(
            self._folder.bucket, self._folder.timeline_key(f"{self._instant}.{self._action}.requested"), b""
        ):
            raise EngineError(
                f"Another writer has begun a commit at {self._instant} in {self._folder.base}. Nothing was written; the next run "
                "tries again. Make sure that no other job writes this table."
            )
        inflight = (
            f"{self._instant}.inflight" if self._action == "commit" else f"{self._instant}.replacecommit.inflight"
        )
        self._put(f".hoodie/{inflight}", self._metadata(OWN_MARK))

    def put_properties(self, content: bytes) -> None:
        """Make the table what it is; before its first commit alone."""
        self._put(f".hoodie/{PROPERTY_FILES[0]}", content)

    def put_partition(self, path: str) -> None:
        """Make a folder a partition; without this file Spark reads nothing of it, and cleans nothing in the root."""
        parts = path.split("/") if path else []
        self._put(
            "/".join([*parts, ".hoodie_partition_metadata"]),
            f"#partition metadata\ncommitTime={self._instant}\npartitionDepth={len(parts)}\n".encode(),
        )

    def put_data(self, part: Slice, written: WrittenFile) -> None:
        """Put one data file behind its marker."""
        file = written.file
        kind = "MERGE" if part.old else "CREATE"
        self._put(f".hoodie/.temp/{self._instant}/{file.path}.marker.{kind}", b"")
        self._objects.put_file(self._folder.bucket, self._folder.key(file.path), written.content)
        self._statistics.setdefault(file.partition, []).append(_statistics(part, written))

    def complete(self, extra: Mapping[str, str], replaced: Iterable[DataFile] = ()) -> Commit:
        """Make the commit visible.

        Args:
            extra: its metadata beside the statistics.
            replaced: current files whose groups a reload puts an end to.

        Raises:
            EngineError: somebody has completed a commit at this very instant.
        """
        content = self._metadata(extra, replaced)
        name = f"{self._instant}.{self._action}"
        if not self._objects.put_new(self._folder.bucket, self._folder.timeline_key(name), content):
            raise EngineError(
                f"{name} of {self._folder.base} is there already. Make sure that no other job writes this table; the next run "
                "compares ledger and timeline."
            )
        return Commit(self._instant, json.loads(content))

    def _metadata(self, extra: Mapping[str, str], replaced: Iterable[DataFile] = ()) -> bytes:
        metadata: dict[str, Any] = {
            "partitionToWriteStats": self._statistics,
            "compacted": False,
            "extraMetadata": dict(extra),
            "operationType": _OPERATIONS[self._kind],
        }
        if self._kind is CycleKind.RELOAD:
            ended: dict[str, list[str]] = {}
            for file in replaced:
                ended.setdefault(file.partition, []).append(file.group)
            metadata["partitionToReplaceFileIds"] = ended
        return json.dumps(metadata, ensure_ascii=False).encode()

    def _put(self, path: str, content: bytes) -> None:
        self._objects.put(self._folder.bucket, self._folder.key(path), content)


def _statistics(part: Slice, written: WrittenFile) -> dict[str, Any]:
    file = written.file
    return {
        "fileId": file.group,
        "path": file.path,
        "cdcStats": None,
        "prevCommit": part.old.instant if part.old else "null",
        "numWrites": written.rows,
        "numDeletes": part.deleted,
        "numUpdateWrites": part.updated,
        "numInserts": part.inserted,
        "totalWriteBytes": file.size,
        "totalWriteErrors": 0,
        "tempPath": None,
        "partitionPath": file.partition,
        "totalLogRecords": 0,
        "totalLogFilesCompacted": 0,
        "totalLogSizeCompacted": 0,
        "totalUpdatedRecordsCompacted": 0,
        "totalLogBlocks": 0,
        "totalCorruptLogBlock": 0,
        "totalRollbackBlocks": 0,
        "fileSizeInBytes": file.size,
        "minEventTime": None,
        "maxEventTime": None,
    }
