"""One completed commit of a Hudi table, as its metadata tells it: who made it, with which schema, which files it wrote."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from file_processor.file_batch import CommitNote
from file_processor.schema import Schema

NOTE = "batch"
SCHEMA = "schema"
METADATA_PREFIX = "odpf."


@lru_cache(maxsize=256)
def _note(text: str) -> CommitNote:
    """A note is asked for several times in the life of its commit, and carries a whole file batch."""
    return CommitNote.model_validate_json(text)


class Commit(NamedTuple):
    """One completed commit: its instant and its metadata."""

    instant: str
    metadata: dict[str, Any]

    @property
    def note(self) -> CommitNote | None:
        """ODPF's note; None on commits of table services and of other writers."""
        text = self._own(NOTE)
        return _note(text) if text else None

    @property
    def schema(self) -> Schema | None:
        """The data columns after this commit, if ODPF made it."""
        text = self._own(SCHEMA)
        return tuple((name, kind) for name, kind in json.loads(text)) if text else None

    @property
    def avro_schema(self) -> str:
        """The schema that every Hudi writer leaves in its commits, Avro as JSON; empty where there is none."""
        return str((self.metadata.get("extraMetadata") or {}).get("schema") or "")

    @property
    def absent(self) -> tuple[str, ...]:
        """The data columns that the source no longer had at this commit."""
        return self.note.absent if self.note else ()

    @property
    def excluded(self) -> tuple[str, ...]:
        """The columns of the newest files at this commit that were left out."""
        return self.note.excluded if self.note else ()

    @property
    def is_service(self) -> bool:
        """Whether a table service made it (compaction, clustering): it changes no row."""
        return bool(self.metadata.get("compacted")) or self.metadata.get("operationType") in ("COMPACT", "CLUSTER")

    @property
    def written(self) -> tuple[tuple[str, str], ...]:
        """(file group, path below the table) of the files that it wrote."""
        return tuple((each["fileId"], each["path"]) for each in self._stats if each.get("fileId") and each.get("path"))

    @property
    def predecessors(self) -> tuple[tuple[str, str | None], ...]:
        """(file group, instant of the base file that it had before) of the groups it wrote; None for one that it began."""
        return tuple((each["fileId"], _before(each)) for each in self._stats if each.get("fileId"))

    @property
    def replaced(self) -> set[str]:
        """File groups that it put an end to."""
        return {group for some in (self.metadata.get("partitionToReplaceFileIds") or {}).values() for group in some}

    @property
    def new_partitions(self) -> tuple[tuple[str, str], ...]:
        """(value, path) of the partitions in which it wrote only new file groups: those may be new themselves."""
        written = self.metadata.get("partitionToWriteStats") or {}
        fresh = [p for p, stats in written.items() if all(_before(each) is None for each in stats)]
        return tuple((partition_value(path), path) for path in sorted(fresh) if path)

    @property
    def _stats(self) -> list[dict[str, Any]]:
        return [each for some in (self.metadata.get("partitionToWriteStats") or {}).values() for each in some]

    def _own(self, key: str) -> str | None:
        return (self.metadata.get("extraMetadata") or {}).get(METADATA_PREFIX + key)


def _before(stat: dict[str, Any]) -> str | None:
    """Instant of the base file that a written file group had before; None where it had none."""
    was = stat.get("prevCommit")
    return None if was in (None, "", "null") else str(was)


def partition_value(path: str) -> str:
    """The value that the folder name of a partition stands for, hive style or not."""
    return unquote(path.split("=", 1)[-1])
