"""A plan reads the states of tables with files; all of them only where something may have been left in the middle."""

from __future__ import annotations

from datetime import timedelta

import pytest

from file_processor.plan_reads import EVERY_FILE, EVERY_STATE, LONGEST_UPLOAD, PlanReads, SweptTables, swept_digest
from odpf.audit import RunSummary, TableResult
from odpf.clock import iso, utc_now
from odpf.epoch import Epoch
from odpf.last_plan import LastPlan
from odpf.states import Outcome, RunStatus
from tests.file_processor.workbench import HOURLY, Workbench, table_item, wrapped

NOW = utc_now()
BEFORE = NOW - timedelta(minutes=10)
TABLES = ["s.t", "s.u"]
LAST = LastPlan(
    run_id="r",
    started_at=iso(BEFORE),
    all_states_at=iso(NOW - timedelta(minutes=30)),
    all_files_at=iso(NOW - timedelta(hours=20)),
    swept_at=iso(BEFORE),
    swept=swept_digest(TABLES),
)
SOME_BEFORE = BEFORE - LONGEST_UPLOAD


def summary(*outcomes):
    named = {"source_table_name": "s.t", "raw_database_name": "raw", "raw_table_name": "t"}
    return RunSummary(
        run_id="r",
        refresh_cadence="hourly",
        status=RunStatus.SUCCEEDED,
        started_at=iso(NOW),
        ended_at=iso(NOW),
        tables=tuple(TableResult(**named, outcome=outcome) for outcome in outcomes),
    )


def reads(last=LAST, told=None, epoch=0, tables=TABLES, now=NOW, **changed):
    last = last and last.model_copy(update=changed)
    return PlanReads.after(last, told or summary(Outcome.COMPLETED), Epoch(number=epoch), tables, now)


def test_after_a_plan_whose_run_did_all_its_tables_only_what_may_be_new_is_read():
    assert reads() == reads(told=summary()) == PlanReads(SOME_BEFORE, SOME_BEFORE)


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.COMPLETED])
def test_after_any_other_outcome_all_states_are_read(outcome):
    assert reads(told=summary(Outcome.COMPLETED, outcome)) == PlanReads(None, SOME_BEFORE)


def test_without_a_summary_all_states_are_read():
    assert PlanReads.after(LAST, None, Epoch(), TABLES, NOW) == PlanReads(None, SOME_BEFORE)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"last": None}, PlanReads()),
        ({"epoch": 1}, PlanReads()),
        ({"epoch": 1, "last": LAST.model_copy(update={"epoch": 1})}, PlanReads()),
        ({"swept_at": None}, PlanReads()),
        ({"all_states_at": None}, PlanReads(None, SOME_BEFORE)),
        ({"all_files_at": None}, PlanReads(SOME_BEFORE, None)),
        ({"tables": [*TABLES, "s.new"]}, PlanReads(SOME_BEFORE, None)),
        ({"now": NOW + EVERY_STATE}, PlanReads(None, SOME_BEFORE)),
        ({"now": NOW + EVERY_FILE}, PlanReads()),
    ],
    ids=[
        "never planned",
        "another epoch",
        "replicas",
        "nothing staged",
        "no states",
        "no files",
        "another table",
        "an hour",
        "a day",
    ],
)
def test_where_it_is_not_known_or_too_long_ago_everything_is_read(changed, expected):
    assert reads(**changed) == expected


def test_every_plan_tells_the_next_one_when_everything_was_read_last():
    told = PlanReads(BEFORE, None).remembered(LAST, "r2", iso(NOW), Epoch(), SweptTables(TABLES, NOW))
    assert (told.all_states_at, told.all_files_at) == (LAST.all_states_at, iso(NOW))
    assert (told.run_id, told.started_at, told.swept_at, told.swept) == ("r2", iso(NOW), iso(NOW), LAST.swept)


class Counting:
    """A port that notes what one of its methods is asked about."""

    def __init__(self, port, method):
        self._port, self._method, self.asked = port, method, []

    def __getattr__(self, name):
        if name != self._method:
            return getattr(self._port, name)

        def method(things):
            things = list(things)
            self.asked.append(things)
            return getattr(self._port, name)(things)

        return method


@pytest.fixture
def ago():
    """How long ago S3 says that something is put."""
    return [timedelta(0)]


@pytest.fixture
def bench(ago):
    """Two tables, of which one gets all files."""
    bench = Workbench(clock=lambda: utc_now() - ago[0])
    bench.aws.config.put_tables([table_item(source_table_name="shop.idle", raw_table_name="idle")])
    ago[0] = timedelta(days=3)
    bench.load((1, 10))
    ago[0] = timedelta(0)
    return bench


def asked_by_a_plan(bench, **request):
    """Raw tables whose states a plan reads, and how many staged files it asks the tracker about."""
    ledger, tracker = bench.aws.ledger, bench.aws.tracker
    bench.aws.ledger, bench.aws.tracker = Counting(ledger, "states"), Counting(tracker, "known")
    bench.run(**request)
    states, files = bench.aws.ledger.asked[0], bench.aws.tracker.asked
    bench.aws.ledger, bench.aws.tracker = ledger, tracker
    return sorted(states), sum(map(len, files))


def test_a_cadences_first_plan_reads_all_and_the_next_ones_what_may_be_new(bench):
    assert asked_by_a_plan(bench) == (["raw.idle", "raw.orders"], 1)
    assert asked_by_a_plan(bench) == ([], 0)
    bench.change(1, "U", 1, 11)
    assert asked_by_a_plan(bench) == (["raw.orders"], 1)
    assert bench.table == {1: 11}
    assert asked_by_a_plan(bench, with_set_aside=True) == (["raw.idle", "raw.orders"], 2)


def test_a_load_of_an_earlier_generation_put_again_is_seen_though_nothing_is_pending(bench):
    bench.run()
    bench.load((1, 15))
    bench.run()
    bench.run()
    bench.load((1, 10))
    assert asked_by_a_plan(bench)[0] == ["raw.orders"]
    assert bench.table == {1: 10}


def test_a_file_whose_event_was_lost_is_found_by_the_next_plan_whatever_its_name(bench):
    bench.run()
    bench.change(5, "U", 1, 15)
    bench.run()
    bench.change(1, "I", 2, 20)
    bench.run()
    assert bench.table == {1: 15, 2: 20}


class Dying:
    """Ports that do nothing any more at the end of a table's work."""

    def __init__(self, port, *missing):
        self._port, self._missing = port, missing

    def __getattr__(self, name):
        if name in self._missing:
            return lambda *_, **__: None
        return getattr(self._port, name)


def test_a_table_that_a_run_left_in_the_middle_is_healed_by_the_next_one_without_a_file(bench):
    bench.run()
    bench.change(1, "U", 1, 11)
    assert bench.manager().plan("run-dies", HOURLY)["batch_count"] == 1
    dying = wrapped(bench.aws)
    dying.ledger, dying.audit = Dying(bench.aws.ledger, "release"), Dying(bench.aws.audit, "append")
    bench.process("run-dies", 0, dying)
    assert (bench.state.lease_owner, bench.aws.tracker.pending("shop.orders")) == ("jr-run-dies-0", [])
    bench.manager().summarise("run-dies")

    bench.run()
    assert (bench.table, bench.state.lease_owner, bench.state.refresh_status) == ({1: 11}, None, "completed")
