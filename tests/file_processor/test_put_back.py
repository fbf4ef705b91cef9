"""A reload that puts back the very bytes of an earlier generation: its files are those that history has already."""

import pytest

from odpf.states import Outcome, RunStatus
from tests.file_processor.test_load_gate import FIRST, SECOND, Landing
from tests.file_processor.workbench import HOURLY


@pytest.fixture
def twice():
    """A table loaded with A, then with B."""
    bench = Landing("none")
    for value in (10, 15):
        bench.load((1, value))
        assert bench.run().status is RunStatus.SUCCEEDED
    return bench


def test_a_reload_that_puts_back_an_earlier_load_replaces_the_table(twice):
    twice.change(1, "U", 1, 16)
    twice.run()
    twice.load((1, 10))
    assert twice.run().status is RunStatus.SUCCEEDED
    assert (twice.table, twice.state.generation) == ({1: 10}, 3)
    assert twice.run().status is RunStatus.NOTHING_TO_DO


def test_the_load_that_is_applied_put_again_is_no_reload(twice):
    twice.load((1, 15))
    assert twice.run().status is RunStatus.NOTHING_TO_DO


def test_files_that_are_put_back_in_several_runs_are_all_taken():
    bench = Landing("none")
    for value in (10, 15):
        bench.load((1, value), name=FIRST)
        bench.load((2, value), name=SECOND)
        bench.run()
    bench.load((1, 10), name=FIRST)
    bench.run()
    assert bench.table == {1: 10}  # without a rule for whole loads
    bench.load((2, 10), name=SECOND)
    bench.run()
    assert (bench.table, bench.state.generation) == ({1: 10, 2: 10}, 3)


def test_a_put_back_reload_has_the_files_that_were_put_again_unchanged():
    bench = Landing("none")
    for value in (10, 15, 10):
        bench.load((1, value), name=FIRST)
        bench.load((2, 20), name=SECOND)
        bench.run()
        assert bench.table == {1: value, 2: 20}
    assert bench.state.generation == 3


def test_a_file_that_another_run_put_into_the_load_since_the_plan_is_not_applied_again():
    bench = Landing("none")
    for value in (10, 15):
        bench.load((1, value), name=FIRST)
        bench.load((2, value), name=SECOND)
        bench.run()
    bench.load((1, 10), name=FIRST)
    bench.run()
    bench.load((2, 10), name=SECOND)
    bench.manager().plan("run-late", HOURLY)
    bench.run()
    (row,) = bench.process("run-late", 0, bench.aws)
    assert (row.outcome, row.files) == (Outcome.COMPLETED, 0)
    assert (bench.table, bench.state.generation) == ({1: 10, 2: 10}, 3)


@pytest.mark.parametrize("rule", ["marker", "quiet_seconds:60", "dms"])
def test_a_put_back_load_waits_until_it_is_whole_and_so_do_its_changes(rule):
    bench = Landing(rule)
    for value in (10, 15):
        bench.whole((1, value))
    bench.begin()
    bench.change(1, "U", 1, 17)
    bench.load((1, 10))
    bench.change(2, "I", 2, 20)
    bench.run()
    assert (bench.table, bench.waiting) == ({1: 17}, ["20260131-000000002.parquet"])
    assert bench.run().status is RunStatus.NOTHING_TO_DO
    bench.complete()
    bench.run()
    assert (bench.table, bench.state.generation) == ({1: 10, 2: 20}, 3)


def test_what_another_run_applied_since_the_plan_is_not_applied_again(twice):
    twice.load((1, 10))
    twice.manager().plan("run-late", HOURLY)
    twice.run()
    rows = twice.process("run-late", 0, twice.aws)
    assert [row.files for row in rows] == [0]
    assert (twice.table, twice.state.generation) == ({1: 10}, 3)


def test_a_load_that_came_since_the_plan_is_not_replaced_by_an_older_one(twice):
    twice.load((1, 10))
    twice.manager().plan("run-late", HOURLY)
    twice.load((1, 99))
    twice.run()
    (row,) = twice.process("run-late", 0, twice.aws)
    assert (row.outcome, row.files) == (Outcome.COMPLETED, 0)
    assert (twice.table, twice.state.generation) == ({1: 99}, 3)


def test_tables_whose_load_is_what_they_have_ask_history_nothing(twice):
    asked = []
    finished = twice.aws.tracker.finished
    twice.aws.tracker.finished = lambda files: asked.append(files) or finished(files)
    twice.change(1, "U", 1, 16)
    twice.run()
    assert asked == []
