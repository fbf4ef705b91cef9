"""What a run leaves that ends between two writes, or does not know whether its last one was done: the next run makes it right."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from file_processor import applying
from odpf.clock import utc_now
from odpf.errors import EngineError, TransientError
from odpf.states import JobRunState, Outcome, RefreshStatus, RunStatus
from odpf.table_state import Intent
from tests.file_processor.workbench import HOURLY, Workbench, wrapped


class Killed(BaseException):
    """The process is gone."""


class Failing:
    """A port of which one method fails the first time."""

    def __init__(self, port, name, error):
        self._port, self._name, self._errors = port, name, [error]

    def __getattr__(self, name):
        if name == self._name and self._errors:
            error = self._errors.pop()

            def fail(*_args, **_named):
                raise error

            return fail
        return getattr(self._port, name)


@pytest.fixture
def bench(tmp_path) -> Workbench:
    bench = Workbench(folder=tmp_path)
    bench.load((1, 10))
    bench.run()
    return bench


def with_ledger(bench, name, error):
    aws = wrapped(bench.aws, ledger=Failing(bench.aws.ledger, name, error))
    aws.engine = bench.engine
    return aws


@pytest.mark.parametrize("name", ["advance", "finish_files"])
@pytest.mark.parametrize("error", [Killed(), TransientError("throttled")], ids=["killed", "throttled"])
def test_a_batch_without_a_commit_does_not_lose_its_mark(bench, name, error):
    """A delete of an absent key changes no row, and yet later rows are late against it."""
    bench.change(5, "D", 9)
    if isinstance(error, Killed):
        with pytest.raises(Killed):
            bench.run(with_ledger(bench, name, error))
        bench.manager().summarise(f"run-{bench.runs}")
    else:
        bench.run(with_ledger(bench, name, error))
    bench.run()
    bench.change(4, "I", 9, 90)
    assert bench.run().status is RunStatus.SUCCEEDED
    assert bench.table == {1: 10}
    assert len(bench.processed) == 3


def test_a_table_whose_progress_could_not_be_recorded_is_finished_though_no_file_waits(bench):
    bench.change(1, "U", 1, 11)
    assert bench.run(with_ledger(bench, "advance", TransientError("throttled"))).status is RunStatus.FAILED
    (result,) = bench.run().tables
    assert (result.outcome, bench.state.refresh_status) == (Outcome.COMPLETED, RefreshStatus.COMPLETED)
    assert (bench.state.intent, len(bench.commits)) == (None, 2)
    assert bench.run().status is RunStatus.NOTHING_TO_DO


def test_an_intent_whose_files_are_gone_is_forgotten(bench):
    bench.change(1, "U", 1, 11)
    lease = bench.aws.ledger.acquire(bench.state, "jr-1", "run-x", utc_now())
    bench.aws.ledger.record_intent(lease, Intent(batch_id="b"))
    bench.aws.ledger.release(lease, RefreshStatus.ERROR, "no answer", utc_now())
    for entry in list(bench.aws.objects.list("odpf-staging", "internal_staging/shop/orders/2")):
        bench.aws.objects.delete("odpf-staging", [entry.key])
    bench.aws.tracker.remove_pending("shop.orders", [file.file_id for file in bench.aws.tracker.pending("shop.orders")])
    assert bench.run().status is RunStatus.SUCCEEDED
    assert bench.state.intent is None
    assert bench.run().status is RunStatus.NOTHING_TO_DO


class Unanswered:
    """S3 that takes the commit's last request, and does not answer in time."""

    def __init__(self, objects, later):
        self._objects, self._later = objects, later

    def __getattr__(self, name):
        return getattr(self._objects, name)

    def put_new(self, bucket, key, content):
        if not key.endswith(".commit"):
            return self._objects.put_new(bucket, key, content)
        self._later.append((bucket, key, content))
        raise EngineError("no answer")


def test_a_table_of_which_a_commit_may_still_come_is_not_given_back_before_its_writer_has_ended(bench):
    bench.change(1, "U", 1, 11)
    later: list[tuple[str, str, bytes]] = []
    bench.manager().plan("run-u", HOURLY)
    aws = wrapped(bench.aws)
    aws.engine = type(bench.engine)(Unanswered(bench.aws.objects, later))
    bench.process("run-u", 0, aws)
    state = bench.state
    assert (state.lease_owner, state.refresh_status, state.last_error) == (
        "jr-run-u-0",
        RefreshStatus.ERROR,
        "no answer",
    )
    bench.aws.job_runs.set("jr-run-u-0", JobRunState.RUNNING)  # with its other tables
    bench.manager().plan("run-v", HOURLY)
    (row,) = bench.process("run-v", 0, bench.aws, sleep=lambda _: bench.aws.ledger.beat("jr-run-u-0"))
    assert row.outcome is Outcome.SKIPPED_LOCKED
    bench.aws.objects.put_new(*later[0])
    bench.aws.job_runs.set("jr-run-u-0", JobRunState.SUCCEEDED)
    assert bench.run().status is RunStatus.SUCCEEDED
    assert (bench.table, bench.remains, len(bench.commits)) == ({1: 11}, [], 2)


def test_a_woken_writer_of_a_first_load_clears_no_table_that_its_successor_has_loaded(tmp_path, monkeypatch):
    bench = Workbench(folder=tmp_path)
    bench.load((1, 10))
    bench.aws.objects.put("odpf-raw", "raw/orders/.hoodie/20250101000000000.commit.requested", b"")
    inspect, slept = applying.inspect, []

    def sleeping(*arguments):
        found = inspect(*arguments)
        if not slept:
            slept.append(True)
            bench.aws.job_runs.set("jr-run-w-0", JobRunState.STOPPED)
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(bench.run).result().status is RunStatus.SUCCEEDED
        return found

    monkeypatch.setattr(applying, "inspect", sleeping)
    bench.manager().plan("run-w", HOURLY)
    (row,) = bench.process("run-w", 0, bench.aws)
    assert row.outcome is Outcome.REFRESH_ERROR
    assert (bench.table, len(bench.commits)) == ({1: 10}, 1)
