"""What is there before a page, or a section of it, is typed: the trouble that a reader of the runbook has already."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from tenacity import Retrying, stop_after_delay, wait_fixed

from odpf.adapters.aws import Aws
from odpf.clock import utc_now
from odpf.settings import Settings
from odpf_cli.main import execute
from odpf_cli.output import ExitStatus
from tests.architecture.source_tree import ROOT

STAGING, FOLDER = "odpf-staging", "internal_staging/shop/orders"
NO_PARQUET = b"Op,id\nU,1\n"


def before(page: str, heading: str) -> Callable[[], None] | None:
    """What is to be done before the first block below a heading."""
    return _SCENES.get((page, heading))


def put(name: str, content: bytes) -> None:
    """One object in the table's folder of the staging bucket, and its event gone all its way."""
    boto3.client("s3").put_object(Bucket=STAGING, Key=f"{FOLDER}/{name}", Body=content)
    tracker = Aws(Settings.from_environment(), component="operator").tracker
    for attempt in Retrying(stop=stop_after_delay(30), wait=wait_fixed(0.1), reraise=True):
        with attempt:
            assert name in {file.name for file in tracker.pending("shop.orders")}


def change(**columns: object) -> bytes:
    """A file with one update of the second order, newer than everything before."""
    now = datetime.now(UTC)
    row = {"Op": "U", "id": 2, "item": "chair", "price": 26.0, **columns, "seq": f"{now:%Y%m%d%H%M%S%f}".ljust(35, "0")}
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([row]), content)
    return content.getvalue()


def configure(document: dict[str, Any]) -> None:
    """Apply cadences and tables."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(document, file)
        file.flush()
        assert execute(["config", "apply", "--yes", file.name]) == ExitStatus.DONE


def another_cadence() -> None:
    configure({"cadences": [{"refresh_cadence": "10_min_refresh"}]})


def schedule() -> None:
    """A cadence that runs by itself, though not while the pages are typed."""
    table = {"source_table_name": "shop.stock", "raw_database_name": "shop_raw", "raw_table_name": "stock"}
    columns = {"hudi_primary_key": "id", "hudi_precombine_field": "seq"}
    weekly = {"refresh_cadence": "weekly"}
    configure({"cadences": [weekly | {"schedule": "rate(7 days)"}], "tables": [table | columns | weekly]})


def waiting() -> None:
    put(_name(), change())


def no_parquet() -> None:
    put("20990101-101530123.parquet", NO_PARQUET)


def another_column() -> None:
    """A table that freezes where the source has a new column, and a file with one."""
    document = yaml.safe_load((ROOT / "examples" / "shop" / "orders.yaml").read_text())
    document["tables"][0]["schema_policy"] = {"added": "freeze"}
    configure(document)
    put("20990102-101530123.parquet", change(discount=0.1))


def dead_writer() -> None:
    """The table's lease in the hands of a job run that has ended."""
    ledger = Aws(Settings.from_environment(), component="operator").ledger
    waiting()
    (seen,) = ledger.states(["shop_raw.orders"]).values()
    ledger.acquire(seen, "jr_0123456789abcdef", "by_hand-20260131T101500-3f2a", utc_now())


def dead_letter() -> None:
    """The event of a file that is registered meanwhile, as a function leaves it that could not handle it."""
    name = _name()
    put(name, change())
    (listed,) = boto3.client("s3").list_objects_v2(Bucket=STAGING, Prefix=f"{FOLDER}/{name}")["Contents"]
    found = {"key": listed["Key"], "size": listed["Size"], "etag": listed["ETag"].strip('"')}
    detail = {"bucket": {"name": STAGING}, "object": found}
    event = {"detail-type": "Object Created", "source": "aws.s3", "time": "2026-01-31T10:15:30Z", "detail": detail}
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="odpf_staging_events_dlq")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))


def _name() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S%f}"[:-3] + ".parquet"


_SCENES = {
    ("cost.md", "What it costs"): schedule,
    ("runbook.md", "The cost rises"): schedule,
    ("operate.md", "Is everything well?"): another_cadence,
    ("runbook.md", "The lag grows"): waiting,
    ("runbook.md", "A file is in quarantine"): no_parquet,
    ("runbook.md", "A change of columns was refused, a run failed"): another_column,
    ("runbook.md", "A table stays `updating_table`"): dead_writer,
    ("runbook.md", "The dead-letter queue is not empty"): dead_letter,
}
