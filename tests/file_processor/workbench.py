"""One small deployment in memory: put files, run a cadence, look at the table."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from hudi import HudiTableBuilder

from file_manager.sweep import sweep
from file_processor.batch_manager import BatchManager
from file_processor.batch_run import BatchRun
from file_processor.engines.arrow.engine import ArrowEngine
from file_processor.invocation import Invocation
from file_processor.lease import Contender
from file_processor.owners import Owner
from file_processor.timeline import Timeline
from file_processor.workshop import Workshop
from odpf.audit import RunSummary
from odpf.clock import utc_now
from odpf.manifest import BatchManifest, batch_key, summary_key
from odpf.run_request import RunRequest
from odpf.states import EngineName, FileState, JobRunState, Then
from odpf.summarised import summarised
from odpf_local.local_objects import LocalObjectStore
from odpf_local.memory import MemoryAws, MemoryObjectStore
from tests.file_processor.memory_engine import MemoryEngine, rows

HOURLY = RunRequest(refresh_cadence="hourly")
FULL = pa.schema([("ID", pa.int64()), ("V", pa.int64())])
CHANGES = pa.schema([("Op", pa.string()), ("ID", pa.int64()), ("V", pa.int64()), ("SEQ", pa.string())])
LOCATION = "s3://odpf-raw/raw/orders"
START = datetime(2026, 1, 31, 10, tzinfo=UTC)


def table_item(**values):
    return {
        "source_table_name": "shop.orders",
        "refresh_cadence": "hourly",
        "raw_database_name": "raw",
        "raw_table_name": "orders",
        "hudi_primary_key": "ID",
        "hudi_precombine_field": "SEQ",
        **values,
    }


def sequence(number: int) -> str:
    return f"2026013110153000{number:019d}"


class Workbench:
    """One deployment in one Region; `hour` is that of its commits' instants, `clock` that of S3.

    With a folder its objects lie there, its engine is Arrow, and its table is read by hudi-rs.
    """

    def __init__(self, settings=None, region="", hour=10, folder=None, clock=utc_now, **item):
        self.folder = folder
        self.aws = MemoryAws(settings, LocalObjectStore(folder) if folder else MemoryObjectStore(clock))
        self.aws.config.put_tables([table_item(**item)])
        self.engine = ArrowEngine(self.aws.objects) if folder else MemoryEngine(self.aws.objects, hour)
        self.region = region
        self.runs = 0
        self.invocations = 0

    def put(self, name, rows, schema=CHANGES, table="shop/orders"):
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), buffer)
        self.put_bytes(name, buffer.getvalue(), table)

    def put_bytes(self, name, content, table="shop/orders"):
        self.aws.objects.put(self.aws.settings.staging_places[0].bucket, f"internal_staging/{table}/{name}", content)

    def load(self, *values, name="LOAD00000001.parquet"):
        self.put(name, [{"ID": key, "V": value} for key, value in values], FULL)

    def change(self, number, operation, key, value=None):
        row = {"Op": operation, "ID": key, "V": value, "SEQ": sequence(number)}
        self.put(f"20260131-{number:09d}.parquet", [row])

    def manager(self, aws=None) -> BatchManager:
        aws = aws or self.aws
        places = aws.settings.staging_places
        return BatchManager(
            aws.settings, aws.config, aws.tracker, aws.ledger, aws.audit, aws.objects,
            lambda tables, since: sweep(places, tables, aws.objects, aws.tracker, utc_now(), since), aws.job_runs,
            aws.metrics, aws.dms_tasks, self.region,
        )  # fmt: skip

    def run(self, aws=None, **request) -> RunSummary:
        """Plan, process and summarise one run; `aws` may wrap ports that fail, `request` says what is asked for."""
        aws = aws or self.aws
        self.runs += 1
        run_id = f"run-{self.region}{self.runs}"
        plan = self.manager().plan(run_id, HOURLY.model_copy(update=request))
        of_lambda = range(plan["large_batch_count"], plan["first_shared_batch"])
        for number in range(plan["batch_count"]):
            process = self.invoke_to_the_end if number in of_lambda else self.process
            process(run_id, number, aws)
        if not plan["nothing_to_do"]:
            self.manager().summarise(run_id)
        return RunSummary.model_validate_json(self.aws.objects.get(self.artifacts, summary_key(run_id)))

    def process(self, run_id, number, aws, uri=None, **contender):
        """A job run."""
        owner = f"jr-{run_id}-{number}"
        self.aws.job_runs.set(owner, JobRunState.RUNNING)
        manifest, shop = self.shop(run_id, number, aws, uri, owner, **contender)
        try:
            return BatchRun(manifest, shop, aws.audit).run()
        finally:
            self.aws.job_runs.set(owner, JobRunState.SUCCEEDED)

    def invoke(self, run_id, number, aws=None, uri=None, remaining=lambda: 890.0, **contender):
        """An invocation of the function; returns what it answers."""
        aws = aws or self.aws
        self.invocations += 1
        owner = Owner.invocation(run_id, number, f"request-{self.invocations}").text
        uri = uri or f"s3://{self.artifacts}/{batch_key(run_id, number)}"
        manifest, shop = self.shop(run_id, number, aws, uri, owner, is_patient=False, **contender)
        return Invocation(manifest, uri, shop, aws.audit).run(remaining)

    def invoke_to_the_end(self, run_id, number, aws=None):
        """What the state machine does with a batch of Lambda."""
        answer = self.invoke(run_id, number, aws)
        while answer["then"] == Then.AGAIN:
            answer = self.invoke(run_id, number, aws, answer["manifest_uri"])
        if answer["then"] == Then.GLUE:
            self.process(run_id, number, aws or self.aws, answer["manifest_uri"])

    def shop(self, run_id, number, aws, uri, owner, **contender):
        key = urlsplit(uri).path.lstrip("/") if uri else batch_key(run_id, number)
        manifest = BatchManifest.from_bytes(self.aws.objects.get(self.artifacts, key))
        over = summarised(aws.objects, self.artifacts)
        fence = Contender(
            aws.ledger, aws.job_runs, manifest.settings, owner, run_id, manifest.epoch, self.region,
            **{"is_summarised": over, **contender},
        )  # fmt: skip
        engine = getattr(aws, "engine", self.engine)
        engines = {getattr(engine, "name", EngineName.SPARK): lambda: engine}
        if not fence.is_patient:
            engines = {EngineName.ARROW: lambda: getattr(aws, "lambda_engine", engine)}
        return manifest, Workshop(
            manifest.settings, aws.tracker, aws.objects, aws.catalog, aws.refresh_events, fence, engines, aws.hash_keys
        )

    @property
    def artifacts(self):
        return self.aws.settings.artifacts_bucket

    @property
    def location(self):
        """Where the ledger has the table."""
        place = self.state.place if self.state else ""
        return f"s3://{self.aws.settings.raw_bucket}/raw/orders{f'.{place}' if place else ''}"

    @property
    def state(self):
        return self.aws.ledger.state("raw.orders")

    @property
    def table(self):
        if self.folder is None:
            return {key: row["v"] for key, row in rows(self.aws.objects, self.location).items()}
        return self.rows_at(self.location)

    @property
    def seen(self):
        """The table as people query it, where the catalog has it."""
        return self.rows_at(self.aws.catalog.databases["raw"]["orders"].location)

    def rows_at(self, location):
        table = HudiTableBuilder.from_base_uri(f"file://{self.folder}/{location.removeprefix('s3://')}").build()
        return {row["id"]: row["v"] for batch in table.read() for row in batch.to_pylist()}

    @property
    def commits(self):
        listed = self.aws.objects.list(self.aws.settings.raw_bucket, "raw/orders/.hoodie/")
        return [entry.key for entry in listed if entry.key.endswith((".commit", ".replacecommit"))]

    @property
    def remains(self):
        """What is there of commits that were never completed."""
        timeline = Timeline(self.aws.objects, self.location)
        return [*timeline.pending, *(f for f in timeline.data_files() if f.instant not in timeline.instants)]

    @property
    def history(self):
        return list(self.aws.tracker.history("shop.orders"))

    @property
    def processed(self):
        return [record for record in self.history if record.state is FileState.PROCESSED]


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def wrapped(aws, **ports):
    """The same deployment with some ports replaced."""
    names = (
        "settings",
        "tracker",
        "ledger",
        "audit",
        "config",
        "objects",
        "catalog",
        "refresh_events",
        "job_runs",
        "metrics",
        "hash_keys",
    )
    return SimpleNamespace(**{name: ports.get(name, getattr(aws, name)) for name in names})
