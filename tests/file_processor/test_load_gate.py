"""Full loads that land over several runs are applied as one, when they are whole (S8, S9, S10)."""

from datetime import timedelta

import pytest

from odpf.errors import TransientError
from odpf.settings import Settings, StagingPlace
from odpf.states import DmsTableState, Outcome, RunStatus
from tests.file_processor.workbench import HOURLY, START, Workbench, later, table_item

FIRST, SECOND, THIRD = (f"LOAD{number:08X}.parquet" for number in (1, 2, 3))
TASKS = ("arn:aws:dms:eu-west-1:123456789012:task:SHOP",)


class S3Clock:
    """S3's clock, which stands still until a test moves it: days away from this machine's."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def forward(self, seconds):
        self.now += timedelta(seconds=seconds)


class Landing(Workbench):
    """A table whose full load lands bit by bit."""

    def __init__(self, rule, **item):
        self.clock = S3Clock()
        settings = Settings(
            staging_places=(StagingPlace(bucket="odpf-staging", folder="internal_staging"),),
            raw_bucket="odpf-raw",
            artifacts_bucket="odpf-artifacts",
            dms_task_arns=TASKS if rule == "dms" else (),
        )
        super().__init__(settings, clock=self.clock, full_load_completion=rule, **item)

    def load(self, *values, name=FIRST):
        super().load(*values, name=name)
        self.clock.forward(1)

    def change(self, *values):
        super().change(*values)
        self.clock.forward(1)

    def mark(self):
        self.put_bytes("_ODPF_LOAD_COMPLETE", b"")

    def complete(self):
        """What the table's rule waits for comes to pass."""
        self.mark()
        self.aws.dms_tasks.set("shop", "orders", DmsTableState.COMPLETED, self.clock.now)
        self.clock.forward(60)

    def begin(self):
        """DMS begins to load."""
        self.aws.dms_tasks.set("shop", "orders", DmsTableState.LOADING)

    @property
    def waiting(self):
        return sorted(file.name for file in self.aws.tracker.all_pending())

    def whole(self, *values):
        """A load of one file, applied."""
        self.begin()
        self.load(*values)
        self.complete()
        assert self.run().status is RunStatus.SUCCEEDED


RULES = ["marker", "quiet_seconds:60", "dms"]


@pytest.mark.parametrize("rule", RULES)
def test_a_first_load_over_several_runs_is_one_load_with_all_its_changes(rule):
    bench = Landing(rule)
    bench.begin()
    for number, name in enumerate((FIRST, SECOND, THIRD), 1):
        bench.load((number, number * 10), name=name)
        bench.change(number, "U", number, number * 10 + 1)
        summary = bench.run()
        assert summary.status is RunStatus.NOTHING_TO_DO
        (table,) = summary.tables
        assert (table.outcome, table.full_load_completion) == (Outcome.WAITING_FOR_FULL_LOAD, rule)
        assert f"full_load_completion: {rule}" in summary.warnings[0]
        assert table.files == len(bench.waiting) == 2 * number
    bench.complete()
    summary = bench.run()
    assert (summary.status, summary.tables[0].full_load_completion) == (RunStatus.SUCCEEDED, rule)
    assert (bench.table, bench.state.generation, len(bench.commits)) == ({1: 11, 2: 21, 3: 31}, 1, 1)
    assert bench.waiting == []


@pytest.mark.parametrize("rule", RULES)
def test_a_run_that_has_held_files_alone_starts_no_job(rule):
    bench = Landing(rule)
    bench.begin()
    bench.load((1, 10))
    plan = bench.manager().plan("run-x", HOURLY)
    assert (plan["batch_count"], plan["nothing_to_do"]) == (0, True)
    bench.complete()
    assert bench.manager().plan("run-y", HOURLY)["batch_count"] == 1


@pytest.mark.parametrize("rule", RULES)
def test_a_reload_over_several_runs_replaces_the_table_at_once_with_changes_before_and_after(rule):
    bench = Landing(rule)
    bench.whole((1, 10), (2, 20))
    bench.begin()
    bench.change(1, "U", 1, 11)  # before the reload: the old rows have it
    bench.load((1, 15), name=FIRST)
    bench.change(2, "U", 1, 16)  # captured while it is loaded: on top of it
    summary = bench.run()
    assert (summary.status, bench.table) == (RunStatus.SUCCEEDED, {1: 11, 2: 20})
    assert "until the full load is whole" in summary.warnings[0]
    assert bench.waiting == ["20260131-000000002.parquet", FIRST]
    bench.load((3, 35), name=SECOND)
    assert (bench.run().status, bench.table) == (RunStatus.NOTHING_TO_DO, {1: 11, 2: 20})
    bench.complete()
    bench.change(3, "U", 3, 36)
    assert bench.run().status is RunStatus.SUCCEEDED
    assert (bench.table, bench.state.generation, bench.waiting) == ({1: 16, 3: 36}, 2, [])
    assert len(bench.commits) == 3


def test_quiet_time_is_told_by_the_clock_of_s3_alone():
    """It is years behind this machine's clock here: by that one every load would be quiet."""
    bench = Landing("quiet_seconds:60")
    bench.load((1, 10))
    bench.clock.forward(58)
    assert bench.run().status is RunStatus.NOTHING_TO_DO
    bench.clock.forward(1)
    assert (bench.run().status, bench.table) == (RunStatus.SUCCEEDED, {1: 10})


def test_a_marker_of_the_load_before_says_nothing_of_a_reload():
    bench = Landing("marker")
    bench.whole((1, 10))
    bench.load((1, 15))
    assert (bench.run().status, bench.table) == (RunStatus.NOTHING_TO_DO, {1: 10})
    bench.mark()
    assert (bench.run().status, bench.table) == (RunStatus.SUCCEEDED, {1: 15})


@pytest.mark.parametrize("rule", ["none", "marker", "dms"])
def test_a_load_object_with_a_new_key_that_comes_after_the_load_extends_it_at_once(rule):
    bench = Landing(rule)
    bench.whole((1, 10))
    bench.load((2, 20), name=SECOND)
    assert bench.run().status is RunStatus.SUCCEEDED
    assert (bench.table, bench.state.generation) == ({1: 10, 2: 20}, 1)


def test_with_quiet_time_a_new_key_extends_the_load_when_it_is_quiet_again():
    bench = Landing("quiet_seconds:60")
    bench.whole((1, 10))
    bench.load((2, 20), name=SECOND)
    assert bench.run().status is RunStatus.NOTHING_TO_DO
    bench.clock.forward(60)
    assert bench.run().status is RunStatus.SUCCEEDED
    assert (bench.table, bench.state.generation) == ({1: 10, 2: 20}, 1)


def test_with_quiet_time_a_reload_may_begin_with_a_new_key():
    """As an extension of the old load its rows would be gone with the reload."""
    bench = Landing("quiet_seconds:60")
    bench.whole((1, 10))
    bench.load((2, 25), name="SEGMENT2_LOAD00000001.parquet")
    bench.run()
    bench.load((1, 15), name=FIRST)
    bench.clock.forward(60)
    bench.run()
    assert (bench.table, bench.state.generation) == ({1: 15, 2: 25}, 2)


def test_changes_of_a_table_without_a_waiting_load_ask_for_nothing_and_go_on():
    bench = Landing("dms")
    bench.whole((1, 10))
    asked = bench.aws.dms_tasks.asked
    bench.change(1, "U", 1, 11)
    assert (bench.run().status, bench.table) == (RunStatus.SUCCEEDED, {1: 11})
    assert bench.aws.dms_tasks.asked == asked


def test_a_dms_that_cannot_be_reached_holds_its_tables_load_and_no_other_table():
    bench = Landing("dms")
    other = table_item(source_table_name="shop.items", raw_table_name="items", full_load_completion="none")
    bench.aws.config.put_tables([other])
    bench.put_bytes(FIRST, b"not read in this test", table="shop/items")
    bench.load((1, 10))
    bench.aws.dms_tasks.unreachable = TransientError("The service is away. The next run tries again.")
    bench.manager().plan("run-x", HOURLY)
    planned = bench.aws.objects.get("odpf-artifacts", "runs/run-x/run.json").decode()
    assert "DMS could not be asked. The service is away." in planned
    assert bench.manager().plan("run-y", HOURLY)["batch_count"] == 1
    bench.aws.dms_tasks.unreachable = None
    bench.complete()
    bench.run()
    assert bench.table == {1: 10}


def test_without_a_task_to_ask_the_load_waits_and_says_what_to_configure():
    bench = Landing("dms")
    bench.aws.settings = bench.aws.settings.model_copy(update={"dms_task_arns": ()})
    bench.load((1, 10))
    assert "ODPF_DMS_TASK_ARNS" in bench.run().warnings[0]


def test_the_deployments_rule_is_that_of_tables_that_say_nothing():
    bench = Landing(None)
    bench.aws.settings = bench.aws.settings.model_copy(update={"full_load_completion": "quiet_seconds:60"})
    bench.load((1, 10))
    assert bench.run().tables[0].outcome is Outcome.WAITING_FOR_FULL_LOAD
    bench.aws.config.put_tables([table_item(full_load_completion="none")])
    assert bench.run().tables[0].full_load_completion == "none"


def test_a_held_load_keeps_nobody_from_finishing_what_a_dead_run_left():
    bench = Landing("quiet_seconds:60")
    bench.whole((1, 10))
    bench.aws.ledger.acquire(bench.state, "jr-dead", "run-1", later(0))  # of a run that is summarised
    bench.load((1, 15))
    assert bench.manager().plan("run-x", HOURLY)["batch_count"] == 1
    bench.process("run-x", 0, bench.aws)
    assert (bench.state.lease_owner, bench.table, bench.waiting) == (None, {1: 10}, [FIRST])


def test_which_rule_decided_stands_in_the_audit_row():
    bench = Landing("marker")
    bench.whole((1, 10))
    bench.change(1, "U", 1, 11)
    bench.run()
    assert [row.full_load_completion for row in bench.aws.audit.of_table("raw.orders")] == ["marker", None]
