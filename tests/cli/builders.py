"""What the tests of the command line are made of: files, records, rows with sensible defaults."""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType

from odpf.audit import AuditRow, RunSummary, TableResult
from odpf.counts import Counts
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.manifest import PlannedTable, RunManifest
from odpf.settings import StagingPlace
from odpf.states import FileState, Outcome, RefreshStatus, RunStatus
from odpf_local.aws.process_session import started_at
from odpf_local.aws.running import Running

PLACE = StagingPlace(bucket="odpf-staging", folder="internal_staging")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def landed(name: str, table: str = "shop/orders", *, size: int = 100, last_modified: datetime = NOW) -> LandedFile:
    found = LandedFile.parse(
        bucket=PLACE.bucket,
        key=f"{PLACE.prefix}{table}/{name}",
        etag=f"etag of {name}",
        size=size,
        last_modified=last_modified,
        places=[PLACE],
    )
    assert found is not None
    return found


def record(name: str, state: FileState = FileState.QUARANTINED, table: str = "shop/orders", **more: Any) -> FileRecord:
    return FileRecord(file=landed(name, table), state=state, **{"reason": "truncated", **more})


def table_item(source: str = "shop.orders", **more: Any) -> dict[str, Any]:
    return {
        "source_table_name": source,
        "refresh_cadence": "hourly",
        "raw_database_name": "shop_raw",
        "raw_table_name": source.rsplit(".", maxsplit=1)[-1],
        "hudi_primary_key": "id",
        "hudi_precombine_field": "seq",
        **more,
    }


def result(table: str = "orders", outcome: Outcome = Outcome.COMPLETED, **more: Any) -> TableResult:
    return TableResult(
        source_table_name=f"shop.{table}",
        raw_database_name="shop_raw",
        raw_table_name=table,
        outcome=outcome,
        refresh_status=RefreshStatus.COMPLETED if outcome is Outcome.COMPLETED else RefreshStatus.ERROR,
        **more,
    )


def audit_row(run_id: str, table: str = "orders", outcome: Outcome = Outcome.COMPLETED, **more: Any) -> AuditRow:
    return AuditRow(
        **{
            **result(table, outcome).model_dump(exclude={"counts"}),
            "counts": Counts(rows_read=3, rows_inserted=3),
            "raw_table": f"shop_raw.{table}",
            "run_id": run_id,
            "run_started_at": "2026-01-31T12:00:00.000000Z",
            "batch_no": 0,
            "refresh_cadence": "hourly",
            "glue_job_run_id": "jr_1",
            "started_at": "2026-01-31T12:00:10.000000Z",
            "ended_at": "2026-01-31T12:00:14.500000Z",
            **more,
        },
    )


def manifest(run_id: str, *tables: str) -> RunManifest:
    planned = tuple(
        PlannedTable(source_table_name=f"shop.{t}", raw_database_name="shop_raw", raw_table_name=t, files=1, bytes=100)
        for t in tables
    )
    return RunManifest(
        run_id=run_id, started_at="2026-01-31T12:00:00.000000Z", refresh_cadence="hourly", batches=(planned,)
    )


def summary(run_id: str, status: RunStatus, *tables: TableResult, warnings: tuple[str, ...] = ()) -> RunSummary:
    return RunSummary(
        run_id=run_id,
        refresh_cadence="hourly",
        status=status,
        started_at="2026-01-31T12:00:00.000000Z",
        ended_at="2026-01-31T12:01:00.000000Z",
        warnings=warnings,
        tables=tables,
    )


def embed(folder: Path) -> None:
    """This process passes for an embedded AWS of the folder."""
    started = started_at(os.getpid())
    assert started is not None
    (folder / ".odpf").mkdir()
    Running(id="x", pid=os.getpid(), started=started, port=1, endpoint_url="http://127.0.0.1:1", environment={}).write(
        folder
    )


def printed(renderable: RenderableType, width: int = 100) -> str:
    """What a person sees on a terminal of that width, without colours."""
    console = Console(width=width, file=io.StringIO())
    console.print(renderable)
    return console.file.getvalue()
