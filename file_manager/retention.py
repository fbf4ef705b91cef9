"""Retention: staged files that were applied and are older than the promised replay window go, and no others.

Age alone never lets a file go. What stays, and why, is told in docs/operate.md.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from odpf.errors import InvalidSettings
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.ports import FileTracker, ObjectStore, StoredObject
from odpf.settings import Settings, StagingPlace
from odpf.staging import landed
from odpf.states import DmsFileType, FileState

POSITION_KEY = "retention/position.json"
"""Where in the artifacts bucket an unfinished pass is kept."""
OBJECTS_AT_ONCE = 1000
"""Objects that are listed, looked up and removed before the time left is looked at: one page of a listing."""
THREADS = 16
"""Removals at once: S3 has no request that removes several objects and answers as surely for each."""


class Verdict(StrEnum):
    """Why a staged file goes or stays."""

    EXPIRED = "expired"  # applied, and both the file and its being applied are older than the window
    YOUNG = "young"
    FULL_LOAD = "full_load"  # a later load may repeat it byte by byte, and then it has to be there
    NOT_APPLIED = "not_applied"  # waits, or history does not know it
    IN_QUARANTINE = "in_quarantine"
    APPLIED_LATELY = "applied_lately"
    CHANGED = "changed"  # overwritten since it was listed


class Position(BaseModel):
    """How far an unfinished pass came: the next run goes on behind it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    bucket: str
    prefix: str
    after: str


class Expiry(NamedTuple):
    """What one run did.

    Attributes:
        removed, removed_bytes: files that went.
        kept: files that stay, by verdict.
        ignored: objects in the staging places that are no landed files.
        finished: whether the pass came to its end; otherwise the next run goes on where this one stopped.
    """

    removed: int
    removed_bytes: int
    kept: Mapping[str, int]
    ignored: int
    finished: bool


def retention_days(environment: Mapping[str, str] = os.environ) -> int:
    """Length of the replay window from `ODPF_RETENTION_DAYS`; 0, the default, keeps everything.

    Raises:
        InvalidSettings: it is no number of days.
    """
    text = environment.get("ODPF_RETENTION_DAYS", "0")
    if not (text.isascii() and text.isdigit()):
        raise InvalidSettings(
            f"ODPF_RETENTION_DAYS is {text!r}. Give the days that applied files are kept, or 0 to keep all of them."
        )
    return int(text)


def verdict(file: LandedFile, record: FileRecord | None, before: datetime) -> Verdict:
    """Decide about one file.

    Args:
        file: as listed just now, with S3's own LastModified.
        record: what history has of exactly this content, None when it has nothing (or is read too early).
        before: the beginning of the replay window.
    """
    if file.last_modified >= before:
        return Verdict.YOUNG
    if file.dms_file_type is DmsFileType.FULL:
        return Verdict.FULL_LOAD
    if file.problem is not None or (record is not None and record.state is FileState.QUARANTINED):
        return Verdict.IN_QUARANTINE
    if record is None or record.state is not FileState.PROCESSED or record.done_at is None:
        return Verdict.NOT_APPLIED
    if datetime.fromisoformat(record.done_at) >= before:
        return Verdict.APPLIED_LATELY
    return Verdict.EXPIRED


def expire(
    settings: Settings, objects: ObjectStore, tracker: FileTracker, before: datetime, goes_on: Callable[[], bool]
) -> Expiry:
    """Remove the staged files whose replay window is over.

    It costs one LIST per 1,000 objects, half a read unit per file older than the window that is no full load, and one
    DELETE per file that goes. History keeps its item of every one.

    Args:
        settings: the staging places, and the artifacts bucket for the position.
        objects: where the files are.
        tracker: what became of them.
        before: the beginning of the replay window.
        goes_on: asked after every 1,000 objects whether there is time for more.
    """
    found: Counter[Verdict] = Counter()
    removed_bytes = ignored = 0
    with ThreadPoolExecutor(THREADS, thread_name_prefix="retention") as pool:
        for place, listed in _from(_position(settings, objects), settings.staging_places, objects):
            parsed = [(entry, landed(place.bucket, entry, settings.staging_places)) for entry in listed]
            files = [(entry, file) for entry, file in parsed if file is not None]
            ignored += len(parsed) - len(files)
            decided = _decide([file for _, file in files], tracker, before)
            due = [entry for (entry, _), said in zip(files, decided, strict=True) if said is Verdict.EXPIRED]
            gone = pool.map(lambda e, b=place.bucket: objects.delete_if_unchanged(b, e.key, e.etag), due)
            went = [entry for entry, removed in zip(due, gone, strict=True) if removed]
            removed_bytes += sum(entry.size for entry in went)
            found.update(said for said in decided if said is not Verdict.EXPIRED)
            found.update({Verdict.EXPIRED: len(went), Verdict.CHANGED: len(due) - len(went)})
            if not goes_on():
                _put_position(settings, objects, Position(**place._asdict(), after=listed[-1].key))
                return _expiry(found, removed_bytes, ignored, finished=False)
    _put_position(settings, objects, None)
    return _expiry(found, removed_bytes, ignored, finished=True)


class _Place(NamedTuple):
    bucket: str
    prefix: str


def _from(
    position: Position | None, places: Sequence[StagingPlace], objects: ObjectStore
) -> Iterator[tuple[_Place, list[StoredObject]]]:
    """The objects of all staging places behind a position, in portions; a place inside another is listed with it."""
    roots = _roots(places)
    start = _Place(position.bucket, position.prefix) if position else None
    first = roots.index(start) if start in roots else 0
    for root in roots[first:]:
        after = position.after if position and root == start else ""
        listing = iter(objects.list(root.bucket, root.prefix, after))
        while portion := list(islice(listing, OBJECTS_AT_ONCE)):
            yield root, portion


def _roots(places: Iterable[StagingPlace]) -> list[_Place]:
    every = sorted({_Place(place.bucket, place.prefix) for place in places})
    return [
        each
        for each in every
        if not any(o.bucket == each.bucket and o != each and each.prefix.startswith(o.prefix) for o in every)
    ]


def _decide(files: Sequence[LandedFile], tracker: FileTracker, before: datetime) -> list[Verdict]:
    """A verdict for every file; history is asked only about those it can make a difference for."""
    open_ones = [file for file in files if verdict(file, None, before) is Verdict.NOT_APPLIED]
    records = tracker.finished(open_ones) if open_ones else {}
    return [verdict(file, records.get(file.file_id), before) for file in files]


def _position(settings: Settings, objects: ObjectStore) -> Position | None:
    try:
        position = Position.model_validate_json(objects.get(settings.artifacts_bucket, POSITION_KEY))
    except (FileNotFoundError, ValidationError):  # no pass is unfinished, or another release left it: begin anew
        return None
    return position if position.version == 1 else None


def _put_position(settings: Settings, objects: ObjectStore, position: Position | None) -> None:
    content = position.model_dump_json().encode() if position else b"{}"
    objects.put(settings.artifacts_bucket, POSITION_KEY, content)


def _expiry(found: Counter[Verdict], removed_bytes: int, ignored: int, *, finished: bool) -> Expiry:
    kept = {said.value: number for said, number in sorted(found.items()) if said is not Verdict.EXPIRED and number}
    return Expiry(found[Verdict.EXPIRED], removed_bytes, kept, ignored, finished)
