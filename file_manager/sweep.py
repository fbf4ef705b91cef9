"""The listing sweep: finds landed files whose events were lost, and S3's own times of those whose events were not.

It costs one LIST per table and 1,000 objects, and one request to the tracker per 100 objects of all tables together that may be new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

from file_manager.register import register
from odpf.errors import OdpfError, TerminalError
from odpf.full_load_completion import LOAD_COMPLETE, LoadSigns
from odpf.landed_file import LandedFile, localised
from odpf.ports import FileTracker, ObjectStore, StoredObject
from odpf.settings import StagingPlace
from odpf.staging import landed, place_and_prefix
from odpf.states import Registration

THREADS = 8
"""Requests at once; a listing waits for S3, not for a processor."""
FILES_AT_ONCE = 1000
"""Files that one thread asks the tracker about, a multiple of the 100 keys of its requests."""

Listing = Mapping[str, LandedFile]
"""The landed files now in S3, by file id."""


class Overwritten(NamedTuple):
    """A pending file whose object has other content now: it cannot be read any more."""

    pending: LandedFile
    stands: LandedFile


class SweepResult(NamedTuple):
    """What the staging places held.

    Attributes:
        listings: per source table its files, with S3's own LastModified; a table with a problem has none.
        registered: files that no event had told of.
        overwritten: pending files whose objects were found to have other content.
        problems: per source table why it could not be listed; nothing newer of it may be applied now.
        signs: per source table what else its listing shows: the marker of a whole load, S3's clock.
    """

    listings: Mapping[str, Listing]
    registered: tuple[LandedFile, ...]
    overwritten: tuple[Overwritten, ...]
    problems: Mapping[str, str]
    signs: Mapping[str, LoadSigns]


def sweep(
    places: Sequence[StagingPlace],
    tables: Iterable[str],
    objects: ObjectStore,
    tracker: FileTracker,
    now: datetime,
    since: datetime | None = None,
) -> SweepResult:
    """List the tables' staging prefixes and register what the tracker does not know.

    Args:
        places: the deployment's staging places.
        tables: source table names.
        objects: where to list.
        tracker: where to register.
        now: the time of landing of what is registered here.
        since: files that were put before it are known to the tracker, by S3's own LastModified; without it all are asked for.

    Raises:
        OdpfError: the tracker cannot be read or written; a listing that fails is a problem of its table alone.
    """
    with ThreadPoolExecutor(THREADS, thread_name_prefix="sweep") as pool:
        found = list(pool.map(lambda table: list_table(table, places, objects), dict.fromkeys(tables)))
        seen = [file for one in found for file in one.files if since is None or file.last_modified >= since]
        parts = [seen[start : start + FILES_AT_ONCE] for start in range(0, len(seen), FILES_AT_ONCE)]
        known = set().union(*pool.map(tracker.known, parts))
        unknown = [file for file in seen if file.file_id not in known]
        results = list(pool.map(lambda file: register(file, tracker, now), unknown))
        new = [f for f, result in zip(unknown, results, strict=True) if result is Registration.REGISTERED]
        listings = {one.table: one.listing for one in found if one.problem is None}
        touched = sorted({file.source_table_name for file in new} & listings.keys())
        pending = pool.map(tracker.pending, touched)
        replaced = [
            o
            for table, files in zip(touched, pending, strict=True)
            for o in overwritten([localised(file, places) for file in files], listings[table])
        ]
    problems = {one.table: one.problem for one in found if one.problem is not None}
    signs = {one.table: one.signs for one in found if one.problem is None}
    return SweepResult(listings, tuple(new), tuple(replaced), problems, signs)


def overwritten(pending: Iterable[LandedFile], listing: Listing) -> Iterator[Overwritten]:
    """Tell pending files whose key now holds other content."""
    stands = {(file.bucket, file.key): file for file in listing.values()}
    for file in pending:
        now = stands.get((file.bucket, file.key))
        if now is not None and now.file_id != file.file_id:
            yield Overwritten(file, now)


class Found(NamedTuple):
    """What the listing of one table gave."""

    table: str
    files: Sequence[LandedFile] = ()
    problem: str | None = None
    signs: LoadSigns = LoadSigns()

    @property
    def listing(self) -> Listing:
        """The files that can be applied; those at places or under names that DMS does not use are quarantined."""
        return {file.file_id: file for file in self.files if file.problem is None}

    def checked(self) -> Found:
        """The same.

        Raises:
            TerminalError: the table could not be listed.
        """
        if self.problem is not None:
            raise TerminalError(f"What lies in staging of {self.table} is not known: {self.problem}")
        return self


def list_table(table: str, places: Sequence[StagingPlace], objects: ObjectStore) -> Found:
    """List one table and register nothing; whatever is wrong with it touches no other table."""
    try:
        place, prefix = place_and_prefix(table, places)
        listed = list(objects.list(place.bucket, prefix))
        parsed = [landed(place.bucket, entry, places) for entry in listed]
    except OdpfError as error:
        return Found(table, problem=str(error))
    # Objects below a place inside this table's folder are another table's; those of no table are quarantined here.
    files = [file for file in parsed if file and (file.source_table_name == table or file.problem)]
    return Found(table, files, signs=_signs(listed, f"{prefix}{LOAD_COMPLETE}"))


def _signs(listed: Sequence[StoredObject], marker: str) -> LoadSigns:
    """The marker, and the clock of the first page: whatever was put before it is on this page or a later one."""
    marked = [entry.last_modified for entry in listed if entry.key == marker]
    return LoadSigns(marked[0] if marked else None, listed[0].listed_at if listed else None)
