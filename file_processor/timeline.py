"""Read a Hudi table's folder (version 6): what was committed, by whom, with which schema; what is pending; its files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from urllib.parse import urlsplit

from file_processor.commit import Commit, partition_value
from file_processor.file_batch import CommitNote
from file_processor.file_groups import DataFile, current_files
from file_processor.pending import Pending, unfinished
from file_processor.table_properties import PROPERTY_FILES, TableProperties
from odpf.errors import TimelineViolation
from odpf.ports import ObjectStore, StoredObject

_COMPLETED = re.compile(r"^(\d{17})\.(?:commit|deltacommit|replacecommit)$")
_COMMITS = ("commit", "deltacommit", "replacecommit")
_INSTANT = re.compile(r"^\d{17}(?=\.)")
_SERVICE = re.compile(r"^(\d{17}\.(?:clean|rollback))(?:\.(?:requested|inflight))?$")

_MOST_LISTED = 5000
"""Data files whose sizes are worth adding up; five listings."""

_NEVER_ARCHIVED = 20
"""Of the newest commits; both engines keep thirty (engines/engine.py)."""

LOG_FILE = re.compile(r"(?:^|/)\.[^/]*\.log\.[^/]*$")


class Timeline:
    """One table's folder as of its last listing: completed commits newest first, each fetched when it is looked at.

    The listing is of the whole folder, in key order: the timeline comes first, and of the data files behind it no more
    is listed than somebody asks for.
    """

    def __init__(self, objects: ObjectStore, location: str) -> None:
        place = urlsplit(location)
        self.location = location
        self._objects, self._bucket, self._base = objects, place.netloc, place.path.strip("/")
        self._commits: dict[str, Commit] = {}
        self.refresh()

    def refresh(self) -> None:
        """List the folder again."""
        for derived in ("_files", "_data_bytes"):
            self.__dict__.pop(derived, None)
        prefix = f"{self._base}/.hoodie/"
        listing = iter(self._objects.list(self._bucket, f"{self._base}/"))
        entries: dict[str, StoredObject] = {}
        self._outside: list[StoredObject] = []
        for entry in listing:
            if entry.key.startswith(prefix):
                entries[entry.key[len(prefix) :]] = entry
                continue
            self._outside.append(entry)
            if entry.key > prefix:  # all of `.hoodie/` has come
                break
        self._listing = listing
        self.has_folder = bool(entries)
        self._property_file = min((entries[name] for name in PROPERTY_FILES if name in entries), default=None)
        self._services = {name: entry.key for name, entry in entries.items() if _SERVICE.match(name)}
        self._keys = {match[1]: entry.key for name, entry in entries.items() if (match := _COMPLETED.match(name))}
        self.leftovers = tuple(entry.key for name, entry in entries.items() if name.startswith(".temp/"))
        self.pending = unfinished(entries)
        self.newest = max((match[0] for name in entries if (match := _INSTANT.match(name))), default="")

    @property
    def property_tag(self) -> str | None:
        """ETag of the property file; the same one stands for the same properties."""
        return self._property_file.etag if self._property_file else None

    def properties(self) -> TableProperties | None:
        """What the table says of itself: one GET, and none where the listing has no such file."""
        if self._property_file is None:
            return None
        return TableProperties.parse(self._objects.get(self._bucket, self._property_file.key))

    @cached_property
    def _files(self) -> list[DataFile]:
        prefix = f"{self._base}/"
        entries = [*self._outside, *self._listing]
        parsed = (DataFile.parse(entry.key[len(prefix) :], entry.size) for entry in entries)
        return [file for file in parsed if file]

    def data_files(self) -> list[DataFile]:
        """Every base file below the table, of whatever commit."""
        return self._files

    def current_files(self) -> dict[str, DataFile]:
        """The file that readers read of every file group, by fileId; replacecommits are fetched for it."""
        pending = {each.instant for each in self.pending}
        return current_files(self._files, self._keys, pending, self.replaced())

    def replaced(self, through: str = "") -> set[str]:
        """File groups that a replacecommit of the active timeline put an end to; one up to an instant, if it is given."""
        replacing = [instant for instant, key in self._keys.items() if key.endswith(".replacecommit")]
        replacing = [instant for instant in replacing if not through or instant <= through]
        return {group for instant in replacing for group in self._commit(instant).replaced}

    @property
    def unfinished_commits(self) -> list[str]:
        """Instants of commits that dead writers have begun, newest first: they are rolled back in this order."""
        return [each.instant for each in self.pending if each.action in _COMMITS][::-1]

    def unfinished_metadata(self, pending: Pending) -> dict[str, str]:
        """What an inflight commit says beside its statistics; empty when it says nothing."""
        if pending.inflight is None or not pending.inflight.size:
            return {}
        try:
            content = json.loads(self._objects.get(self._bucket, pending.inflight.key))
        except ValueError:  # the plan of a table service is Avro
            return {}
        return dict(content.get("extraMetadata") or {})

    def data_bytes(self) -> int | None:
        """Size of the newest file of every file group; None where that takes more than a few listings.

        Groups that were replaced and not yet cleaned are in it, so it is a bound.
        """
        return self._data_bytes

    @cached_property
    def _data_bytes(self) -> int | None:
        """Once a listing: every further look would list on."""
        if "_files" not in self.__dict__:
            self._outside += islice(self._listing, _MOST_LISTED)
            if (more := next(self._listing, None)) is not None:
                self._outside.append(more)
                return None
        sizes = {file.group: file.size for file in sorted(self._files, key=lambda file: file.instant)}
        return sum(sizes.values())

    @property
    def instants(self) -> list[str]:
        """Completed instants, newest first."""
        return sorted(self._keys, reverse=True)

    def commits(self, after: str = "") -> Iterator[Commit]:
        """Commits with an instant greater than `after`, newest first."""
        for instant in self.instants:
            if instant <= after:
                return
            yield self._commit(instant)

    def newest_own(self) -> Commit | None:
        """The newest commit that carries ODPF's note."""
        return next((commit for commit in self.commits() if commit.note), None)

    def unsettled(self, settled: str | None) -> list[Commit]:
        """Own commits that the ledger does not know yet, oldest first (R6, R16).

        Args:
            settled: the instant of the ledger's last file batch.

        Raises:
            TimelineViolation: somebody else wrote the table; or the ledger is ahead of the timeline; or the commits
                that the ledger does not know begin with ones that were archived (R15).
        """
        found = self._own_commits(settled or "")
        if settled and not found and settled not in self._keys:
            raise TimelineViolation(
                f"The ledger knows commit {settled} of {self.location}, the timeline there does not: its newest is "
                f"{max(self._keys, default='none')}. Nothing was written. After a fail-over wait until the raw bucket is "
                "replicated, or give the work back to the Region that has the commit; else rebuild the table."
            )
        self._check_line(settled or "", found)
        return found

    def of(self, note: CommitNote) -> Commit | None:
        """The commit that carries a note, if it was completed."""
        key = note.batch_id, note.fence
        found = (each for each in self.commits() if each.note and (each.note.batch_id, each.note.fence) == key)
        return next(found, None)

    def is_whole(self, commit: Commit) -> bool:
        """Whether all data files of a commit are there."""
        return not self._lost(commit)

    def _lost(self, commit: Commit) -> list[str]:
        """Data files of a commit that are not there; asked for one by one where the table has more than a few listings."""
        written = {path for _, path in commit.written if DataFile.parse(path, 0)}
        if self.data_bytes() is not None:
            return sorted(written - {file.path for file in self._files})
        return sorted(path for path in written if not any(self._objects.list(self._bucket, f"{self._base}/{path}")))

    def check_line(self) -> None:
        """Check that all commits in the active timeline are one line; it reads every one of them.

        Raises:
            TimelineViolation: one is missing, or one is too many.
        """
        own = self._own_commits("")
        if own:
            self._check_line(own[0].instant, own[1:])

    def check_seam(self, seam: str, first: str) -> None:
        """Check that nothing has appeared between the commits of two epochs; without anything there the listing tells.

        A compaction may: it keeps the instant at which it was planned, and changes no row.

        Raises:
            TimelineViolation: a late replica of a commit of another Region, which nobody here has taken into account.
        """
        between = sorted(instant for instant in self._keys if seam < instant < first)
        if between := [instant for instant in between if not self._commit(instant).is_service]:
            raise TimelineViolation(
                f"Commits {', '.join(between)} of {self.location} appeared after the table was taken over: the raw bucket "
                "still receives replicas of the other Region. Nothing was written. Stop that replication and remove "
                "the objects of these instants, whose file names and timeline entries contain them (docs/regions.md)."
            )

    def missing_files(self) -> list[str]:
        """Files that the table consists of and that are not there, as far back as the active timeline goes.

        Of every file group that is the newest base file and the log files behind it. Hudi would not miss them: it takes
        the file before the missing one, and the rows of a commit are gone.
        """
        needed: set[str] = set()
        complete: set[str] = set()
        for commit in self.commits():
            of_groups = [(group, path) for group, path in commit.written if group not in complete]
            needed |= {path for _, path in of_groups}
            complete |= {group for group, path in of_groups if not LOG_FILE.search(path)} | commit.replaced
        prefix = f"{self._base}/"
        there = {entry.key[len(prefix) :] for entry in self._objects.list(self._bucket, prefix)} if needed else set()
        return sorted(needed - there)

    def has(self, instant: str) -> bool:
        """Whether a commit is in the timeline; one before its beginning is, archived."""
        return instant in self._keys or instant < min(self._keys, default="")

    def withdraw(self, commit: Commit) -> None:
        """Take a commit back out: first its completed entry, with which it becomes invisible, then the files that are its alone.

        What announced it stays, so that the next write rolls back whatever is left.
        """
        others = {path for each in self.commits() if each.instant != commit.instant for _, path in each.written}
        self._objects.delete(self._bucket, [self._keys[commit.instant]])
        self.remove_files([path for _, path in commit.written if path not in others])
        self.refresh()

    def roll_back(self, pending: Sequence[Pending], objects: ObjectStore | None = None) -> None:
        """Remove everything of commits that were not completed; what announces them last, so that a crash repeats it.

        No rollback instant is needed while the table has no metadata table (docs/hudi.md). Log files, whose names do not tell
        their commit, are told by its markers.

        Args:
            pending: which of `self.pending`.
            objects: removes them; by default what lists them.
        """
        instants = {each.instant for each in pending}
        markers = [key for key in self.leftovers if key.split("/.temp/", 1)[1].split("/", 1)[0] in instants]
        named = (key.split("/.temp/", 1)[1].split("/", 1)[1].partition(".marker.")[0] for key in markers)
        files = [file.path for file in self.data_files() if file.instant in instants]
        doomed = [f"{self._base}/{path}" for path in [*files, *filter(LOG_FILE.search, named)]]
        store = objects or self._objects
        store.delete(self._bucket, [*doomed, *markers])
        store.delete(self._bucket, [each.inflight.key for each in pending if each.inflight])
        store.delete(self._bucket, [each.requested.key for each in pending if each.requested])

    def orphans(self, after: str = "") -> list[str]:
        """Data files of no commit, as far as files are listed: Hudi hides them, until their instant is older than the archived ones.

        Only those among the newest commits, which nothing has archived.

        Args:
            after: only files of later instants.
        """
        if "_files" not in self.__dict__ or not self._keys:
            return []
        known = {*self._keys, *(each.instant for each in self.pending)}
        since = max(after, self.instants[:_NEVER_ARCHIVED][-1])
        return [file.path for file in self._files if file.instant > since and file.instant not in known]

    def remove_files(self, paths: Iterable[str]) -> None:
        """Remove files below the table."""
        self._objects.delete(self._bucket, [f"{self._base}/{path}" for path in paths])

    def drop_unfinished_services(self) -> None:
        """Remove cleanings and rollbacks that were planned and not finished: their plans name another Region's bucket.

        Hudi plans them again where they are needed (docs/adr/0005).
        """
        begun = {key: _SERVICE.match(name) for name, key in self._services.items()}
        self._objects.delete(
            self._bucket, [k for k, match in begun.items() if match and match[1] not in self._services]
        )

    def _commit(self, instant: str) -> Commit:
        if instant not in self._commits:
            content = self._objects.get(self._bucket, self._keys[instant])
            self._commits[instant] = Commit(instant, json.loads(content))
        return self._commits[instant]

    def _own_commits(self, after: str) -> list[Commit]:
        """Commits that change rows, oldest first."""
        found = [commit for commit in self.commits(after) if not commit.is_service]
        if foreign := [commit.instant for commit in found if not commit.note]:
            raise TimelineViolation(
                f"Commits {', '.join(foreign)} of {self._base} were not made by ODPF. One writer per table: stop the "
                "other one, then remove the table and reload it."
            )
        return found[::-1]

    def _check_line(self, before: str, commits: Iterable[Commit]) -> None:
        for commit in commits:
            follows = commit.note.follows if commit.note else None
            if follows not in (None, before):
                raise TimelineViolation(
                    f"Commit {commit.instant} of {self.location} was made after {follows or 'nothing'}, but what stands "
                    f"before it is {before or 'nothing'}. Nothing was written. Either commits are missing (after a "
                    "fail-over wait until the raw bucket is replicated), or two Regions have written (docs/regions.md)."
                )
            before = commit.instant

    def check_newest(self, note: CommitNote, made: Commit | None = None) -> Commit:
        """The commit just made: it is there, it is the newest, and fences do not fall (G5).

        Args:
            note: what it carries.
            made: the commit as it was written, by an engine that knows; spares fetching it.

        Raises:
            TimelineViolation: another writer was at the table.
        """
        if made is not None:
            self._commits[made.instant] = made
        self.refresh()
        own = list(islice((commit for commit in self.commits() if not commit.is_service), 2))
        newest = own[0].note if own else None
        if newest is None or (newest.batch_id, newest.fence) != (note.batch_id, note.fence):
            raise TimelineViolation(
                f"The commit of file batch {note.batch_id} is not the newest of {self._base}: another writer was there. "
                "Make sure no other job writes this table; the next run compares ledger and timeline."
            )
        if len(own) > 1 and note.follows not in (None, own[1].instant):
            raise TimelineViolation(
                f"Commit {own[1].instant} came into {self._base} while file batch {note.batch_id} was written after "
                f"{note.follows or 'nothing'}: another writer was there, or a replica of another Region's commit arrived. "
                "Make sure there is none; the next run compares ledger and timeline."
            )
        if len(own) > 1 and own[1].note is not None and own[1].note.fence > note.fence:
            raise TimelineViolation(
                f"{self._base} has a commit with fence {own[1].note.fence}, this run held {note.fence}: a former owner "
                "woke up or this one did. The next run compares ledger and timeline."
            )
        self.check_whole(own[0])
        return own[0]

    def check_whole(self, commit: Commit) -> None:
        """Check that the data files of a commit are there: Hudi would not miss them, and its rows would be gone.

        A writer that took this one for dead rolls its files back; the commit completed afterwards is an empty shell.

        Raises:
            TimelineViolation: some are not.
        """
        if lost := self._lost(commit):
            raise TimelineViolation(
                f"Commit {commit.instant} of {self.location} has no data file {lost[0]}: another writer rolled it back while it "
                f"was made. Make sure that no other job writes this table, then remove .hoodie/{commit.instant}.commit (or "
                ".replacecommit), in which no row is: the next run applies its files again."
            )

    def stored_partitions(self) -> tuple[tuple[str, str], ...]:
        """(value, path) of all partitions on storage; each has a metadata file, without which Spark reads nothing."""
        prefix = f"{self._base}/"
        entries = (entry.key[len(prefix) :] for entry in self._objects.list(self._bucket, prefix))
        paths = [key.rsplit("/", 1)[0] for key in entries if "/.hoodie_partition_metadata" in key]
        return tuple((partition_value(path), path) for path in sorted(set(paths)))

    def remove_unfinished(self) -> None:
        """Clear what a dead first load left: without a completed commit nothing of it was ever visible.

        Hudi would show such files once a later commit completes (docs/hudi.md, dead writers).

        Raises:
            TimelineViolation: the folder holds something that is no Hudi table, or a commit.
        """
        keys = [entry.key for entry in self._objects.list(self._bucket, f"{self._base}/")]
        if any(_COMPLETED.match(key.rpartition("/.hoodie/")[2]) for key in keys):
            raise TimelineViolation(
                f"{self.location} has a commit by now that was not there when this run began: another writer was there. "
                "Nothing was removed; the next run compares ledger and timeline."
            )
        if keys and not self.has_folder:
            raise TimelineViolation(
                f"{self.location} is not empty and holds no Hudi table. Empty it, or configure another raw table."
            )
        self._objects.delete(self._bucket, keys)
