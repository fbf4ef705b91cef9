"""A run of maintenance: whose timelines are archived, and that nothing else happens to a table."""

from __future__ import annotations

import pytest

from file_processor import maintenance
from file_processor.engines.arrow.engine import ArrowEngine
from file_processor.engines.engine import MOST_COMMITS
from file_processor.maintenance import TABLES_OF_A_BATCH, plan_maintenance
from file_processor.planning import read_cadence
from file_processor.timeline import Timeline
from odpf.errors import NeedsSpark
from odpf.states import Compute, EngineName, JobRunState, Outcome, RefreshStatus, RunStatus
from odpf.table_state import TableState
from tests.file_processor import memory_engine
from tests.file_processor.test_crashes import Countdown, Killed
from tests.file_processor.workbench import Workbench, table_item, wrapped

LONG = MOST_COMMITS + 1
LEAST, MOST = 2, 4
"""In place of Hudi's 30 and 40, where a test makes the commits."""


def state(number, **values):
    names = {"raw_table": f"raw.t{number}", "source_table_name": f"shop.t{number}"}
    return TableState(**{**names, "high_water_mark": "000001  a 0", "active_commits": LONG, **values})


def planned(states, *items):
    items = items or [table_item(source_table_name=s.source_table_name, raw_table_name=s.raw_table[4:]) for s in states]
    return plan_maintenance(read_cadence("hourly", None, items), {each.raw_table: each for each in states})


def names(plan):
    return [work.config.raw_table_name for batch in plan.batches for work in batch.tables]


def test_the_longest_timelines_come_first_on_spark_and_without_files():
    plan = planned([state(1), state(2, active_commits=LONG + 5)])
    assert names(plan) == ["t2", "t1"]
    (batch,) = plan.batches
    assert batch.compute is Compute.GLUE
    assert {(work.engine, work.files, work.maintenance) for work in batch.tables} == {(EngineName.SPARK, (), True)}
    assert batch.tables[0].engine_reason.startswith(f"{LONG + 5} commits")


@pytest.mark.parametrize(
    "values", [{"active_commits": MOST_COMMITS}, {"active_commits": None}, {"high_water_mark": None}]
)
def test_a_table_whose_timeline_is_short_or_not_known_is_left_alone(values):
    plan = planned([state(1, **values)])
    assert (plan.batches, plan.nothing_to_do) == ((), True)


@pytest.mark.parametrize("values", [{"hudi_table_type": "merge_on_read"}, {"is_active": "N"}, {"hudi_primary_key": ""}])
def test_what_arrow_does_not_write_or_nobody_refreshes_is_left_alone(values):
    names = {"source_table_name": "shop.t1", "raw_table_name": "t1"}
    assert planned([state(1)], table_item(**names, **values)).nothing_to_do


def test_few_job_runs_are_started():
    plan = planned([state(n) for n in range(TABLES_OF_A_BATCH + 1)])
    assert [len(batch.tables) for batch in plan.batches] == [TABLES_OF_A_BATCH, 1]


@pytest.fixture
def long(monkeypatch) -> Workbench:
    """A table with a commit more than a timeline has at most, which here are few."""
    monkeypatch.setattr(maintenance, "MOST_COMMITS", MOST)
    monkeypatch.setattr(memory_engine, "LEAST_COMMITS", LEAST)
    bench = Workbench()
    bench.load((1, 0))
    bench.run()
    for number in range(1, MOST + 1):
        bench.change(number, "U", 1, number)
        bench.run()
    return bench


def test_a_long_timeline_is_archived_and_the_ledger_knows_it(long):
    before, table = long.state, long.table
    summary = long.run(maintenance=True)
    (result,) = summary.tables
    assert (summary.status, result.outcome, result.engine) == (RunStatus.SUCCEEDED, Outcome.COMPLETED, "spark")
    assert (len(long.commits), long.state.active_commits, long.table) == (LEAST, LEAST, table)
    moved = {"fence", "active_commits", "run_id", "updated_at", "table_bytes"}
    assert long.state.model_dump(exclude=moved) == before.model_dump(exclude=moved)
    assert long.state.refresh_status is RefreshStatus.COMPLETED
    long.change(99, "U", 1, 99)
    assert (long.run().status, long.table) == (RunStatus.SUCCEEDED, {1: 99})


def test_with_short_timelines_no_batch_is_planned(long):
    long.run(maintenance=True)
    assert long.run(maintenance=True).status is RunStatus.NOTHING_TO_DO


def test_files_wait_for_a_refresh_and_nothing_is_swept(long):
    long.change(99, "U", 1, 99)
    long.run(maintenance=True)
    assert (long.table, list(long.aws.tracker.all_pending())) == ({1: MOST}, [])
    long.run()
    assert long.table == {1: 99}


def test_a_run_of_maintenance_is_no_sign_of_life_of_the_refreshes(long):
    key = "cadences/hourly/last_plan.json"
    before = long.aws.objects.get(long.artifacts, key)
    long.run(maintenance=True)
    assert long.aws.objects.get(long.artifacts, key) == before


def test_a_commit_that_a_dead_run_left_is_in_the_ledger_first(long):
    long.change(99, "U", 1, 99)

    class Deaf:
        def __getattr__(self, name):
            if name == "finish_files":
                raise Killed
            return getattr(long.aws.ledger, name)

    with pytest.raises(Killed):
        long.run(wrapped(long.aws, ledger=Deaf()))
    summary = long.run(maintenance=True)
    assert (summary.tables[0].outcome, summary.tables[0].counts.rows_updated) == (Outcome.COMPLETED, 1)
    assert (len(long.commits), long.table) == (LEAST, {1: 99})
    assert list(long.aws.tracker.all_pending()) == []


@pytest.mark.parametrize("happens", [True, False])
@pytest.mark.parametrize("step", range(1, 16))
def test_maintenance_that_dies_at_any_step_costs_nothing(long, step, happens):
    countdown = Countdown(step, happens)
    ports = {name: countdown.wrap(getattr(long.aws, name)) for name in ("ledger", "objects", "audit")}
    dying = wrapped(long.aws, **ports)
    try:
        long.run(dying, maintenance=True)
    except Killed:
        long.aws.job_runs.set(f"jr-run-{long.runs}-0", JobRunState.FAILED)
        long.manager().summarise(f"run-{long.runs}")
    long.change(99, "U", 1, 99)
    assert (long.run().status, long.table) == (RunStatus.SUCCEEDED, {1: 99})
    long.run(maintenance=True)
    assert len(long.commits) <= MOST


def test_the_arrow_engine_leaves_it_to_spark(long):
    work = planned([state(1)]).batches[0].tables[0]
    with pytest.raises(NeedsSpark, match="Hudi itself"):
        ArrowEngine(long.aws.objects).maintain(work.config, Timeline(long.aws.objects, long.location))
