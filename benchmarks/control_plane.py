"""What the control plane uses, counted by the botocore hook on the embedded AWS: C1 to C4, C7 and C8 of the benchmarks.

Figures are calls and capacity units, not seconds; each stands beside its goal. C5 is counted in tests/embedded/test_state_machine.py, C6
in tests/behaviours/test_contention.py, which need a state machine and a DynamoDB whose transactions are atomic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from benchmarks.places import FOLDER, STAGING, Place
from file_manager.register import register
from file_manager.sweep import sweep
from file_processor.batch_manager import BatchManager
from odpf.adapters.aws import Aws
from odpf.audit import AuditRow
from odpf.clock import iso, utc_now
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.ports import StoredObject
from odpf.run_request import RunRequest
from odpf.settings import Settings, StagingPlace
from odpf.states import FileState, Outcome
from odpf.table_state import TableState
from odpf_local.aws_hook import Hook, Meter, everywhere
from odpf_local.memory import MemoryFileTracker, MemoryObjectStore
from odpf_local.memory.metrics import MemoryMetrics

_AT = datetime(2026, 1, 31, 10, tzinfo=UTC)
_READ, _WRITE = "dynamodb_read", "dynamodb_write"


class Measure(NamedTuple):
    """One figure.

    Attributes:
        id: of the benchmark.
        what: is counted.
        size: of what it was measured on.
        value: the figure.
        goal: it is to be at most; None where it is only told.
    """

    id: str
    what: str
    size: int
    value: float
    goal: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the figure is within its goal."""
        return self.goal is None or self.value <= self.goal


class Sizes(NamedTuple):
    """What is measured on."""

    events: tuple[int, ...] = (1, 100, 2_000)
    history: tuple[int, ...] = (0, 1_000, 10_000)
    finished: tuple[int, ...] = (1, 49, 50, 1_000)
    tables: tuple[int, ...] = (18, 500, 3_000)
    audit_rows: int = 5_000
    staged: int = 1_000_000


QUICK = Sizes((1, 100), (0, 500), (1, 49, 50, 200), (18, 200), 300, 20_000)
FULL = Sizes()


def run_control_plane(place: Place, sizes: Sizes, tell: Callable[[str], None]) -> list[Measure]:
    """Measure, one after the other, each with tables of its own."""
    meter = Meter()
    with everywhere(Hook(meter)):
        settings = place.settings()
        bench = _Bench(Aws(settings, place.session()), settings, meter)
        found: list[Measure] = []
        for part in (_registering, _pending, _finishing, _planning, _auditing):
            for measure in part(bench, sizes):
                tell(f"{measure.id} {measure.what}, {measure.size:,}: {measure.value:g}")
                found.append(measure)
    return [*found, *_sweeping(settings, sizes.staged)]


class _Bench(NamedTuple):
    aws: Aws
    settings: Settings
    meter: Meter

    @contextmanager
    def metered(self) -> Iterator[Callable[[], tuple[dict[str, float], Counter[str]]]]:
        """Count what is done inside; gives what was used, and the calls that DynamoDB got, by operation."""
        self.meter.take()
        self.meter.take_calls()
        found: list[tuple[dict[str, float], Counter[str]]] = []
        yield lambda: found[0]
        made = self.meter.take_calls().items()
        calls = Counter({operation: each.calls for (service, operation), each in made if service == "dynamodb"})
        found.append((self.meter.take(), calls))


def _registering(bench: _Bench, sizes: Sizes) -> Iterator[Measure]:
    """C1: events of new files, each delivered twice."""
    for number in sizes.events:
        files = [_file(f"c1_{number}", each) for each in range(number)]
        with bench.metered() as counted:
            for file in files:
                register(file, bench.aws.tracker, utc_now())
        used, _ = counted()
        for file in files:
            register(file, bench.aws.tracker, utc_now())
        yield Measure("C1", "write units a new file", number, used[_WRITE] / number, 1.0)
        yield Measure("C1", "read units a new file", number, used[_READ] / number, 0.5)
        waiting = len(bench.aws.tracker.pending(f"bench.c1_{number}"))
        yield Measure("C1", "files that wait twice", number, waiting - number, 0)
        _finish(bench, f"c1_{number}", files)


def _pending(bench: _Bench, sizes: Sizes) -> Iterator[Measure]:
    """C2: finding ten pending files beside a growing history."""
    table, done, first = "c2", 0, 0.0
    for history in sizes.history:
        _finish(bench, table, [_file(table, each) for each in range(done, history)])
        done = max(done, history)
        waiting = [_file(table, 1_000_000 + history + each) for each in range(10)]
        for file in waiting:
            register(file, bench.aws.tracker, utc_now())
        with bench.metered() as counted:
            found = [file for file in bench.aws.tracker.all_pending() if file.source_table_name == f"bench.{table}"]
        used, _ = counted()
        assert len(found) == 10
        first = first or used[_READ]
        yield Measure(
            "C2", "read units to find ten pending files, beside so many in history", history, used[_READ], first
        )
        _finish(bench, table, waiting)


def _finishing(bench: _Bench, sizes: Sizes) -> Iterator[Measure]:
    """C3: files of one table to history."""
    for number in sizes.finished:
        table = f"c3_{number}"
        files = [_file(table, each) for each in range(number)]
        for file in files:
            register(file, bench.aws.tracker, utc_now())
        lease = _taken(bench, table)
        with bench.metered() as counted:
            bench.aws.ledger.finish_files(lease, [_record(file) for file in files])
        _, calls = counted()
        yield Measure("C3", "calls to finish files", number, calls.total(), -(-number // 49))


def _planning(bench: _Bench, sizes: Sizes) -> Iterator[Measure]:
    """C4: the plan of a cadence of which ten tables have files, the second one, as the first looks at everything."""
    for number in sizes.tables:
        names = [f"c4_{number}_{each}" for each in range(number)]
        cadence = f"c4_{number}"
        bench.aws.config.put_cadence({"refresh_cadence": cadence})
        bench.aws.config.put_tables([_item(name, cadence) for name in names])
        manager = _manager(bench)
        config = _config_units(bench)
        bench.aws.objects.put(STAGING, f"{FOLDER}/bench/{names[-1]}/20260131-000000000.parquet", b"rows")
        first = manager.plan(f"{cadence}-0", RunRequest(refresh_cadence=cadence))
        _done(bench, cadence, names[-1:], manager, f"{cadence}-0")
        for name in names[:10]:
            bench.aws.objects.put(STAGING, f"{FOLDER}/bench/{name}/20260131-000000001.parquet", b"rows")
        with bench.metered() as counted:
            plan = manager.plan(f"{cadence}-1", RunRequest(refresh_cadence=cadence))
        used, _ = counted()
        yield Measure("C4", "characters of the plan in the state", number, len(str(plan)), len(str(first)) + 40)
        read = used[_READ] - config
        yield Measure("C4", "read units of a plan with ten tables to do, beside its configuration", number, read, 60)
        with bench.metered() as counted:
            manager.plan(f"{cadence}-2", RunRequest(refresh_cadence=cadence, with_set_aside=True))
        everything = counted()[0][_READ] - config
        yield Measure("C4", "read units of one that looks at everything, likewise", number, everything)
        yield Measure("C4", "read units of the configuration", number, config)
        yield Measure("C4", "LIST requests and manifests of a plan", number, used["s3_write"])


def _auditing(bench: _Bench, sizes: Sizes) -> Iterator[Measure]:
    """C7: the questions people ask of an audit history, none of which may scan it."""
    for number in range(sizes.audit_rows):
        bench.aws.audit.append(_row(number))
    questions: dict[str, Callable[[], Sequence[AuditRow]]] = {
        "by table": lambda: bench.aws.audit.of_table("bench.c7_1", ""),
        "by run": lambda: bench.aws.audit.of_run("c7-run-1"),
        "by day": lambda: bench.aws.audit.of_day(iso(_AT)[:10]),
    }
    for name, question in questions.items():
        with bench.metered() as counted:
            rows = question()
        used, calls = counted()
        yield Measure("C7", f"scans to answer {name}", sizes.audit_rows, calls["Scan"], 0)
        yield Measure("C7", f"read units of an answer {name}, a row", sizes.audit_rows, used[_READ] / len(rows), 0.5)


def _sweeping(settings: Settings, staged: int) -> Iterator[Measure]:
    """C8: a listing of so many staged keys of a hundred tables, of which some are missing in the tracker."""
    tables = 100
    objects = _Staging(staged // tables)
    names = [f"c8_{number}" for number in range(tables)]
    lost = {_file(name, at).file_id for name in names[::2] for at in range(0, staged // tables, staged // tables - 1)}
    tracker = _Forgetful(lost)
    found = sweep(settings.staging_places, [f"bench.{name}" for name in names], objects, tracker, utc_now())
    missed = lost - {file.file_id for file in found.registered}
    yield Measure("C8", "missed files that the sweep did not find", staged, len(missed), 0)
    yield Measure("C8", "LIST requests", staged, objects.pages.total(), staged / 1000 + tables)


class _Forgetful(MemoryFileTracker):
    """A tracker that knows every file but some."""

    def __init__(self, lost: set[str]) -> None:
        super().__init__()
        self._lost = lost

    def known(self, files: Iterable[LandedFile]) -> set[str]:
        """Those that it knows."""
        return {file.file_id for file in files} - self._lost


class _Staging(MemoryObjectStore):
    """Lists so many synthetic keys of every table, a thousand a page; `pages` counts them by table."""

    def __init__(self, files: int) -> None:
        super().__init__()
        self._files = files
        self.pages: Counter[str] = Counter()

    def list(self, bucket: str, prefix: str, after: str = "") -> Iterator[StoredObject]:  # noqa: ARG002  one bucket, whole
        """The objects of one table."""
        for number in range(self._files):
            self.pages[prefix] += number % 1000 == 0
            yield _object(f"{prefix}{_name(number)}", number)


def _manager(bench: _Bench) -> BatchManager:
    aws, places = bench.aws, bench.settings.staging_places
    return BatchManager(
        bench.settings, aws.config, aws.tracker, aws.ledger, aws.audit, aws.objects,
        lambda tables, since: sweep(places, tables, aws.objects, aws.tracker, utc_now(), since),
        aws.job_runs, MemoryMetrics(), aws.dms_tasks,
    )  # fmt: skip


def _done(bench: _Bench, cadence: str, tables: Iterable[str], manager: BatchManager, run_id: str) -> None:
    """What a job run would leave: files in history, audit rows."""
    for table in tables:
        files = bench.aws.tracker.pending(f"bench.{table}")
        _finish(bench, table, files)
        bench.aws.audit.append(_row(0).model_copy(update={
            "run_id": run_id, "raw_table": f"bench.{table}", "source_table_name": f"bench.{table}",
            "raw_table_name": table, "refresh_cadence": cadence,
        }))  # fmt: skip
    manager.summarise(run_id)


def _config_units(bench: _Bench) -> float:
    """Read units of the configuration alone."""
    with bench.metered() as counted:
        list(bench.aws.config.tables())
    return counted()[0][_READ]


def _finish(bench: _Bench, table: str, files: Sequence[LandedFile]) -> None:
    if files:
        lease = _taken(bench, table)
        for at in range(0, len(files), 490):
            bench.aws.ledger.finish_files(lease, [_record(file) for file in files[at : at + 490]])


def _taken(bench: _Bench, table: str) -> TableState:
    raw_table = f"bench.{table}"
    seen = bench.aws.ledger.state(raw_table) or TableState(raw_table=raw_table, source_table_name=raw_table)
    if seen.lease_owner:
        return seen
    return bench.aws.ledger.acquire(seen, "jr_bench", "bench", utc_now())


def _record(file: LandedFile) -> FileRecord:
    return FileRecord(file=file, state=FileState.PROCESSED, batch_id="0" * 32, done_at=iso(_AT))


def _row(number: int) -> AuditRow:
    table = number % 50
    return AuditRow(
        source_table_name=f"bench.c7_{table}",
        raw_database_name="bench",
        raw_table_name=f"c7_{table}",
        outcome=Outcome.COMPLETED,
        raw_table=f"bench.c7_{table}",
        run_id=f"c7-run-{number // 50}",
        run_started_at=iso(_AT + timedelta(minutes=number // 50)),
        batch_no=0,
        refresh_cadence="bench",
        glue_job_run_id="jr_bench",
        started_at=iso(_AT),
        ended_at=iso(_AT),
    )


def _item(table: str, cadence: str) -> dict[str, Any]:
    return {
        "source_table_name": f"bench.{table}",
        "refresh_cadence": cadence,
        "raw_database_name": "bench",
        "raw_table_name": table,
        "hudi_primary_key": "id",
        "hudi_precombine_field": "seq",
        "full_load": "none",
    }


def _name(number: int) -> str:
    return f"20260131-{number:09d}.parquet"


def _object(key: str, number: int) -> StoredObject:
    return StoredObject(key=key, etag=f"{number:032x}", size=100, last_modified=_AT, listed_at=_AT)


def _file(table: str, number: int) -> LandedFile:
    return _landed(_object(f"{FOLDER}/bench/{table}/{_name(number)}", number))


def _landed(stored: StoredObject) -> LandedFile:
    file = LandedFile.parse(
        bucket=STAGING,
        key=stored.key,
        etag=stored.etag,
        size=stored.size,
        last_modified=stored.last_modified,
        places=(StagingPlace(bucket=STAGING, folder=FOLDER),),
    )
    assert file is not None
    return file
