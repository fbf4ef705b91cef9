"""A staged file goes only when it was applied and both it and that are older than the replay window."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from file_manager.retention import POSITION_KEY, Verdict, expire, retention_days, verdict
from odpf.clock import iso
from odpf.errors import InvalidSettings
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.settings import Settings, StagingPlace
from odpf.states import FileState
from odpf_local.memory import MemoryAws, MemoryObjectStore
from tests.file_manager.payloads import described

BEFORE = datetime(2026, 1, 31, tzinfo=UTC)
OLD, YOUNG = BEFORE - timedelta(days=1), BEFORE + timedelta(days=1)
BUCKET, FOLDER = "odpf-staging", "internal_staging"
CHANGES, LOAD = "20260130-101530123.parquet", "LOAD00000001.parquet"


class Staged:
    """A deployment in memory: files put at a time of their own, and what became of them."""

    def __init__(self, *places: StagingPlace) -> None:
        self.aws = MemoryAws(
            Settings(
                staging_places=places or (StagingPlace(bucket=BUCKET, folder=FOLDER),),
                raw_bucket="odpf-raw",
                artifacts_bucket="odpf-artifacts",
            )
        )
        self.at = OLD
        self.aws.objects = MemoryObjectStore(lambda: self.at)

    def put(self, key: str = f"shop/orders/{CHANGES}", at: datetime = OLD, content: bytes = b"rows") -> LandedFile:
        self.at = at
        key = f"{FOLDER}/{key}"
        self.aws.objects.put(BUCKET, key, content)
        (entry,) = (e for e in self.aws.objects.list(BUCKET, "") if e.key == key)
        file = LandedFile.parse(bucket=BUCKET, places=self.aws.settings.staging_places, **described(entry))
        assert file is not None
        return file

    def done(self, file: LandedFile, state=FileState.PROCESSED, at: datetime | None = OLD) -> LandedFile:
        self.aws.tracker.move([FileRecord(file=file, state=state, done_at=at and iso(at))])
        return file

    def expire(self, goes_on=lambda: True):
        return expire(self.aws.settings, self.aws.objects, self.aws.tracker, BEFORE, goes_on)

    def left(self) -> list[str]:
        return [entry.key.removeprefix(f"{FOLDER}/") for entry in self.aws.objects.list(BUCKET, "")]


@pytest.fixture
def staged() -> Staged:
    return Staged()


def test_a_file_applied_before_the_window_goes_and_keeps_its_history(staged):
    file = staged.done(staged.put())
    expiry = staged.expire()
    assert (expiry.removed, expiry.removed_bytes, expiry.kept, expiry.finished) == (1, 4, {}, True)
    assert staged.left() == []
    assert [record.file for record in staged.aws.tracker.history()] == [file]


@pytest.mark.parametrize(
    ("name", "written", "state", "done", "expected"),
    [
        (CHANGES, OLD, FileState.PROCESSED, OLD, Verdict.EXPIRED),
        (CHANGES, OLD, FileState.PROCESSED, YOUNG, Verdict.APPLIED_LATELY),
        (CHANGES, OLD, FileState.PROCESSED, BEFORE, Verdict.APPLIED_LATELY),
        (CHANGES, OLD, FileState.PROCESSED, None, Verdict.NOT_APPLIED),
        (CHANGES, OLD, FileState.LANDED, OLD, Verdict.NOT_APPLIED),
        (CHANGES, OLD, FileState.QUARANTINED, OLD, Verdict.IN_QUARANTINE),
        (CHANGES, OLD, None, None, Verdict.NOT_APPLIED),
        (CHANGES, YOUNG, FileState.PROCESSED, OLD, Verdict.YOUNG),
        (CHANGES, BEFORE, FileState.PROCESSED, OLD, Verdict.YOUNG),
        (LOAD, OLD, FileState.PROCESSED, OLD, Verdict.FULL_LOAD),
        (f"p1_{LOAD}", OLD, FileState.PROCESSED, OLD, Verdict.FULL_LOAD),
        ("part-0.parquet", OLD, FileState.PROCESSED, OLD, Verdict.IN_QUARANTINE),
    ],
)
def test_who_goes_and_who_stays(staged, name, written, state, done, expected):
    file = staged.put(f"shop/orders/{name}", at=written)
    record = FileRecord(file=file, state=state, done_at=done and iso(done)) if state else None
    assert verdict(file, record, BEFORE) is expected


def test_whatever_its_age_a_file_that_waits_or_is_in_quarantine_stays(staged):
    ancient = BEFORE - timedelta(days=3650)
    staged.aws.tracker.register(staged.put("shop/waits/" + CHANGES, at=ancient), ancient)
    staged.put("shop/unknown/" + CHANGES, at=ancient)
    staged.done(staged.put("shop/bad/" + CHANGES, at=ancient), FileState.QUARANTINED, at=ancient)
    staged.done(staged.put("shop/loads/" + LOAD, at=ancient), at=ancient)
    expiry = staged.expire()
    assert expiry.kept == {"full_load": 1, "in_quarantine": 1, "not_applied": 2}
    assert (expiry.removed, len(staged.left())) == (0, 4)


def test_other_content_under_the_same_name_is_another_file_that_was_not_applied(staged):
    staged.done(staged.put(content=b"before"))
    staged.put(content=b"after")
    assert staged.expire().kept == {"not_applied": 1}
    assert staged.left() == [f"shop/orders/{CHANGES}"]


def test_a_file_overwritten_after_it_was_listed_stays(staged):
    staged.done(staged.put(content=b"before"))
    delete = staged.aws.objects.delete_if_unchanged

    def overwritten_first(bucket, key, etag):
        staged.put(content=b"after")
        return delete(bucket, key, etag)

    staged.aws.objects.delete_if_unchanged = overwritten_first
    expiry = staged.expire()
    assert (expiry.removed, expiry.removed_bytes, expiry.kept) == (0, 0, {"changed": 1})
    assert staged.aws.objects.get(BUCKET, f"{FOLDER}/shop/orders/{CHANGES}") == b"after"


def test_objects_that_are_no_landed_files_and_objects_outside_the_staging_places_are_not_touched(staged):
    staged.put("shop/orders/" + CHANGES)
    for key in (f"{FOLDER}/shop/orders/notes.txt", f"{FOLDER}/shop/orders/_ODPF_LOAD_COMPLETE", f"other/s/t/{CHANGES}"):
        staged.aws.objects.put(BUCKET, key, b"")
    assert staged.expire().ignored == 2
    assert len(list(staged.aws.objects.list(BUCKET, ""))) == 4


def test_a_place_inside_another_is_swept_once(staged):
    staged = Staged(StagingPlace(bucket=BUCKET), StagingPlace(name="in", bucket=BUCKET, folder=FOLDER))
    staged.done(staged.put())
    staged.put("shop/waits/" + CHANGES)
    expiry = staged.expire()
    assert (expiry.removed, expiry.kept) == (1, {"not_applied": 1})


def test_history_is_asked_only_about_files_that_could_go(staged):
    asked = []
    finished = staged.aws.tracker.finished
    staged.aws.tracker.finished = lambda files: asked.extend(file.name for file in files) or finished(files)
    for key, at in ((CHANGES, OLD), (LOAD, OLD), ("20260201-101530123.parquet", YOUNG), ("part-0.parquet", OLD)):
        staged.put(f"shop/orders/{key}", at=at)
    staged.expire()
    assert asked == [CHANGES]


@pytest.fixture
def three_portions(staged, monkeypatch) -> Staged:
    monkeypatch.setattr("file_manager.retention.OBJECTS_AT_ONCE", 2)
    for number in range(5):
        staged.done(staged.put(f"shop/orders/20260130-{number:09d}.parquet"))
    return staged


def test_a_run_that_is_out_of_time_is_gone_on_with_by_the_next(three_portions):
    stays = three_portions.put(f"shop/a/{LOAD}")
    first = three_portions.expire(goes_on=lambda: False)
    assert (first.removed, first.kept, first.finished) == (1, {"full_load": 1}, False)
    second = three_portions.expire(goes_on=lambda: False)
    assert (second.removed, second.kept, second.finished) == (2, {}, False)
    third = three_portions.expire()
    assert (third.removed, third.kept, third.finished) == (2, {}, True)
    assert three_portions.left() == [stays.key.removeprefix(f"{FOLDER}/")]
    assert three_portions.expire().kept == {"full_load": 1}


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"broken", json.dumps({"version": 2, "bucket": BUCKET, "prefix": "", "after": "z"}).encode()],
)
def test_a_position_that_cannot_be_used_begins_anew(three_portions, content):
    three_portions.aws.objects.put("odpf-artifacts", POSITION_KEY, content)
    assert three_portions.expire().removed == 5


def test_a_position_in_a_place_that_is_no_longer_configured_begins_anew(three_portions):
    three_portions.aws.objects.put(
        "odpf-artifacts", POSITION_KEY, b'{"bucket": "gone", "prefix": "gone/", "after": "z"}'
    )
    assert three_portions.expire().removed == 5


@pytest.mark.parametrize(("environment", "days"), [({}, 0), ({"ODPF_RETENTION_DAYS": "30"}, 30)])
def test_the_window_is_a_number_of_days(environment, days):
    assert retention_days(environment) == days


@pytest.mark.parametrize("text", ["", "-1", "1.5", "thirty", "٣"])
def test_a_window_that_is_no_number_of_days_is_refused(text):
    with pytest.raises(InvalidSettings, match="ODPF_RETENTION_DAYS"):
        retention_days({"ODPF_RETENTION_DAYS": text})
