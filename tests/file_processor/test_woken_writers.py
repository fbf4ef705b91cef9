"""A writer that was called dead wakes up after its successor: it can record nothing, and the table is right in the end (G5, R7).

At every request that writes to S3, and at every one to the ledger, a run is interrupted by one that takes its table over and
finishes; then it goes on. On real Hudi tables of the Arrow engine, read by hudi-rs.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from odpf.states import JobRunState, Outcome, RunStatus
from tests.file_processor.workbench import FULL, HOURLY, Workbench, wrapped

PUTS = range(1, 8)
"""Of a commit: requested, inflight, marker, data file, marker and file of the other partition, completed."""
LEDGER_WRITES = ("record_intent", "finish_files", "advance", "release")
KINDS = ("changes", "reload", "load")


class Interrupted:
    """Ports in which something happens right before the n-th write, and right after it."""

    def __init__(self, port, names, number, happens, *, after=False):
        self._port, self._names, self._left, self._happens, self._after = port, names, number, happens, after

    def __getattr__(self, name):
        method = getattr(self._port, name)
        if name not in self._names:
            return method

        def call(*args, **named):
            if not (self._is_about_data(args) and self._count()):
                return method(*args, **named)
            if self._after:
                answer = method(*args, **named)
                self._happens()
                return answer
            self._happens()
            return method(*args, **named)

        return call

    def _count(self):
        self._left -= 1
        return self._left == 0

    @staticmethod
    def _is_about_data(args):
        return args[0] != "odpf-artifacts"


@pytest.fixture
def bench(tmp_path):
    return Workbench(folder=tmp_path)


def prepare(bench, kind) -> dict[int, int]:
    """Stage work of a kind; the table that it makes."""
    if kind != "load":
        bench.load((1, 10), (2, 20), (3, 30))
        bench.run()
    if kind == "changes":
        bench.change(1, "U", 1, 11)
        bench.change(2, "D", 2)
        bench.change(3, "I", 4, 40)
        return {1: 11, 3: 30, 4: 40}
    bench.put("LOAD00000001.parquet", [{"ID": 1, "V": 100}, {"ID": 9, "V": 900}], FULL)
    return {1: 100, 9: 900}


def interrupted(bench, port, names, number, *, after=False, more=lambda: None) -> list[str]:
    """A run whose writer is called dead at one of its writes, and wakes up when another run is done; those that happened."""
    happened = []

    def successor():
        happened.append("successor")
        bench.aws.job_runs.set(f"jr-{run_id}-0", JobRunState.STOPPED)
        assert elsewhere(bench.run).status in (RunStatus.SUCCEEDED, RunStatus.NOTHING_TO_DO)
        more()

    run_id = "run-woken"
    bench.manager().plan(run_id, HOURLY)
    replaced = {port: Interrupted(getattr(bench.aws, port), names, number, successor, after=after)}
    aws = wrapped(bench.aws, **replaced)
    if port == "objects":
        aws.engine = type(bench.engine)(aws.objects)
    rows = bench.process(run_id, 0, aws)
    return [*happened, *(row.outcome for row in rows)]


def elsewhere(work):
    """Done in another thread, as another process would."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def check(bench, expected, *, files) -> None:
    """The table, what is on storage, and the books are right."""
    assert bench.table == expected
    bench.change(8, "I", 8, 80)
    assert bench.run().status is RunStatus.SUCCEEDED
    assert (bench.table, bench.remains) == ({**expected, 8: 80}, [])
    assert sorted(record.file.name for record in bench.processed) == sorted([*files, "20260131-000000008.parquet"])
    assert bench.state.lease_owner is None


def names(kind) -> list[str]:
    if kind == "load":
        return ["LOAD00000001.parquet"]
    if kind == "reload":
        return ["LOAD00000001.parquet", "LOAD00000001.parquet"]
    return ["LOAD00000001.parquet", *(f"20260131-{number:09d}.parquet" for number in (1, 2, 3))]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", PUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_at_every_write_to_the_table(bench, kind, number, after):
    expected = prepare(bench, kind)
    happened = interrupted(bench, "objects", ("put", "put_new", "put_file"), number, after=after)
    if happened[0] == "successor":
        assert happened[1] is Outcome.REFRESH_ERROR
    check(bench, expected, files=names(kind))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", LEDGER_WRITES)
@pytest.mark.parametrize("kind", KINDS)
def test_at_every_write_to_the_ledger(bench, kind, name, after):
    expected = prepare(bench, kind)
    assert "successor" in interrupted(bench, "ledger", (name,), 1, after=after)
    check(bench, expected, files=names(kind))


@pytest.mark.parametrize("number", PUTS)
def test_two_runs_behind_are_no_worse_than_one(bench, number):
    """While it slept its successor applied its files, and one more run others."""
    prepare(bench, "changes")

    def one_more():
        bench.change(4, "U", 4, 44)
        assert elsewhere(bench.run).status is RunStatus.SUCCEEDED

    happened = interrupted(bench, "objects", ("put", "put_new", "put_file"), number, more=one_more)
    if happened[0] == "successor":
        check(bench, {1: 11, 3: 30, 4: 44}, files=[*names("changes"), "20260131-000000004.parquet"])


class Gone(BaseException):
    """The woken writer's process ends for good right after its late commit."""


def test_a_late_commit_whose_writer_died_then_is_found_by_the_next_run(bench):
    expected = prepare(bench, "changes")
    run_id = "run-woken"
    bench.manager().plan(run_id, HOURLY)

    class Late:
        def __getattr__(self, name):
            return getattr(bench.aws.objects, name)

        def put_new(self, bucket, key, content):
            if not key.endswith(".commit"):
                return bench.aws.objects.put_new(bucket, key, content)
            bench.aws.job_runs.set(f"jr-{run_id}-0", JobRunState.STOPPED)
            assert elsewhere(bench.run).status is RunStatus.SUCCEEDED
            bench.aws.objects.put_new(bucket, key, content)
            raise Gone

    aws = wrapped(bench.aws)
    aws.engine = type(bench.engine)(Late())
    with pytest.raises(Gone):
        bench.process(run_id, 0, aws)
    before = len(bench.commits)
    bench.change(8, "I", 8, 80)
    summary = bench.run()
    assert summary.status is RunStatus.SUCCEEDED
    assert any("was taken back out" in warning for warning in summary.warnings)
    assert (bench.table, bench.remains, len(bench.commits)) == ({**expected, 8: 80}, [], before)


def test_data_files_of_no_commit_are_removed_by_the_next_one(bench):
    prepare(bench, "changes")
    bench.run()
    store, bucket = bench.aws.objects, bench.aws.settings.raw_bucket
    ((group, *_),) = [sorted(e.key for e in store.list(bucket, "raw/orders/") if e.key.endswith(".parquet"))]
    orphan = group.rsplit("/", 1)[0] + "/00000000-0000-0000-0000-000000000000-0_0-0-0_20991231235959999.parquet"
    store.put(bucket, orphan, store.get(bucket, group))
    bench.change(8, "I", 8, 80)
    bench.run()
    assert bench.remains == []
