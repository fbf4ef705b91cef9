"""Who holds a lease, and when an invocation of the Lambda function has ended."""

from __future__ import annotations

import pytest

from file_processor.lease import Contender
from file_processor.owners import Owner
from file_processor.work_size import TIMEOUT_SECONDS
from odpf.errors import TableLocked
from odpf.manifest import summary_key
from odpf.states import Compute, JobRunState
from odpf.summarised import summarised
from odpf_local.memory import MemoryAws
from tests.file_processor.workbench import START

DEAD = Owner.invocation("run-1", 0, "request-1").text


def test_an_invocation_is_told_by_its_text_and_everything_else_is_a_job_run():
    assert Owner.parse(DEAD) == Owner(Compute.LAMBDA, "lambda:run-1:0:request-1", "run-1")
    for text in ("jr_0123", "lambda", "lambda:run-1", ""):
        assert Owner.parse(text) == Owner(Compute.GLUE, text)


class Clock:
    """The contender's own seconds; `at` is called after each sleep."""

    def __init__(self, at=lambda seconds: None):
        self.seconds, self.at = 0.0, at

    def monotonic(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds
        self.at(self.seconds)


@pytest.fixture
def aws():
    """An invocation of run-1 holds the table and has beaten."""
    aws = MemoryAws()
    state = contender(aws, DEAD, "run-1").take("raw.orders", "shop.orders")
    assert state.lease_owner == DEAD
    aws.ledger.beat(DEAD)
    return aws


def contender(aws, owner="jr-2", run_id="run-2", clock=None, **more):
    clock = clock or Clock()
    over = summarised(aws.objects, aws.settings.artifacts_bucket)
    given = {"monotonic": clock.monotonic, "sleep": clock.sleep, "is_summarised": over, **more}
    return Contender(aws.ledger, aws.job_runs, aws.settings, owner, run_id, **given)


def summarise(aws, run_id):
    aws.objects.put(aws.settings.artifacts_bucket, summary_key(run_id), b"{}")


def test_a_table_of_an_invocation_is_free_when_its_run_is_summarised(aws):
    with pytest.raises(TableLocked, match="being written by invocation lambda:run-1:0:request-1"):
        contender(aws).take("raw.orders", "shop.orders")
    summarise(aws, "run-1")
    taken = contender(aws).take("raw.orders", "shop.orders")
    assert (taken.lease_owner, taken.fence) == ("jr-2", 2)


def test_the_summary_of_another_run_frees_nothing(aws):
    summarise(aws, "run-2")
    with pytest.raises(TableLocked):
        contender(aws).take("raw.orders", "shop.orders")


def test_without_a_summary_an_invocation_is_outwaited_for_its_whole_timeout_and_never_stopped(aws):
    clock = Clock()
    taken = contender(aws, clock=clock).take_or_wait("raw.orders", "shop.orders")
    assert taken.lease_owner == "jr-2"
    assert TIMEOUT_SECONDS <= clock.seconds < TIMEOUT_SECONDS + aws.settings.lease_seconds
    assert aws.job_runs.stopped == []


def test_a_lease_longer_than_the_timeout_is_waited_for(aws):
    aws.settings = aws.settings.model_copy(update={"lease_seconds": 2 * TIMEOUT_SECONDS})
    clock = Clock()
    contender(aws, clock=clock).take_or_wait("raw.orders", "shop.orders")
    assert clock.seconds >= 2 * TIMEOUT_SECONDS


def test_an_invocation_that_beats_late_is_left_alone(aws):
    beats = {"at": TIMEOUT_SECONDS - 30}

    def at(seconds):
        if seconds > beats["at"]:
            aws.ledger.beat(DEAD)

    clock = Clock(at)
    with pytest.raises(TableLocked):
        contender(aws, clock=clock).take_or_wait("raw.orders", "shop.orders")
    assert aws.ledger.state("raw.orders").lease_owner == DEAD


def test_an_invocation_whose_run_is_summarised_meanwhile_is_looked_at_again(aws):
    clock = Clock(lambda seconds: summarise(aws, "run-1") if seconds > 20 else None)
    assert contender(aws, clock=clock).take_or_wait("raw.orders", "shop.orders").lease_owner == "jr-2"
    assert clock.seconds < aws.settings.lease_seconds


def test_an_owner_is_outwaited_once_for_all_its_tables(aws):
    contender(aws, DEAD, "run-1").take("raw.lines", "shop.lines")
    clock = Clock()
    patient = contender(aws, clock=clock)
    for name in ("orders", "lines"):
        patient.take_or_wait(f"raw.{name}", f"shop.{name}")
    assert clock.seconds < TIMEOUT_SECONDS + aws.settings.lease_seconds


def test_an_invocation_waits_for_nobody_and_stops_nobody(aws):
    clock = Clock()
    impatient = contender(aws, Owner.invocation("run-2", 0, "r").text, clock=clock, is_patient=False)
    with pytest.raises(TableLocked):
        impatient.take_or_wait("raw.orders", "shop.orders")
    aws.job_runs.set("jr-9", JobRunState.RUNNING)
    aws.ledger.acquire(aws.ledger.state("raw.orders"), "jr-9", "run-9", START)
    with pytest.raises(TableLocked):
        impatient.take_or_wait("raw.orders", "shop.orders")
    assert (clock.seconds, aws.job_runs.stopped) == (0, [])


def test_an_invocation_takes_what_a_job_run_left_that_has_ended(aws):
    aws.job_runs.set("jr-9", JobRunState.FAILED)
    aws.ledger.acquire(aws.ledger.state("raw.orders"), "jr-9", "run-9", START)
    impatient = contender(aws, Owner.invocation("run-2", 0, "r").text, is_patient=False)
    assert impatient.take("raw.orders", "shop.orders").fence == 3
