"""`odpf unlock`: an owner that works is left alone, one that has ended or hangs loses the table, and nothing is lost by it."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Event, Thread

import pytest

from odpf.attempts import Attempts
from odpf.errors import LeaseLost, TableLocked
from odpf.states import JobRunState, RefreshStatus
from odpf.table_state import Intent, TableState
from odpf_cli.unlocking import RELEASED, Unlocking
from odpf_local.memory import MemoryAws

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
RAW = "raw.orders"
NEVER_RUN = TableState(raw_table=RAW, source_table_name="shop.orders")


@pytest.fixture
def aws() -> MemoryAws:
    aws = MemoryAws()
    aws.settings = aws.settings.model_copy(update={"lease_seconds": 3, "heartbeat_seconds": 0.2})
    return aws


def unlocking(aws, *over: str) -> Unlocking:
    return Unlocking(aws.settings, aws.ledger, aws.job_runs, "eu-west-1", over.__contains__)


def held(aws, owner: str = "jr-1", state: JobRunState | None = JobRunState.RUNNING) -> TableState:
    if state:
        aws.job_runs.set(owner, state)
    attempts = Attempts(number=2, tried_with="c")
    return aws.ledger.acquire(NEVER_RUN, owner, "run-1", NOW, attempts=attempts)


def test_a_table_that_nobody_holds_has_no_holder(aws):
    assert unlocking(aws).holder(RAW) is None


@pytest.mark.parametrize("state", [JobRunState.FAILED, JobRunState.TIMEOUT, None])
def test_a_table_whose_owner_has_ended_is_free_at_once(aws, state):
    lease = held(aws, state=state)
    holder = unlocking(aws).holder(RAW)
    assert holder.has_ended
    freed = unlocking(aws).free(holder, stop=False)
    assert (freed.lease_owner, freed.fence, freed.attempts) == (None, lease.fence + 1, lease.attempts)
    assert (freed.refresh_status, freed.last_error) == (RefreshStatus.ERROR, RELEASED)


def test_an_owner_that_beats_keeps_its_table(aws):
    lease, ending = held(aws), Event()

    def beat() -> None:
        while not ending.wait(0.1):
            aws.ledger.beat("jr-1")

    thread = Thread(target=beat)
    thread.start()
    try:
        with pytest.raises(TableLocked, match="jr-1"):
            unlocking(aws).free(unlocking(aws).holder(RAW), stop=False)
    finally:
        ending.set()
        thread.join()
    assert aws.ledger.state(RAW) == lease
    assert aws.job_runs.state("jr-1") is JobRunState.RUNNING


def test_an_owner_that_hangs_is_stopped_after_a_whole_lease(aws):
    held(aws)
    assert unlocking(aws).free(unlocking(aws).holder(RAW), stop=False).lease_owner is None
    assert aws.job_runs.state("jr-1") is JobRunState.STOPPED


def test_stop_does_not_wait_for_a_lease(aws):
    aws.settings = aws.settings.model_copy(update={"lease_seconds": 3600})
    held(aws)
    assert unlocking(aws).free(unlocking(aws).holder(RAW), stop=True).lease_owner is None
    assert aws.job_runs.state("jr-1") is JobRunState.STOPPED


def test_an_invocation_cannot_be_stopped(aws):
    lease = held(aws, "lambda:run-1:0:r", None)
    with pytest.raises(TableLocked, match="cannot be stopped"):
        unlocking(aws).free(unlocking(aws).holder(RAW), stop=True)
    assert aws.ledger.state(RAW) == lease


def test_an_invocation_of_a_run_that_is_over_has_ended(aws):
    held(aws, "lambda:run-1:0:r", None)
    assert unlocking(aws, "run-1").free(unlocking(aws, "run-1").holder(RAW), stop=False).lease_owner is None


def test_the_former_owner_can_record_nothing_any_more(aws):
    lease = held(aws)
    unlocking(aws).free(unlocking(aws).holder(RAW), stop=True)
    with pytest.raises(LeaseLost):
        aws.ledger.record_intent(lease, Intent(batch_id="b"))


def test_a_table_that_was_taken_anew_since_it_was_looked_at_is_left_alone(aws):
    lease = held(aws)
    holder = unlocking(aws).holder(RAW)
    aws.ledger.release(lease, RefreshStatus.COMPLETED, None, NOW)
    aws.job_runs.set("jr-1", JobRunState.SUCCEEDED)
    aws.ledger.acquire(aws.ledger.state(RAW), "jr-2", "run-2", NOW)
    with pytest.raises(TableLocked):
        unlocking(aws).free(holder, stop=False)
    assert aws.ledger.state(RAW).lease_owner == "jr-2"
