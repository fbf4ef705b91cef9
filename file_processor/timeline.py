"""Read a Hudi table's timeline (version 6) from its `.hoodie` folder: what was committed, by whom, with which schema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from file_processor.file_batch import CommitNote
from file_processor.schema import Schema
from odpf.errors import TimelineViolation
from odpf.ports import ObjectStore

NOTE = "batch"
SCHEMA = "schema"
METADATA_PREFIX = "odpf."
_COMPLETED = re.compile(r"^(\d{17})\.(?:commit|deltacommit|replacecommit)$")


class Commit(NamedTuple):
    """One completed commit: its instant and its metadata."""

    instant: str
    metadata: dict[str, Any]

    @property
    def note(self) -> CommitNote | None:
        """ODPF's note; None on commits of table services and of other writers."""
        text = self._own(NOTE)
        return CommitNote.model_validate_json(text) if text else None

    @property
    def schema(self) -> Schema | None:
        """The data columns after this commit, if ODPF made it."""
        text = self._own(SCHEMA)
        return tuple((name, kind) for name, kind in json.loads(text)) if text else None

    @property
    def is_service(self) -> bool:
        """Whether a table service made it (compaction, clustering): it changes no row."""
        return bool(self.metadata.get("compacted")) or self.metadata.get("operationType") in ("COMPACT", "CLUSTER")

    @property
    def new_partitions(self) -> tuple[tuple[str, str], ...]:
        """(value, path) of the partitions in which it wrote only new file groups: those may be new themselves."""
        written = self.metadata.get("partitionToWriteStats") or {}
        fresh = [p for p, stats in written.items() if all(s.get("prevCommit") in (None, "null") for s in stats)]
        return tuple((_value(path), path) for path in sorted(fresh) if path)

    def _own(self, key: str) -> str | None:
        return (self.metadata.get("extraMetadata") or {}).get(METADATA_PREFIX + key)


class Timeline:
    """The completed commits of one table, newest first; each is fetched when it is looked at."""

    def __init__(self, objects: ObjectStore, location: str) -> None:
        place = urlsplit(location)
        self.location = location
        self._objects, self._bucket, self._base = objects, place.netloc, place.path.strip("/")
        self._keys: dict[str, str] = {}
        self._commits: dict[str, Commit] = {}
        self.refresh()

    def refresh(self) -> None:
        """List the folder again."""
        prefix = f"{self._base}/.hoodie/"
        names = [(entry.key, entry.key[len(prefix) :]) for entry in self._objects.list(self._bucket, prefix)]
        self.has_folder = bool(names)
        self._keys = {match[1]: key for key, name in names if (match := _COMPLETED.match(name))}

    @property
    def instants(self) -> list[str]:
        """Completed instants, newest first."""
        return sorted(self._keys, reverse=True)

    def commits(self, after: str = "") -> Iterator[Commit]:
        """Commits with an instant greater than `after`, newest first."""
        for instant in self.instants:
            if instant <= after:
                return
            if instant not in self._commits:
                content = self._objects.get(self._bucket, self._keys[instant])
                self._commits[instant] = Commit(instant, json.loads(content))
            yield self._commits[instant]

    def newest_own(self) -> Commit | None:
        """The newest commit that carries ODPF's note."""
        return next((commit for commit in self.commits() if commit.note), None)

    def unsettled(self, settled: str | None) -> list[Commit]:
        """Own commits that the ledger does not know yet, oldest first (R6, R16).

        Raises:
            TimelineViolation: somebody else wrote the table.
        """
        found = [commit for commit in self.commits(settled or "") if not commit.is_service]
        if foreign := [commit.instant for commit in found if not commit.note]:
            raise TimelineViolation(
                f"Commits {', '.join(foreign)} of {self._base} were not made by ODPF. One writer per table: stop the "
                "other one, then remove the table and reload it."
            )
        return found[::-1]

    def check_newest(self, note: CommitNote) -> Commit:
        """The commit just made: it is there, it is the newest, and fences do not fall (G5).

        Raises:
            TimelineViolation: another writer was at the table.
        """
        self.refresh()
        own = [commit for commit in self.commits() if not commit.is_service][:2]
        if not own or own[0].note is None or own[0].note.batch_id != note.batch_id:
            raise TimelineViolation(
                f"The commit of file batch {note.batch_id} is not the newest of {self._base}: another writer was there. "
                "Make sure no other job writes this table; the next run compares ledger and timeline."
            )
        if len(own) > 1 and own[1].note is not None and own[1].note.fence > note.fence:
            raise TimelineViolation(
                f"{self._base} has a commit with fence {own[1].note.fence}, this run held {note.fence}: a former owner "
                "woke up or this one did. The next run compares ledger and timeline."
            )
        return own[0]

    def stored_partitions(self) -> tuple[tuple[str, str], ...]:
        """(value, path) of all partitions on storage; each has a metadata file, without which Spark reads nothing."""
        prefix = f"{self._base}/"
        entries = (entry.key[len(prefix) :] for entry in self._objects.list(self._bucket, prefix))
        paths = [key.rsplit("/", 1)[0] for key in entries if "/.hoodie_partition_metadata" in key]
        return tuple((_value(path), path) for path in sorted(set(paths)))

    def remove_unfinished(self) -> None:
        """Clear what a dead first load left: without a completed commit nothing of it was ever visible.

        Hudi would show such files once a later commit completes (docs/hudi.md, dead writers).

        Raises:
            TimelineViolation: the folder holds something that is no Hudi table.
        """
        keys = [entry.key for entry in self._objects.list(self._bucket, f"{self._base}/")]
        if keys and not self.has_folder:
            raise TimelineViolation(
                f"{self.location} is not empty and holds no Hudi table. Empty it, or configure another raw table."
            )
        self._objects.delete(self._bucket, keys)


def _value(path: str) -> str:
    return unquote(path.split("=", 1)[-1])
