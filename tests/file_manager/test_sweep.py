"""The listing finds what events did not tell of, and costs little when there is nothing (R2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from file_manager.register import register_message
from file_manager.sweep import SweepResult, overwritten, sweep
from odpf.errors import TransientError
from odpf.file_record import FileRecord
from odpf.full_load_completion import LoadSigns
from odpf.landed_file import LandedFile
from odpf.ports import StoredObject
from odpf.settings import StagingPlace
from odpf.states import FileState
from odpf_local.memory import MemoryFileTracker, MemoryObjectStore
from tests.file_manager.payloads import CHANGES, PLACES, staged

NOW = datetime(2026, 1, 31, 10, 20, tzinfo=UTC)
WRITTEN = datetime(2026, 1, 31, 10, 15, 30, tzinfo=UTC)
TABLE = "taxi_trips.table_1"
BUCKET = "odpf-staging"
FOLDER = "internal_staging/taxi_trips"


class CountingObjects(MemoryObjectStore):
    """Counts listings, and fails those of some prefixes."""

    def __init__(self) -> None:
        super().__init__(lambda: WRITTEN)
        self.listed: list[str] = []
        self.broken: set[str] = set()

    def list(self, bucket: str, prefix: str) -> Iterator[StoredObject]:
        self.listed.append(prefix)
        if prefix in self.broken:
            raise TransientError(f"Listing {prefix} failed.")
        return super().list(bucket, prefix)


class CountingTracker(MemoryFileTracker):
    """Counts what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    def known(self, files: Iterable[LandedFile]) -> set[str]:
        self.asked["known"] += 1
        return super().known(files)

    def register(self, file, landed_at):
        self.asked["register"] += 1
        return super().register(file, landed_at)

    def pending(self, source_table_name):
        self.asked["pending"] += 1
        return super().pending(source_table_name)


@pytest.fixture
def objects() -> CountingObjects:
    return CountingObjects()


@pytest.fixture
def tracker() -> CountingTracker:
    return CountingTracker()


def later(seconds: int) -> datetime:
    return WRITTEN + timedelta(seconds=seconds)


def entry(name: str) -> StoredObject:
    return StoredObject(f"{FOLDER}/table_1/{name}", "e", 1, WRITTEN)


def swept(objects, tracker, tables: Iterable[str] = (TABLE,), places=PLACES) -> SweepResult:
    return sweep(places, tables, objects, tracker, NOW)


def test_a_file_whose_event_was_lost_is_registered(objects, tracker):
    objects.put(BUCKET, f"{FOLDER}/table_1/2026/01/31/{CHANGES}", b"x")
    result = swept(objects, tracker)
    (file,) = tracker.pending(TABLE)
    assert result.registered == (file,)
    assert result.listings == {TABLE: {file.file_id: file}}
    assert file.last_modified == WRITTEN


def test_a_file_known_by_its_event_gets_s3s_own_time_in_the_listing(objects, tracker):
    objects.put(BUCKET, f"{FOLDER}/table_1/{CHANGES}", b"x")
    (entry,) = objects.list(BUCKET, "")
    register_message(staged(f"taxi_trips/table_1/{CHANGES}", entry.etag), PLACES, tracker, NOW)
    (by_event,) = tracker.pending(TABLE)
    result = swept(objects, tracker)
    assert result.registered == ()
    assert by_event.last_modified != WRITTEN
    assert result.listings[TABLE][by_event.file_id].last_modified == WRITTEN


def test_nothing_new_costs_one_listing_a_table_and_one_question(objects, tracker):
    tables = [f"taxi_trips.table_{n}" for n in range(50)]
    for n in range(50):
        objects.put(BUCKET, f"{FOLDER}/table_{n}/{CHANGES}", b"x")
    swept(objects, tracker, tables)
    objects.listed.clear()
    tracker.asked.clear()
    assert swept(objects, tracker, tables).registered == ()
    assert sorted(objects.listed) == sorted(f"{FOLDER}/table_{n}/" for n in range(50))
    assert tracker.asked == {"known": 1}


def test_a_file_that_is_done_is_listed_and_not_registered(objects, tracker):
    objects.put(BUCKET, f"{FOLDER}/table_1/{CHANGES}", b"x")
    (file,) = swept(objects, tracker).registered
    tracker.move([FileRecord(file=file, state=FileState.PROCESSED)])
    result = swept(objects, tracker)
    assert result.registered == ()
    assert result.listings[TABLE] == {file.file_id: file}
    assert tracker.pending(TABLE) == []


def test_an_object_overwritten_while_its_file_waits_is_noticed(objects, tracker):
    objects.put(BUCKET, f"{FOLDER}/table_1/{CHANGES}", b"before")
    (before,) = swept(objects, tracker).registered
    objects.put(BUCKET, f"{FOLDER}/table_1/{CHANGES}", b"after!")
    result = swept(objects, tracker)
    (after,) = result.registered
    assert result.overwritten == ((before, after),)
    assert list(overwritten(tracker.pending(TABLE), result.listings[TABLE])) == [(before, after)]


def test_files_that_cannot_be_applied_are_quarantined_once_and_not_listed(objects, tracker):
    for below in ("table_1/part-0.parquet", f"table_1//{CHANGES}", "table_1/notes.txt"):
        objects.put(BUCKET, f"{FOLDER}/{below}", b"x")
    for _ in range(2):
        assert swept(objects, tracker).listings == {TABLE: {}}
    assert sorted(record.file.source_table_name for record in tracker.history()) == ["?", TABLE]
    assert list(tracker.all_pending()) == []


def test_the_listing_shows_the_marker_of_a_whole_load_and_s3s_clock_for_no_further_request(objects, tracker):
    objects.put(BUCKET, f"{FOLDER}/table_1/LOAD00000001.parquet", b"x")
    objects.put(BUCKET, f"{FOLDER}/table_1/_ODPF_LOAD_COMPLETE", b"")
    objects.put(BUCKET, f"{FOLDER}/table_2/2026/_ODPF_LOAD_COMPLETE", b"")
    result = swept(objects, tracker, [TABLE, "taxi_trips.table_2", "taxi_trips.table_3"])
    assert result.signs == {
        TABLE: LoadSigns(WRITTEN, WRITTEN),
        "taxi_trips.table_2": LoadSigns(None, WRITTEN),  # not in the table's folder itself
        "taxi_trips.table_3": LoadSigns(),
    }
    assert len(objects.listed) == 3
    assert list(tracker.history()) == []


def test_the_clock_of_a_long_listing_is_that_of_its_first_page(objects, tracker):
    """What is put while later pages are listed may be missed, so a later clock would find a load too quiet."""
    times = iter([later(0), later(9)])
    pages = [e._replace(listed_at=next(times)) for e in (entry("LOAD00000001.parquet"), entry("LOAD00000002.parquet"))]
    objects.list = lambda *_: iter(pages)
    assert swept(objects, tracker).signs[TABLE].listed_at == later(0)


def test_tables_with_similar_names_are_listed_apart(objects, tracker):
    tables = {"a_b.c": "a_b/c", "a.b_c": "a/b_c", "a%2Eb.c": "a.b/c", "a.b%2Ec": "a/b.c", "a.T": "a/T", "a.t": "a/t"}
    for folder in tables.values():
        objects.put(BUCKET, f"internal_staging/{folder}/{CHANGES}", b"x")
    result = swept(objects, tracker, tables)
    assert {table: [file.key for file in listing.values()] for table, listing in result.listings.items()} == {
        table: [f"internal_staging/{folder}/{CHANGES}"] for table, folder in tables.items()
    }


def test_each_table_is_listed_at_its_own_place(objects, tracker):
    places = (StagingPlace(bucket=BUCKET), StagingPlace(name="hr", bucket=BUCKET, folder="hr"))
    objects.put(BUCKET, f"hr/s/t/{CHANGES}", b"x")
    objects.put(BUCKET, f"hr/s/{CHANGES}", b"y")
    result = swept(objects, tracker, ["hr.s.t", "hr.s"], places)
    assert len(result.listings["hr.s.t"]) == 1
    assert result.listings["hr.s"] == {}
    assert [file.source_table_name for file in tracker.all_pending()] == ["hr.s.t"]


def test_a_table_that_cannot_be_listed_touches_no_other(objects, tracker):
    objects.put(BUCKET, f"{FOLDER}/table_1/{CHANGES}", b"x")
    objects.broken.add(f"{FOLDER}/table_2/")
    result = swept(objects, tracker, [TABLE, "taxi_trips.table_2", "nowhere.s.t", "no table"])
    assert set(result.listings) == {TABLE}
    assert set(result.problems) == {"taxi_trips.table_2", "nowhere.s.t", "no table"}
    assert "ODPF_STAGING_PLACES" in result.problems["nowhere.s.t"]


def test_no_tables_are_no_work(objects, tracker):
    assert swept(objects, tracker, []) == SweepResult({}, (), (), {}, {})
