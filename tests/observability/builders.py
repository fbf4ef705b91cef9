"""One deployment in memory, and a watch over it whose time a test tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from observability.limits import Limits
from observability.watch import Watch, Watched
from odpf.attempts import Attempts
from odpf.clock import iso
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.last_plan import LastPlan, last_plan_key
from odpf.notice import Notice
from odpf.states import FileState, FindingKind, RefreshStatus
from odpf.table_state import TableState
from odpf_local.memory import MemoryAws

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def cadence_item(**values: object) -> dict[str, object]:
    return {"refresh_cadence": "hourly", "schedule": "rate(1 hour)", **values}


def table_item(source: str = "shop.orders", **values: object) -> dict[str, object]:
    return {
        "source_table_name": source,
        "refresh_cadence": "hourly",
        "raw_database_name": "raw",
        "raw_table_name": source.partition(".")[2],
        "hudi_primary_key": "ID",
        "hudi_precombine_field": "SEQ",
        **values,
    }


class Deployment:
    """A deployment that a test changes, and the watch that looks at it."""

    def __init__(self, **limits: object) -> None:
        self.aws = MemoryAws()
        self.limits = Limits.model_validate(limits)
        self._files = 0

    def configure(self, *tables: dict[str, object], cadence: dict[str, object] | None = None) -> None:
        self.aws.config.put_cadence(cadence or cadence_item())
        self.aws.config.put_tables(tables or [table_item()])

    def land(
        self, made: datetime, source: str = "shop.orders", size: int = 100, put: datetime | None = None
    ) -> LandedFile:
        """A change file made at the source, and put into staging at once unless told otherwise."""
        self._files += 1
        file = LandedFile.parse(
            bucket="odpf-staging",
            key=f"internal_staging/{source.replace('.', '/')}/{made:%Y%m%d-%H%M%S}000.parquet",
            etag=f"e{self._files}",
            size=size,
            last_modified=put or made,
            places=self.aws.settings.staging_places,
        )
        assert file is not None
        self.aws.tracker.register(file, made)
        return file

    def quarantine(self, file: LandedFile, at: datetime, reason: str = "not Parquet") -> None:
        record = FileRecord(file=file, state=FileState.QUARANTINED, reason=reason, done_at=iso(at))
        self.aws.tracker.quarantine(record)
        self.done(file)

    def done(self, *files: LandedFile) -> None:
        for file in files:
            self.aws.tracker.remove_pending(file.source_table_name, [file.file_id])

    def run_ended(
        self, status: RefreshStatus, error: str | None = None, table: str = "orders", attempts: Attempts | None = None
    ) -> None:
        raw = f"raw.{table}"
        seen = self.aws.ledger.state(raw) or TableState(raw_table=raw, source_table_name=f"shop.{table}")
        lease = self.aws.ledger.acquire(seen, "jr_1", "run-1", NOON)
        self.aws.ledger.release(lease, status, error, NOON, attempts=attempts)

    def planned(self, at: datetime, cadence: str = "hourly") -> None:
        last = LastPlan(run_id="run-1", started_at=iso(at))
        self.aws.objects.put("odpf-artifacts", last_plan_key(cadence), last.model_dump_json().encode())

    def watch(self, at: datetime = NOON, **ports: object) -> Watched:
        aws = self.aws
        watch = Watch(
            aws.settings, self.limits, aws.config, aws.tracker, aws.ledger, aws.objects, aws.queues, aws.metrics, aws.notices
        )  # fmt: skip
        return watch._replace(**ports).watch(at)

    def told(self) -> list[Notice]:
        """The notices since this was last asked."""
        notices = list(self.aws.notices.published)
        self.aws.notices.published.clear()
        return notices

    def kinds(self) -> list[FindingKind]:
        return [notice.kind for notice in self.told()]


def every(length: timedelta, start: datetime, end: datetime) -> Iterator[datetime]:
    """Moments from start to end."""
    moment = start
    while moment <= end:
        yield moment
        moment += length
