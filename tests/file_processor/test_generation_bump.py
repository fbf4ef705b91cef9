"""A DMS task was made anew and counts its sequences from a lower start: the table goes on in a new generation."""

from datetime import timedelta

import pytest

from odpf.clock import utc_now
from odpf.errors import EpochRaised, TableLocked, TerminalError
from odpf.states import JobRunState, RefreshStatus, RunStatus
from odpf.table_config import read_table_config
from odpf.table_state import Intent
from odpf_cli.new_generation import Deployment, begin_generation
from tests.file_processor.workbench import START, Workbench, sequence, table_item

OLD_TASK, NEW_TASK = 500, 1
"""Where the sequences of the two stand."""


@pytest.fixture(params=["memory", "arrow"])
def bench(request, tmp_path):
    """A table whose changes the old task wrote, up to sequence 500."""
    bench = Workbench(folder=tmp_path if request.param == "arrow" else None)
    bench.load((1, 10), (2, 20), (3, 30))
    bench.change(OLD_TASK, "U", 1, 11)
    bench.run()
    return bench


def bump(bench, since=None, objects=None):
    aws = bench.aws
    deployment = Deployment(
        aws.settings, aws.tracker, aws.ledger, objects or aws.objects, aws.job_runs, bench.region
    )  # fmt: skip
    return begin_generation(deployment, read_table_config(table_item()), since, "an operator")


def new_task(bench, number, operation, key, value=None):
    """A change of the new task: its file has a newer name and a lower sequence."""
    row = {"Op": operation, "ID": key, "V": value, "SEQ": sequence(number)}
    bench.put(f"20260201-{number:09d}.parquet", [row])


def test_changes_of_the_new_task_come_after_everything_the_table_has(bench):
    before = bench.state
    bumped = bump(bench)
    assert (bumped.state.generation, bumped.state.floor, bumped.warnings) == (before.generation + 1, "", ())
    assert bench.run().status is RunStatus.NOTHING_TO_DO
    new_task(bench, 1, "U", 1, 12)
    new_task(bench, 2, "D", 2)
    new_task(bench, 3, "I", 4, 40)
    counts = bench.run().tables[0].counts
    assert bench.table == {1: 12, 3: 30, 4: 40}, "the row of key 3 stays: a bump is no reload"
    assert (counts.rows_updated, counts.rows_deleted, counts.rows_inserted, counts.rows_late) == (1, 1, 1, 0)
    assert bench.state.high_water_mark > before.high_water_mark


def test_without_a_bump_they_would_be_late_and_the_run_names_the_command(bench):
    new_task(bench, 1, "U", 1, 12)
    summary = bench.run()
    assert (bench.table[1], summary.status) == (11, RunStatus.SUCCEEDED)
    (warning,) = summary.warnings
    assert "odpf generation bump --table 'shop.orders'" in warning
    assert "20260201-000000001.parquet" in warning


def test_a_file_that_is_only_delivered_late_warns_of_nothing(bench):
    bench.change(OLD_TASK - 100, "U", 1, 9)
    assert bench.run().warnings == ()
    assert bench.table[1] == 11


class NotYetThere:
    """Staging as it was before a file came, which lies there by now."""

    def __init__(self, objects, late):
        self.objects, self.late = objects, late
        self.put = objects.put

    def list(self, bucket, prefix, after=""):
        return (entry for entry in self.objects.list(bucket, prefix, after) if not entry.key.endswith(self.late))


@pytest.mark.parametrize(("full_load", "generation"), [("required", 2), ("none", 2)])
def test_files_of_the_old_task_that_come_late_change_nothing(tmp_path, full_load, generation):
    """Also where there never was a load, so that the table's generation was 0."""
    bench = Workbench(folder=tmp_path, full_load=full_load)
    if full_load == "required":
        bench.load((1, 10))
    bench.change(OLD_TASK, "U", 1, 11)
    bench.run()
    bench.change(OLD_TASK + 1, "I", 7, 70)
    bumped = bump(bench, objects=NotYetThere(bench.aws.objects, "000000501.parquet"))
    new_task(bench, 1, "U", 1, 12)
    counts = bench.run().tables[0].counts
    assert (bench.table, counts.rows_late, bumped.state.generation) == ({1: 12}, 1, generation)


@pytest.mark.parametrize("between", [False, True], ids=["at once", "after changes"])
def test_a_load_of_the_new_task_replaces_the_table_and_its_changes_go_on_top(bench, between):
    bump(bench)
    if between:
        new_task(bench, 1, "U", 1, 12)
        bench.run()
    bench.load((1, 15), (2, 25))
    bench.run()
    assert (bench.table, bench.state.generation) == ({1: 15, 2: 25}, 3)
    new_task(bench, 2, "U", 1, 16)
    bench.run()
    assert bench.table == {1: 16, 2: 25}


def test_with_since_files_that_the_new_task_wrote_already_belong_to_it(bench):
    began = utc_now()
    new_task(bench, 1, "U", 1, 12)
    with pytest.raises(TerminalError, match="1 file of shop"):
        bump(bench)
    assert bench.state.generation == 1
    bump(bench, since=began)
    bench.run()
    assert bench.table[1] == 12


def test_while_files_of_the_old_task_wait_nothing_is_bumped(bench):
    bench.change(OLD_TASK + 1, "U", 2, 22)
    with pytest.raises(TerminalError, match="odpf run hourly --wait"):
        bump(bench)
    bench.run()
    assert (bench.table[2], bump(bench).state.generation) == (22, 2)


def test_a_table_that_a_run_holds_is_not_bumped(bench):
    held = bench.aws.ledger.acquire(bench.state, "jr-1", "run-1", START)
    bench.aws.job_runs.set("jr-1", JobRunState.FAILED)
    with pytest.raises(TableLocked, match="held by jr-1"):
        bump(bench)
    assert bench.state == held


def test_a_commit_that_is_not_in_the_ledger_is_finished_first(bench):
    lease = bench.aws.ledger.acquire(bench.state, "jr-1", "run-1", START)
    lease = bench.aws.ledger.record_intent(lease, Intent(batch_id="b"))
    left = bench.aws.ledger.release(lease, RefreshStatus.ERROR, "no answer", START)
    with pytest.raises(TableLocked, match="not in the ledger yet"):
        bump(bench)
    assert bench.state == left


def test_a_run_that_takes_the_table_meanwhile_wins(bench):
    ledger = bench.aws.ledger
    advance = ledger.advance

    def taken_meanwhile(lease, reached):
        ledger.advance = advance
        new_task(bench, 1, "I", 4, 40)
        bench.run()
        return advance(lease, reached)

    ledger.advance = taken_meanwhile
    with pytest.raises(TableLocked, match="took raw"):
        bump(bench)
    assert (bench.state.generation, bench.state.lease_owner, bench.table[4]) == (1, None, 40)


def test_a_bump_that_died_half_way_holds_nothing_up(bench):
    class Died(BaseException):
        pass

    def dies(lease, reached):
        raise Died

    bench.aws.ledger.advance, advance = dies, bench.aws.ledger.advance
    with pytest.raises(Died):
        bump(bench)
    bench.aws.ledger.advance = advance
    assert bench.state.lease_owner.startswith("operator_")
    bench.change(OLD_TASK + 1, "U", 2, 22)
    assert bench.run().status is RunStatus.SUCCEEDED
    assert (bench.table[2], bench.state.generation, bench.state.lease_owner) == (22, 1, None)


def test_the_state_a_table_was_in_stays_with_its_error(bench):
    lease = bench.aws.ledger.acquire(bench.state, "jr-1", "run-1", START)
    bench.aws.ledger.release(lease, RefreshStatus.ERROR, "no such column", START)
    state = bump(bench).state
    assert (state.refresh_status, state.last_error, state.lease_owner) == (RefreshStatus.ERROR, "no such column", None)


def test_moments_that_cannot_be_are_refused(bench):
    with pytest.raises(TerminalError, match="lies after"):
        bump(bench, since=utc_now() + timedelta(hours=1))
    with pytest.raises(TerminalError, match="cannot begin before"):
        bump(bench, since=START)
    assert bench.state.generation == 1


def test_a_table_that_was_never_written_has_nothing_to_be_late_against():
    with pytest.raises(TerminalError, match="never written"):
        bump(Workbench())


def test_who_bumped_what_is_kept(bench):
    bump(bench)
    (kept,) = bench.aws.objects.list(bench.artifacts, "generations/raw.orders/")
    assert b'"bumped_by": "an operator"' in bench.aws.objects.get(bench.artifacts, kept.key)


def test_files_in_quarantine_are_told_of(bench):
    bench.put_bytes("20260131-000000600.parquet", b"PAR1 no more")
    bench.run()
    (warning,) = bump(bench).warnings
    assert "1 file of shop.orders in quarantine" in warning


def test_a_region_that_stands_by_bumps_nothing(bench):
    bench.region = "eu-west-1"
    bench.aws.ledger.raise_epoch(bench.aws.ledger.epoch(), "eu-central-1", "me", START)
    with pytest.raises(EpochRaised):
        bump(bench)
    assert bench.state.generation == 1
