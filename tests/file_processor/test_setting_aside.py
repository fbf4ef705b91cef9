"""A table that fails again and again is tried with waits, then put aside with a reason; nobody else starves (R11)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from odpf.attempts import Attempts, one_more
from odpf.errors import InvalidConfiguration, TransientError
from odpf.settings import Settings
from odpf.states import JobRunState, Outcome, RefreshStatus, RunStatus
from tests.file_processor.workbench import FULL, HOURLY, START, Workbench, sequence, table_item, wrapped

MOST = Settings.model_fields["most_attempts"].default


@pytest.fixture
def bench() -> Workbench:
    bench = Workbench()
    bench.aws.config.put_tables([table_item(source_table_name="shop.lines", raw_table_name="lines")])
    bench.load((1, 10))
    bench.put("LOAD00000001.parquet", [{"ID": 1, "V": 1}], FULL, table="shop/lines")
    bench.run()
    return bench


def test_a_table_that_fails_too_often_is_set_aside_and_the_others_go_on(bench):
    for number in range(1, MOST + 1):
        change_both(bench, number)
        assert outcomes(failing(bench)) == {"shop.orders": Outcome.REFRESH_ERROR, "shop.lines": Outcome.COMPLETED}
    change_both(bench, MOST + 1)
    summary = bench.run()
    assert outcomes(summary) == {"shop.orders": Outcome.SET_ASIDE, "shop.lines": Outcome.COMPLETED}
    assert summary.status is RunStatus.PARTIAL
    told = next(table.error for table in summary.tables if table.outcome is Outcome.SET_ASIDE)
    assert "the last 5 attempts failed" in told
    assert "The disk is full." in told
    assert "odpf run hourly --table 'shop.orders' --wait" in told


def test_a_run_with_nothing_but_tables_set_aside_starts_no_job_and_is_no_success(bench):
    set_aside(bench)
    plan = bench.manager().plan("run-x", HOURLY)
    assert (plan["batch_count"], plan["nothing_to_do"]) == (0, False)
    assert bench.run().status is RunStatus.FAILED


def test_a_table_set_aside_with_nothing_pending_is_not_told_of(bench):
    set_aside(bench)
    bench.aws.tracker.remove_pending("shop.orders", [file.file_id for file in bench.aws.tracker.pending("shop.orders")])
    for entry in list(bench.aws.objects.list("odpf-staging", "internal_staging/shop/orders/2")):
        bench.aws.objects.delete("odpf-staging", [entry.key])
    assert bench.run().status is RunStatus.NOTHING_TO_DO


@pytest.mark.parametrize("asked", [{"tables": ("shop.orders",)}, {"with_set_aside": True}])
def test_an_operator_has_it_tried_again_and_success_forgets_the_failures(bench, asked):
    set_aside(bench)
    assert bench.run(**asked).status is RunStatus.SUCCEEDED
    assert (bench.state.attempts, bench.state.last_error, bench.table) == (None, None, {1: 11})


def test_another_configuration_is_tried_without_being_asked(bench):
    set_aside(bench)
    bench.aws.config.put_tables([table_item(on_bad_file="stop")])
    assert outcomes(bench.run()) == {"shop.orders": Outcome.COMPLETED}


def test_a_run_of_named_tables_leaves_the_others_alone(bench):
    change_both(bench, 1)
    assert outcomes(bench.run(tables=("shop.orders",))) == {"shop.orders": Outcome.COMPLETED}
    assert outcomes(bench.run()) == {"shop.lines": Outcome.COMPLETED}


def test_a_run_of_a_table_that_the_cadence_does_not_have_is_refused(bench):
    with pytest.raises(InvalidConfiguration, match=r"shop\.ordrs: no active table of hourly"):
        bench.run(tables=("shop.ordrs",))


def test_by_schedule_the_second_failure_is_followed_by_a_wait_and_by_hand_none_is(bench):
    bench.change(1, "U", 1, 11)
    assert {failing(bench, scheduled=True).status for _ in range(2)} == {RunStatus.FAILED}
    (table,) = bench.run(scheduled=True).tables
    assert (table.outcome, bench.state.attempts.number) == (Outcome.REFRESH_ERROR, 2)
    assert f"tried again at {bench.state.attempts.next_at}, after 2 attempts" in table.error
    assert bench.run().status is RunStatus.SUCCEEDED


def test_waits_double_up_to_an_hour_and_are_spread():
    waits = [wait(number) for number in range(2, 9)]
    assert waits == [timedelta(minutes=m) for m in (5, 10, 20, 40, 60, 60, 60)]
    assert wait(3, chance=0.0) == timedelta(minutes=5)
    assert Attempts(number=1, tried_with="a").failed(START, 1.0).next_at is None


def wait(number: int, chance: float = 1.0) -> timedelta:
    failed = Attempts(number=number, tried_with="a").failed(START, chance)
    low, high = timedelta(0), timedelta(hours=2)
    while high - low > timedelta(seconds=1):
        middle = (low + high) / 2
        low, high = (middle, high) if failed.has_to_wait(START + middle) else (low, middle)
    return timedelta(minutes=round(high.total_seconds() / 60))


def test_attempts_count_anew_with_another_configuration():
    assert one_more(Attempts(number=4, tried_with="a"), "a").number == 5
    assert one_more(Attempts(number=4, tried_with="a"), "b").number == 1


def test_a_job_run_that_dies_counts_like_one_that_fails(bench):
    bench.change(1, "U", 1, 11)
    for _ in range(MOST):
        die(bench)
    (table,) = bench.run().tables
    assert table.outcome is Outcome.SET_ASIDE
    assert "killed, out of memory, or timed out" in table.error


def test_while_an_attempt_is_under_way_it_has_not_failed(bench):
    bench.change(1, "U", 1, 11)
    for _ in range(MOST - 1):
        failing(bench)
    bench.aws.ledger.acquire(
        bench.state,
        "jr-live",
        "run-live",
        START,
        attempts=one_more(bench.state.attempts, bench.state.attempts.tried_with),
    )
    bench.aws.job_runs.set("jr-live", JobRunState.RUNNING)
    assert bench.manager().plan("run-x", HOURLY)["batch_count"] == 1


def test_what_is_no_attempt_neither_counts_nor_forgets(bench):
    bench.change(1, "U", 1, 11)
    failing(bench)
    before = bench.state.attempts
    lease = bench.aws.ledger.state("raw.orders").model_copy(update={"active_commits": 100})
    taken = bench.aws.ledger.acquire(bench.state, "jr-1", "run-m", START)
    bench.aws.ledger.release(
        bench.aws.ledger.advance(taken, taken.model_copy(update={"active_commits": lease.active_commits})),
        RefreshStatus.ERROR, "as it was", START, attempts=taken.attempts,
    )  # fmt: skip
    bench.run(maintenance=True)
    assert bench.state.attempts == before


def test_tables_that_died_together_are_divided_until_the_guilty_one_is_alone(bench):
    """The others succeed in a smaller batch, and only the one that kills its job run is set aside."""
    names = [f"t{number:02d}" for number in range(16)]
    bench.aws.config.put_cadence({"refresh_cadence": "hourly", "refresh_tables_batch_size": 16})
    for name in names:
        bench.aws.config.put_tables([table_item(source_table_name=f"shop.{name}", raw_table_name=name)])
        bench.put("LOAD00000001.parquet", [{"ID": 1, "V": 1}], FULL, table=f"shop/{name}")
    sizes, runs = [], 0
    while runs < 8:
        runs += 1
        plan = bench.manager().plan(f"run-d{runs}", HOURLY)
        if not plan["batch_count"]:
            break
        sizes.append(max(kill_if_guilty(bench, f"run-d{runs}", number, "t07") for number in range(plan["batch_count"])))
        bench.manager().summarise(f"run-d{runs}")
    assert (sizes[0], sizes[-1]) == (16, 1)
    assert sizes == sorted(sizes, reverse=True)
    states = bench.aws.ledger.states(f"raw.{name}" for name in names)
    assert {name for name in names if states[f"raw.{name}"].attempts} == {"t07"}
    assert states["raw.t07"].attempts.number == MOST


def kill_if_guilty(bench, run_id, number, guilty) -> int:
    """A job run that dies with all its tables when it has the guilty one; how many it had then, else none."""
    manifest, _ = bench.shop(run_id, number, bench.aws, None, "jr-look")
    names = {work.config.raw_table_name for work in manifest.tables}
    if guilty in names:
        die(bench, run_id, number)
        return len(names)
    bench.process(run_id, number, bench.aws)
    return 0


class Killed(BaseException):
    """The process is gone."""


def die(bench, run_id=None, number=0) -> None:
    """A run whose job run dies while it reads the first table's history."""

    class Dying:
        def __getattr__(self, name):
            return getattr(bench.aws.ledger, name)

        def record_intent(self, *_):
            raise Killed

        def release(self, *_args, **_named):
            raise Killed

    own = run_id is None
    run_id = run_id or f"run-died-{bench.runs}"
    bench.runs += 1
    if own:
        bench.manager().plan(run_id, HOURLY)
    with pytest.raises(Killed):
        bench.process(run_id, number, wrapped(bench.aws, ledger=Dying()))
    if own:
        bench.manager().summarise(run_id)


class FullDisk:
    """An engine for which the disk is full when it writes one of the tables."""

    def __init__(self, engine, table):
        self._engine, self._table = engine, table

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def prepare(self, plan):
        if plan.config.raw_table == self._table:
            raise TransientError("The disk is full.")
        return self._engine.prepare(plan)


def failing(bench, **asked):
    aws = wrapped(bench.aws)
    aws.engine = FullDisk(bench.engine, "raw.orders")
    return bench.run(aws, **asked)


def set_aside(bench) -> None:
    bench.change(1, "U", 1, 11)
    for _ in range(MOST):
        failing(bench)


def change_both(bench, number) -> None:
    bench.change(number, "U", 1, 10 + number)
    row = {"Op": "U", "ID": 1, "V": number, "SEQ": sequence(number)}
    bench.put(f"20260131-{number:09d}.parquet", [row], table="shop/lines")


def outcomes(summary) -> dict[str, Outcome]:
    return {table.source_table_name: table.outcome for table in summary.tables}
