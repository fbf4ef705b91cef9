"""Run from the package of `process_batch` alone: loads a table with it, changes it, and prints what the invocations answered.

The stores in memory come from this checkout, everything that an invocation executes from the package.
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from file_processor.engines.offer import arrow_alone
from file_processor.invocation import Invocation
from file_processor.lease import Contender
from file_processor.workshop import Workshop
from odpf.landed_file import LandedFile
from odpf.manifest import BatchManifest, TableWork
from odpf.states import Compute, EngineName
from odpf.table_config import CadenceConfig, TableConfig
from odpf_local.memory import MemoryAws

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
TABLE = TableConfig(
    source_table_name="shop.orders",
    refresh_cadence="hourly",
    raw_database_name="raw",
    raw_table_name="orders",
    hudi_primary_key="ID",
    hudi_precombine_field="SEQ",
    hudi_partition_key="DAY",
)


def landed(aws: MemoryAws, name: str, rows: pa.Table) -> LandedFile:
    content, place = io.BytesIO(), aws.settings.staging_places[0]
    pq.write_table(rows, content)
    key = f"{place.prefix}shop/orders/{name}"
    aws.objects.put(place.bucket, key, content.getvalue())
    (entry,) = aws.objects.list(place.bucket, key)
    told = {"etag": entry.etag, "size": entry.size, "last_modified": NOW}
    file = LandedFile.parse(bucket=place.bucket, key=key, places=(place,), **told)
    aws.tracker.register(file, NOW)
    return file


def invoke(aws: MemoryAws, run_id: str, file: LandedFile) -> str:
    manifest = BatchManifest(
        run_id=run_id,
        started_at="2026-01-31T10:00:00.000000Z",
        batch_no=0,
        settings=aws.settings,
        cadence=CadenceConfig(refresh_cadence="hourly"),
        compute=Compute.LAMBDA,
        tables=(TableWork(config=TABLE, files=(file,), engine=EngineName.ARROW, table_bytes=0),),
    )
    fence = Contender(aws.ledger, aws.job_runs, aws.settings, f"lambda:{run_id}:0:r", run_id, is_patient=False)
    engines = arrow_alone(aws.objects)
    ports = aws.tracker, aws.objects, aws.catalog, aws.refresh_events
    shop = Workshop(aws.settings, *ports, fence, engines, aws.hash_keys)
    return Invocation(manifest, "s3://b/m.json", shop, aws.audit).run(lambda: 890.0)["then"]


def main() -> None:
    aws = MemoryAws()
    load = pa.table({"ID": [1, 2, 3], "DAY": ["a", "a", "b"], "AT": pa.array([NOW] * 3, pa.timestamp("us"))})
    sequences = [f"2026013110153000{number:019d}" for number in (1, 2)]
    changes = {"Op": ["U", "D"], "ID": [1, 2], "DAY": ["b", "a"], "AT": pa.array([NOW] * 2, pa.timestamp("us"))}
    then = [
        invoke(aws, "run-1", landed(aws, "LOAD00000001.parquet", load)),
        invoke(aws, "run-2", landed(aws, "20260131-000000001.parquet", pa.table({**changes, "SEQ": sequences}))),
    ]
    rows = aws.audit.of_table("raw.orders")
    told = [[row.outcome, row.engine, row.error, row.counts.model_dump(exclude_defaults=True)] for row in rows]
    print(json.dumps({"then": then, "rows": told}))


if __name__ == "__main__":
    main()
