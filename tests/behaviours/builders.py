"""Values that the behaviour suite works with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import count
from threading import RLock
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler

from odpf.adapters.aws import Aws
from odpf.audit import AuditRow
from odpf.counts import Counts
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.settings import Settings, StagingPlace
from odpf.states import FileState, Outcome
from odpf.table_state import TableState
from odpf.tables import TABLES

NOW = datetime(2026, 1, 31, 10, 15, 30, 123456, tzinfo=UTC)
TABLE = "taxi_trips.table_1"
RAW_TABLE = "lake_raw.table_1"
NEVER_RUN = TableState(raw_table=RAW_TABLE, source_table_name=TABLE)
SETTINGS = Settings(
    staging_places=(StagingPlace(bucket="odpf-staging", folder="internal_staging"),),
    raw_bucket="odpf-raw",
    artifacts_bucket="odpf-artifacts",
)
_PREFIXES = count(1)


def landed(number: int = 1, table: str = "taxi_trips/table_1", etag: str = "e1") -> LandedFile:
    """A change file of a table."""
    file = LandedFile.parse(
        bucket="odpf-staging",
        key=f"internal_staging/{table}/20260131-{number:09d}.parquet",
        etag=etag,
        size=1000,
        last_modified=NOW,
        places=SETTINGS.staging_places,
    )
    assert file is not None
    return file


def processed(file: LandedFile, **values: Any) -> FileRecord:
    """What history keeps of an applied file."""
    return FileRecord(
        file=file,
        state=FileState.PROCESSED,
        raw_table=RAW_TABLE,
        batch_id="b1",
        run_id="r1",
        generation=1,
        rows=3,
        first_sequence="2026" + "0" * 31,
        last_sequence="2026" + "1" * 31,
        done_at="2026-01-31T10:16:00.000000Z",
        **values,
    )


def audit_row(
    run: str = "r1", table: str = "table_1", started: str = "2026-01-31T10:00:00.000000Z", **more: Any
) -> AuditRow:
    """What a run did for a table."""
    values: dict[str, Any] = {
        "source_table_name": f"taxi_trips.{table}",
        "raw_database_name": "lake_raw",
        "raw_table_name": table,
        "outcome": Outcome.COMPLETED,
        "counts": Counts(rows_read=3, rows_inserted=2, rows_late=1),
        "warnings": ("one", "two"),
        "raw_table": f"lake_raw.{table}",
        "run_id": run,
        "run_started_at": started,
        "batch_no": 0,
        "refresh_cadence": "10_min_refresh",
        "glue_job_run_id": "jr_1",
        "started_at": started,
        "ended_at": started,
        "commit_instants": ("20260131100000000",),
    }
    return AuditRow(**(values | more))


@contextmanager
def moto_aws(monkeypatch: pytest.MonkeyPatch, settings: Settings = SETTINGS) -> Iterator[Aws]:
    """The adapters on an emulator in this process, its DynamoDB as atomic as the real one."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    lock, call_action = RLock(), DynamoHandler.call_action

    def one_at_a_time(self: DynamoHandler) -> Any:
        with lock:
            return call_action(self)

    monkeypatch.setattr(DynamoHandler, "call_action", one_at_a_time)
    with mock_aws():
        session = _session()
        dynamodb = session.client("dynamodb")
        for table in TABLES:
            dynamodb.create_table(**table.create_table(settings))
        s3 = session.client("s3")
        for bucket in (*(place.bucket for place in settings.staging_places), settings.raw_bucket):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        yield Aws(settings, session, retry_seconds=5)


def local_aws(monkeypatch: pytest.MonkeyPatch, url: str, settings: Settings = SETTINGS) -> Aws:
    """The adapters on a server that has DynamoDB and nothing else, with tables under a prefix that is new."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    settings = settings.model_copy(update={"prefix": f"t{next(_PREFIXES)}_"})
    aws = Aws(settings, _session(), retry_seconds=5)
    for table in TABLES:
        aws._dynamo.client.create_table(**table.create_table(settings))
    return aws


@cache
def _session() -> boto3.Session:
    """One for all tests: reading the descriptions of the services takes longer than most of them."""
    return boto3.Session("testing", "testing", region_name="eu-west-1")
