"""A deployment in memory as a console shows it: so many tables, some of which failed, wait, lag behind, or are being written."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from odpf.adapters.caller import Caller
from odpf.adapters.executions import Execution
from odpf.audit import AuditRow, RunSummary
from odpf.clock import iso, utc_now
from odpf.counts import Counts
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.manifest import PlannedTable, RunManifest, run_key, summary_key
from odpf.order import OrderPosition
from odpf.phases import Phase
from odpf.run_request import RunRequest
from odpf.states import ExecutionState, FileState, Outcome, RefreshStatus, RunStatus
from odpf.table_state import TableState
from odpf_cli.console.deployment import Deployment
from odpf_local.memory import MemoryAws

CADENCE, HOURLY = "10_min_refresh", "hourly"
RUNS = 5
BAD_CONTENT = b"PAR1 no more"
NO_SPACE = "No space is left on the device: the worker's disk is full. Give the cadence a larger worker."
PAUSE = {"reason": "the source moves", "by": "arn:aws:iam::123456789012:user/eve", "since": "2026-05-04T07:30:00Z"}
SUBJECTS = ("orders", "order_lines", "customers", "invoices", "shipments", "stock", "prices", "returns")


class MemoryExecutions:
    """Step Functions in memory: runs that tests put there, and those that the console starts."""

    def __init__(self) -> None:
        self.known: dict[str, Execution] = {}
        self.started: list[RunRequest] = []

    def start(self, run_id: str, request: RunRequest) -> None:
        self.started.append(request)
        self.known[run_id] = Execution(run_id, ExecutionState.RUNNING, iso(utc_now()))

    def get(self, run_id: str) -> Execution | None:
        return self.known.get(run_id)

    def recent(self, limit: int) -> list[Execution]:
        return sorted(self.known.values(), key=lambda each: each.started_at, reverse=True)[:limit]


def name_of(number: int) -> str:
    return f"shop.{SUBJECTS[number % len(SUBJECTS)]}_{number:04d}"


def table_item(number: int, **more: Any) -> dict[str, Any]:
    name = name_of(number)
    return {
        "source_table_name": name,
        "refresh_cadence": HOURLY if number % 7 == 3 else CADENCE,
        "raw_database_name": "shop_raw",
        "raw_table_name": name.split(".")[1],
        "hudi_primary_key": "id",
        "hudi_precombine_field": "seq",
        **more,
    }


def landed(aws: MemoryAws, source_table: str, name: str, put_at: datetime, content: bytes = b"x" * 5000) -> LandedFile:
    """A file that stands in staging."""
    place = aws.settings.staging_places[0]
    key = f"{place.prefix}{source_table.replace('.', '/')}/{name}"
    aws.objects.put(place.bucket, key, content)
    etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
    found = LandedFile.parse(
        bucket=place.bucket, key=key, etag=etag, size=len(content), last_modified=put_at, places=[place]
    )
    assert found is not None
    return found


def change_name(at: datetime) -> str:
    return f"{at:%Y%m%d-%H%M%S}{at.microsecond // 1000:03d}.parquet"


class Shop:
    """A deployment with tables of a shop, and what five runs have left of them.

    Attributes:
        now: when it was made: a moment ago, as the console asks the clock.
        bad_file: the one file in quarantine.
    """

    def __init__(self, tables: int, runs: int = RUNS) -> None:
        self.aws, self.executions, self.now = MemoryAws(), MemoryExecutions(), utc_now()
        self.tables, self.runs = tables, runs
        self.deployment = Deployment(
            operator=self.aws,
            publisher=self.aws,
            executions=self.executions,
            caller=Caller("123456789012", "arn:aws:iam::123456789012:user/ada", "http://127.0.0.1:4566"),
            region="eu-west-1",
        )
        self._configure()
        for number in range(tables):
            self._put_table(number)
        for run in range(runs):
            self._put_run(run)
        self._put_quarantine()

    def _configure(self) -> None:
        common = {"glue_job_name": self.aws.settings.glue_job_name, "glue_job_worker_type": "G.1X"}
        self.aws.config.put_cadence({"refresh_cadence": CADENCE, "schedule": "rate(10 minutes)", **common})
        self.aws.config.put_cadence({"refresh_cadence": HOURLY, "lag_objective_seconds": 7200, **common})
        self.aws.config.put_tables(table_item(number) for number in range(self.tables))

    def _put_table(self, number: int) -> None:
        source, raw = name_of(number), f"shop_raw.{name_of(number).split('.')[1]}"
        if number == 5:
            return
        failed, busy = number % 17 == 4, number % 23 == 6
        reached = OrderPosition(1, f"{self.now:%Y%m%d%H%M%S}" + "0" * 21, change_name(self.now), 3)
        state = TableState(
            raw_table=raw,
            source_table_name=source,
            refresh_status=RefreshStatus.ERROR
            if failed
            else RefreshStatus.UPDATING
            if busy
            else RefreshStatus.COMPLETED,
            lease_owner="jr_7" if busy else None,
            run_id=self.run_id(self.runs - 1),
            generation=1,
            high_water_mark=str(reached),
            last_change_at=iso(self.now - timedelta(minutes=number % 50)),
            last_error=NO_SPACE if failed else None,
            table_bytes=48_000_000 + number,
            updated_at=iso(self.now),
        )
        self.aws.ledger._states[raw] = state  # the memory's own dictionary: thousands of acquisitions say no more
        if failed or number % 9 == 2:
            age = timedelta(minutes=47 if number % 9 == 2 else 12)
            self.aws.tracker.register(landed(self.aws, source, change_name(self.now - age), self.now - age), self.now)

    def run_id(self, run: int) -> str:
        return f"{CADENCE}-{self.now - timedelta(minutes=10 * (self.runs - run)):%Y%m%dT%H%M%S}-{run:04x}"

    def _put_run(self, run: int) -> None:
        run_id, began = self.run_id(run), self.now - timedelta(minutes=10 * (self.runs - run))
        rows = [self._row(run, number, began) for number in range(self.tables) if number != 5 and number % 7 != 3]
        for row in rows:
            self.aws.audit._rows[row.raw_table][row.run_sort] = row
        planned = tuple(
            PlannedTable(
                source_table_name=row.source_table_name,
                raw_database_name="shop_raw",
                raw_table_name=row.raw_table_name,
                files=1,
                bytes=5000,
            )
            for row in rows
        )
        manifest = RunManifest(
            run_id=run_id,
            started_at=iso(began),
            refresh_cadence=CADENCE,
            batches=tuple(planned[first : first + 5] for first in range(0, len(planned), 5)),
        )
        bucket = self.aws.settings.artifacts_bucket
        self.aws.objects.put(bucket, run_key(run_id), manifest.to_bytes())
        failed = any(row.outcome is not Outcome.COMPLETED for row in rows)
        end = max(datetime.fromisoformat(row.ended_at) for row in rows) + timedelta(seconds=3)
        summary = RunSummary(
            run_id=run_id,
            refresh_cadence=CADENCE,
            status=RunStatus.PARTIAL if failed else RunStatus.SUCCEEDED,
            started_at=iso(began),
            ended_at=iso(end),
            tables=tuple(row.result() for row in rows),
        )
        self.aws.objects.put(bucket, summary_key(run_id), summary.model_dump_json().encode())
        ended = ExecutionState.FAILED if failed else ExecutionState.SUCCEEDED
        self.executions.known[run_id] = Execution(run_id, ended, iso(began), iso(end))

    def _row(self, run: int, number: int, began: datetime) -> AuditRow:
        failed = number % 17 == 4 and run == self.runs - 1
        start = began + timedelta(seconds=20 + (number // 5) % 4 * 2 + number % 5 * 7)
        took = 4 + (number * 7 + run * 3) % 19
        commit = start + timedelta(seconds=took * 0.6)
        rows = (number * 137 + run * 911) % 5000
        return AuditRow(
            source_table_name=name_of(number),
            raw_database_name="shop_raw",
            raw_table_name=name_of(number).split(".")[1],
            raw_table=f"shop_raw.{name_of(number).split('.')[1]}",
            outcome=Outcome.REFRESH_ERROR if failed else Outcome.COMPLETED,
            refresh_status=RefreshStatus.ERROR if failed else RefreshStatus.COMPLETED,
            error=NO_SPACE if failed else None,
            engine="arrow",
            files=1,
            counts=Counts() if failed else Counts(rows_read=rows, rows_updated=rows),
            run_id=self.run_id(run),
            run_started_at=iso(began),
            batch_no=number // 5,
            refresh_cadence=CADENCE,
            glue_job_run_id=f"jr_{number // 5}",
            started_at=iso(start),
            ended_at=iso(start + timedelta(seconds=took)),
            phases={Phase.TAKE: took * 0.1, Phase.READ: took * 0.5, Phase.COMMIT: took * 0.3, Phase.SETTLE: took * 0.1},
            commit_instants=() if failed else (f"{commit.astimezone(UTC):%Y%m%d%H%M%S%f}"[:-3],),
        )

    def _put_quarantine(self) -> None:
        at = self.now - timedelta(minutes=25)
        self.bad_file = landed(self.aws, name_of(1), change_name(at), at, BAD_CONTENT)
        record = FileRecord(
            file=self.bad_file,
            state=FileState.QUARANTINED,
            reason="The file ends before its footer: it is no Parquet file any more.",
            raw_table=f"shop_raw.{name_of(1).split('.')[1]}",
            run_id=self.run_id(self.runs - 1),
            done_at=iso(at),
            generation=1,
        )
        self.aws.tracker.quarantine(record)
