"""A whole lake in the test's process: staging, plan, both engines, raw tables. A cycle of many tables costs seconds.

Put together as the Lambdas and the job's script do it, over an embedded AWS in a process of its own; tables are read
back with hudi-rs, never with Spark.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
from hudi import HudiTableBuilder

from file_manager.sweep import sweep
from file_processor.batch_manager import BatchManager
from file_processor.batch_run import BatchRun
from file_processor.engines.arrow.engine import ArrowEngine
from file_processor.engines.engine import Engine
from file_processor.lease import Contender
from file_processor.workshop import Workshop
from odpf.adapters.aws import Aws
from odpf.audit import RunSummary, TableResult
from odpf.clock import iso, utc_now
from odpf.manifest import BatchManifest, batch_key, report_key, summary_key
from odpf.rebuild import Rebuild, RebuildReport
from odpf.run_request import RunRequest
from odpf.settings import Settings
from odpf.source_table import SourceTable
from odpf.states import EngineName, FileState
from odpf_local.local_objects import LocalObjectStore
from odpf_local.memory.aws import MemoryAws
from tests.reference.protected import SECRETS

Row = dict[str, Any]


def _rows(batch: pa.RecordBatch) -> list[Row]:
    """Rows of Python values. Arrow's own way looks for a library of time zones once a value, which takes longer than the rest."""
    zoned = [field.name for field in batch.schema if pa.types.is_timestamp(field.type) and field.type.tz]
    table = pa.Table.from_batches([batch])
    for name in zoned:
        column = table[name].cast(pa.timestamp(table[name].type.unit))
        table = table.set_column(table.column_names.index(name), name, column)
    rows: list[Row] = table.to_pylist()
    for row in rows:
        row |= {name: row[name].replace(tzinfo=UTC) for name in zoned if row[name]}
    return rows


class Processes(Protocol):
    """Who processes table batches."""

    def process(self, run_id: str, number: int) -> None:
        """One table batch, as a job run."""


@dataclass
class Lake:
    """One deployment.

    Attributes:
        storage: hudi-rs' options to reach it.
        root: the folder that its buckets lie in, where they are no buckets of S3.
        left: tables that the last batch left to Spark, and why.
        other_release: processes every second run, if there is one.
        runs: how many there were.
        environment: variables that lead other processes to it, where it is an embedded AWS.
    """

    settings: Settings
    aws: Aws | MemoryAws
    engines: Mapping[EngineName, Callable[[], Engine]]
    storage: dict[str, str] = field(default_factory=dict)
    root: Path | None = None
    cadences: set[str] = field(default_factory=set)
    left: dict[str, str] = field(default_factory=dict)
    other_release: Processes | None = None
    runs: int = 0
    environment: dict[str, str] = field(default_factory=dict)

    def configure(self, *items: Row) -> None:
        """Put table items, and their cadences."""
        for cadence in {item["refresh_cadence"] for item in items} - self.cadences:
            self.aws.config.put_cadence({"refresh_cadence": cadence, "refresh_tables_batch_size": 500})
            self.cadences.add(cadence)
        self.aws.config.put_tables(items)

    def put(self, source_table: str, name: str, content: bytes) -> None:
        """Write an object where DMS would."""
        self.aws.objects.put(*self._place(source_table, name), content)

    def written(self, source_table: str, name: str) -> datetime | None:
        """When an object was put, by S3's clock."""
        bucket, key = self._place(source_table, name)
        found = (entry for entry in self.aws.objects.list(bucket, key) if entry.key == key)
        return next((datetime.fromisoformat(iso(entry.last_modified)) for entry in found), None)

    def remove(self, source_table: str, name: str) -> None:
        """Remove an object, as DMS does after a TRUNCATE at the source."""
        bucket, key = self._place(source_table, name)
        self.aws.objects.delete(bucket, [key])

    def _place(self, source_table: str, name: str) -> tuple[str, str]:
        place, table = self.settings.staging_places[0], SourceTable.parse(source_table)
        return place.bucket, f"{place.prefix}{table.schema}/{table.table}/{name}"

    def register(self, source_table: str) -> None:
        """Make pending files of a table's new objects, as their events do."""
        sweep(self.settings.staging_places, [source_table], self.aws.objects, self.aws.tracker, utc_now())

    def quarantined_files(self, source_table: str) -> dict[str, str]:
        """Reasons by file name."""
        records = self.aws.tracker.history(source_table)
        return {each.file.name: each.reason or "" for each in records if each.state is FileState.QUARANTINED}

    def quarantined_rows(self, raw_table: str) -> list[Row]:
        """What the artifacts bucket keeps of rows that could not be applied."""
        bucket = self.settings.artifacts_bucket
        entries = self.aws.objects.list(bucket, f"quarantine/{raw_table}/")
        texts = [self.aws.objects.get(bucket, entry.key).decode() for entry in entries if entry.key.endswith(".json")]
        return [json.loads(line) for text in texts for line in text.splitlines()]

    def rebuild(self, cadence: str, asked: Rebuild) -> tuple[TableResult, RebuildReport | None]:
        """Rebuild a table; the report is there where it was done."""
        summary = self.run(cadence, rebuild=asked)
        try:
            content = self.aws.objects.get(self.settings.artifacts_bucket, report_key(summary.run_id))
        except FileNotFoundError:
            return summary.tables[0], None
        return summary.tables[0], RebuildReport.model_validate_json(content)

    def run(self, cadence: str, **asked: Any) -> RunSummary:
        """Plan, process every batch, summarise; `asked` are fields of RunRequest."""
        run_id = uuid.uuid4().hex
        manager = self._manager()
        plan = manager.plan(run_id, RunRequest(refresh_cadence=cadence, **asked))
        self.runs += 1
        other = self.other_release if self.runs % 2 == 0 else None
        for number in range(plan["batch_count"]):
            (other or self).process(run_id, number)
        manager.summarise(run_id)
        stored = self.aws.objects.get(self.settings.artifacts_bucket, summary_key(run_id))
        return RunSummary.model_validate_json(stored)

    def rows(self, location: str) -> list[Row]:
        """Every row of a raw table, Hudi's own columns left out; a column that a file does not have is null."""
        return [row for _, row in self.placed_rows(location)]

    def placed_rows(self, location: str) -> list[tuple[str, Row]]:
        """The same, each with the partition path of the file that has it: what prunes partitions reads it there or nowhere."""
        table = HudiTableBuilder.from_base_uri(self.uri(location)).with_options(self.storage).build()
        names = [name for name in table.get_schema().names if not name.startswith("_hoodie_")]
        paths = {each.file_id: each.partition_path for each in table.get_file_slices()}
        rows = [row for batch in table.read() for row in _rows(batch)]
        return [
            (paths[row["_hoodie_file_name"].split("_")[0]], {name: row.get(name) for name in names}) for row in rows
        ]

    def uri(self, location: str) -> str:
        """Where another program than the job finds a raw table."""
        return location if self.root is None else f"file://{self.root}/{location.removeprefix('s3://')}"

    def commits(self, location: str) -> list[str]:
        """Instants of the completed commits, oldest first."""
        bucket, prefix = location.removeprefix("s3://").split("/", 1)
        entries = (entry.key.rsplit("/", 1)[-1] for entry in self.aws.objects.list(bucket, f"{prefix}/.hoodie/"))
        finished = (".commit", ".deltacommit", ".replacecommit")
        return sorted(name.split(".")[0] for name in entries if name.endswith(finished))

    def _manager(self) -> BatchManager:
        aws, places = self.aws, self.settings.staging_places
        return BatchManager(
            settings=self.settings,
            config=aws.config,
            tracker=aws.tracker,
            ledger=aws.ledger,
            audit=aws.audit,
            objects=aws.objects,
            sweep=lambda tables, since: sweep(places, tables, aws.objects, aws.tracker, utc_now(), since),
            job_runs=aws.job_runs,
            metrics=aws.metrics,
            dms_tasks=aws.dms_tasks,
        )

    def process(self, run_id: str, number: int) -> None:
        """One table batch, as a job run."""
        aws = self.aws
        manifest = BatchManifest.from_bytes(aws.objects.get(self.settings.artifacts_bucket, batch_key(run_id, number)))
        contender = Contender(aws.ledger, aws.job_runs, self.settings, f"jr_{uuid.uuid4().hex}", manifest.run_id)
        ports = aws.tracker, aws.objects, aws.catalog, aws.refresh_events
        shop = Workshop(manifest.settings, *ports, contender, self.engines, aws.hash_keys)
        batch = BatchRun(manifest, shop, aws.audit)
        batch.run()
        self.left = {work.config.raw_table_name: work.engine_reason or "" for work in batch.left}


def storage_options(environment: Mapping[str, str]) -> dict[str, str]:
    """What hudi-rs has to be told to reach an embedded AWS, whose variables these are."""
    return {
        "aws_endpoint": environment["AWS_ENDPOINT_URL"],
        "aws_region": environment["AWS_REGION"],
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
        "aws_allow_http": "true",
    }


def lake_in_folder(root: Path, **sizes: int) -> Lake:
    """The Arrow engine over a folder and stores in memory: a cycle of a table costs milliseconds.

    Args:
        root: the folder.
        sizes: further arguments of the engine.
    """
    aws = MemoryAws(objects=LocalObjectStore(root))
    aws.hash_keys.secrets |= SECRETS
    return Lake(aws.settings, aws, {EngineName.ARROW: lambda: ArrowEngine(aws.objects, **sizes)}, root=root)
