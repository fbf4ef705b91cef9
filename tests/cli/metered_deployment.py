"""A deployment on an emulator in this process: the entry points as AWS calls them, every request metered but Spark's.

The Glue job has an engine in memory in Spark's place, whose requests are not counted; the function has Arrow itself.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT_ID

import lambdas.process_batch
from file_manager.register import register
from file_processor.engines.engine import MOST_COMMITS
from glue_scripts import process_batch
from lambdas import batch_manager, summarise
from odpf.adapters.aws import Aws
from odpf.clock import utc_now
from odpf.landed_file import LandedFile
from odpf.ports import ObjectStore
from odpf.settings import Settings, StagingPlace
from odpf.states import Compute, EngineName, RefreshStatus, Then
from odpf_local.aws.function_call import LambdaContext
from odpf_local.aws_hook import Hook, Meter, everywhere
from tests.behaviours.builders import moto_aws
from tests.file_processor.memory_engine import MemoryEngine

# Names of ordinary length: items are billed by their size.
CADENCE = "10_min_refresh"
REGION = "eu-west-1"
SETTINGS = Settings(
    staging_places=(StagingPlace(bucket="acme-prod-lake-staging-eu-west-1", folder="internal_staging"),),
    raw_bucket="acme-prod-lake-raw-eu-west-1",
    artifacts_bucket="acme-prod-odpf-artifacts-eu-west-1",
)
_FULL = pa.schema([("ID", pa.int64()), ("V", pa.int64())])
_CHANGES = pa.schema([("Op", pa.string()), *_FULL, ("SEQ", pa.string())])


class MeteredDeployment:
    """Tables of one cadence, each loaded once and changed once; `take` tells what was used since the last call.

    Attributes:
        commits: of every table's timeline.
    """

    def __init__(self, aws: Aws, meter: Meter, tables: int, compute: Compute) -> None:
        self._aws, self._meter, self._compute = aws, meter, compute
        self.take = meter.take
        self.tables = [f"order_management.customer_order_{number:04d}" for number in range(tables)]
        self.commits: Counter[str] = Counter()
        self._run_id, self._changes, self._runs = "", 0, 0
        self._planned: set[str] = set()
        cadence = {"refresh_cadence": CADENCE, "schedule": "rate(10 minutes)", "compute": compute.value}
        aws.config.put_cadence(cadence)
        aws.config.put_tables(_config(table) for table in self.tables)
        for table in self.tables:
            self._put(table, "LOAD00000001.parquet", [{"ID": 1, "V": 0}], _FULL)
        self.run()
        for table in self.tables:
            self.change(table)
        self.run()  # the commit after a load looks for partitions, once in a table's life
        self.take()

    @property
    def staged(self) -> int:
        """Files in staging: a load of every table and the changes."""
        return len(self.tables) + self._changes

    def change(self, table: str) -> dict[str, float]:
        """Land one change file; what registering it used."""
        self._changes += 1
        row = {"Op": "U", "ID": 1, "V": self._changes, "SEQ": f"2026013110153000{self._changes:019d}"}
        return self._put(table, f"20260131-1015{self._changes:05d}.parquet", [row], _CHANGES)

    def run(self) -> None:
        self.plan()
        self.process()
        self.summarise()

    def lengthen(self, table: str) -> None:
        """Have the ledger say that a table's timeline is long enough for maintenance."""
        (state,) = self._aws.ledger.states(
            [f"{_config(table)['raw_database_name']}.{_config(table)['raw_table_name']}"]
        ).values()
        lease = self._aws.ledger.acquire(state, "jr_long", "long", utc_now())
        lease = self._aws.ledger.advance(lease, lease.model_copy(update={"active_commits": MOST_COMMITS + 1}))
        self._aws.ledger.release(lease, RefreshStatus.COMPLETED, None, utc_now())
        self.take()

    def make_loads_old(self) -> None:
        """As if the tables' full loads had been put a day ago; new ones are looked at, as they may be put again."""
        backend = get_backend("s3")[ACCOUNT_ID]["aws"]
        for name, key in backend.buckets[SETTINGS.staging_places[0].bucket].keys.items():
            if "/LOAD" in name:
                key.last_modified -= timedelta(days=1)

    def plan(self, *, maintenance: bool = False) -> dict[str, Any]:
        self._runs += 1
        self._run_id = f"{CADENCE}-20260131T1015{self._runs:02d}-3f2a"
        given = {"refresh_cadence": CADENCE, "maintenance": maintenance}
        event = {"run_id": self._run_id, "refresh_cadence": CADENCE, "input": given}
        return batch_manager.handler(event, LambdaContext("batch_manager"))

    def process(self) -> None:
        """Run the one batch of the plan."""
        uri = f"s3://{SETTINGS.artifacts_bucket}/runs/{self._run_id}/batches/0.json"
        if self._compute is Compute.LAMBDA:
            event = {"run_id": self._run_id, "manifest_uri": uri}
            answer = lambdas.process_batch.handler(event, LambdaContext("process_batch"))
            assert answer["then"] == Then.DONE
        else:
            self._job_run(uri)
        self.commits.update(self._planned)
        self._planned.clear()

    def _job_run(self, uri: str) -> None:
        job_run_id = f"jr_{'a1' * 32}"
        failed = process_batch.main(
            [
                "--JOB_RUN_ID",
                job_run_id,
                "--run_id",
                self._run_id,
                "--manifest_uri",
                uri,
                "--JOB_NAME",
                "file_processor",
            ]
        )
        assert not failed

    def summarise(self) -> None:
        answer = summarise.handler({"run_id": self._run_id}, LambdaContext("summarise"))
        assert answer["status"] == "SUCCEEDED"

    def _put(self, table: str, name: str, rows: list[dict[str, Any]], schema: pa.Schema) -> dict[str, float]:
        place, content = SETTINGS.staging_places[0], io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), content)
        key = f"{place.prefix}{table.replace('.', '/')}/{name}"
        self._aws.objects.put(place.bucket, key, content.getvalue())
        (entry,) = self._aws.objects.list(place.bucket, key)
        file = LandedFile.parse(
            bucket=place.bucket,
            key=key,
            etag=entry.etag,
            size=entry.size,
            last_modified=entry.last_modified,
            places=SETTINGS.staging_places,
        )
        assert file is not None
        self._planned.add(table)
        self.take()
        register(file, self._aws.tracker, utc_now())
        return self.take()


class _Unmetered:
    """The engine's objects: what Hudi asks of S3 is not what this engine asks."""

    def __init__(self, objects: ObjectStore, meter: Meter) -> None:
        self._objects, self._meter = objects, meter

    def get(self, bucket: str, key: str) -> bytes:
        with self._meter.paused():
            return self._objects.get(bucket, key)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        with self._meter.paused():
            self._objects.put(bucket, key, content)

    def list(self, bucket: str, prefix: str) -> Iterable[Any]:
        with self._meter.paused():
            return list(self._objects.list(bucket, prefix))


@contextmanager
def metered_deployment(
    monkeypatch: pytest.MonkeyPatch, tables: int, compute: Compute = Compute.GLUE
) -> Iterator[MeteredDeployment]:
    places = json.dumps([place.model_dump(include={"name", "bucket", "folder"}) for place in SETTINGS.staging_places])
    for name, value in {
        "AWS_DEFAULT_REGION": REGION,
        "ODPF_STAGING_PLACES": places,
        "ODPF_RAW_BUCKET": SETTINGS.raw_bucket,
        "ODPF_ARTIFACTS_BUCKET": SETTINGS.artifacts_bucket,
    }.items():
        monkeypatch.setenv(name, value)
    meter = Meter()
    with moto_aws(monkeypatch, SETTINGS) as aws, everywhere(Hook(meter)):
        aws.session.client("s3").create_bucket(
            Bucket=SETTINGS.artifacts_bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        aws.session.client("glue").create_job(
            Name=SETTINGS.glue_job_name, Role="job", Command={"Name": "glueetl", "ScriptLocation": "s3://code/x.py"}
        )
        engine = MemoryEngine(_Unmetered(aws.objects, meter))
        monkeypatch.setattr(process_batch, "both", lambda objects: {EngineName.SPARK: lambda: engine})
        monkeypatch.setattr(process_batch, "job_log", lambda **_: None)
        batch_manager.batch_manager.cache_clear()
        try:
            yield MeteredDeployment(aws, meter, tables, compute)
        finally:
            batch_manager.batch_manager.cache_clear()


def _config(table: str) -> dict[str, str]:
    return {
        "source_table_name": table,
        "refresh_cadence": CADENCE,
        "raw_database_name": "order_management_raw",
        "raw_table_name": table.split(".")[1],
        "hudi_primary_key": "id",
        "hudi_precombine_field": "seq",
        "hudi_table_type": "copy_on_write",
        "table_data_versioning_type": "S",
        "is_active": "Y",
    }


def used(*parts: tuple[Mapping[Any, float], float]) -> dict[str, float]:
    """The sum of uses, each (use, times)."""
    total: Counter[str] = Counter()
    for use, times in parts:
        total.update({str(priced): quantity * times for priced, quantity in use.items()})
    return {priced: quantity for priced, quantity in total.items() if quantity}
