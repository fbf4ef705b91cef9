"""The Lambda on S3 and DynamoDB: off by default, counts in its answer, ends before its time does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from lambdas import retention
from odpf.adapters.aws import Aws
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.states import FileState
from tests.behaviours.builders import NEVER_RUN, NOW, moto_aws
from tests.file_manager.payloads import described

KEY = "internal_staging/taxi_trips/table_1/20260131-101530123.parquet"
TIME = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with moto_aws(monkeypatch) as built:
        retention._aws.cache_clear()
        built.session.client("s3").create_bucket(
            Bucket="odpf-artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        yield built
    retention._aws.cache_clear()


@pytest.fixture
def staged(aws) -> Aws:
    """One file whose being applied is long ago; its object is as young as the test."""
    aws.objects.put("odpf-staging", KEY, b"rows")
    (entry,) = aws.objects.list("odpf-staging", "")
    file = LandedFile.parse(bucket="odpf-staging", places=aws.settings.staging_places, **described(entry))
    lease = aws.ledger.acquire(NEVER_RUN, "jr_1", "r1", NOW)
    record = FileRecord(file=file, state=FileState.PROCESSED, done_at="2020-01-31T10:16:00.000000Z")
    aws.ledger.finish_files(lease, [record])
    return aws


def test_without_a_window_everything_stays(staged, monkeypatch):
    monkeypatch.delenv("ODPF_RETENTION_DAYS", raising=False)
    assert retention.handler({}, TIME) == {"retention_days": 0}
    assert len(list(staged.objects.list("odpf-staging", ""))) == 1


def test_an_applied_file_goes_when_its_window_is_over(staged, monkeypatch, caplog):
    monkeypatch.setenv("ODPF_RETENTION_DAYS", "30")
    assert retention.handler({}, TIME)["kept"] == {"young": 1}
    monkeypatch.setattr(retention, "utc_now", lambda: datetime(2100, 1, 1, tzinfo=UTC))
    answer = retention.handler({}, TIME)
    assert answer == {
        "retention_days": 30,
        "removed": 1,
        "removed_bytes": 4,
        "kept": {},
        "ignored": 0,
        "finished": True,
    }
    assert list(staged.objects.list("odpf-staging", "")) == []
    assert caplog.records[-1].removed == 1


def test_it_stops_while_there_is_time_to_say_where(staged, monkeypatch):
    monkeypatch.setenv("ODPF_RETENTION_DAYS", "30")
    short = SimpleNamespace(get_remaining_time_in_millis=lambda: retention.SPARE_MILLISECONDS)
    assert retention.handler({}, short)["finished"] is False


def test_a_region_that_stands_by_removes_nothing(staged, monkeypatch):
    monkeypatch.setenv("ODPF_RETENTION_DAYS", "30")
    monkeypatch.setattr(retention, "utc_now", lambda: datetime(2100, 1, 1, tzinfo=UTC))
    staged.ledger.raise_epoch(staged.ledger.epoch(), "eu-central-1", "somebody", NOW)
    assert retention.handler({}, TIME) == {"retention_days": 30, "active_region": "eu-central-1"}
    assert len(list(staged.objects.list("odpf-staging", ""))) == 1
