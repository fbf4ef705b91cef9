"""Batches of Lambda over the engine in memory: what an invocation answers, what is left, and how a run ends."""

from __future__ import annotations

import json

import pytest

from file_processor.batch_run import BatchRun
from odpf.errors import NeedsSpark
from odpf.manifest import BatchManifest, RunManifest, batch_key, run_key
from odpf.states import EngineName, JobRunState, Outcome, RefreshStatus, RunStatus
from odpf.table_state import TableState
from tests.file_processor.memory_engine import MemoryEngine, rows
from tests.file_processor.workbench import FULL, HOURLY, START, Workbench, sequence, table_item, wrapped

NAMES = ("orders", "lines", "stock")


@pytest.fixture
def bench():
    bench = Workbench()
    bench.aws.config.put_cadence({"refresh_cadence": "hourly", "compute": "lambda"})
    tables = [table_item(source_table_name=f"shop.{name}", raw_table_name=name) for name in NAMES]
    bench.aws.config.put_tables(tables)
    return bench


def load(bench, *names, value=1):
    for name in names:
        bench.put("LOAD00000001.parquet", [{"ID": 1, "V": value}], FULL, f"shop/{name}")


def stored(bench, name):
    return {key: row["v"] for key, row in rows(bench.aws.objects, f"s3://odpf-raw/raw/{name}").items()}


def outcomes(summary):
    return {table.raw_table_name: table.outcome for table in summary.tables}


def never_run(name):
    return TableState(raw_table=f"raw.{name}", source_table_name=f"shop.{name}")


def manifest(bench, uri):
    return BatchManifest.from_bytes(bench.aws.objects.get(bench.artifacts, uri.split("/", 3)[3]))


class Killed(BaseException):
    """The invocation is gone."""


class Dying:
    """A ledger whose caller is killed when it wants to write down what it has committed."""

    def __init__(self, ledger):
        self._ledger = ledger

    def advance(self, *_):
        raise Killed

    def __getattr__(self, name):
        return getattr(self._ledger, name)


def die_after_the_commit(bench):
    with pytest.raises(Killed):
        bench.invoke("run-x", 0, wrapped(bench.aws, ledger=Dying(bench.aws.ledger)))


class SparkOnlyFor(MemoryEngine):
    """Stands for Arrow where some tables turn out to need Spark."""

    def __init__(self, objects, *names):
        super().__init__(objects)
        self.names = names

    def prepare(self, plan):
        if plan.config.raw_table_name in self.names:
            raise NeedsSpark("A pending instant of somebody else stands in the timeline.")
        return super().prepare(plan)


def test_a_plan_numbers_batches_of_lambda_first_and_writes_engine_and_reason(bench):
    load(bench, *NAMES)
    bench.aws.config.put_tables(
        [table_item(source_table_name="shop.stock", raw_table_name="stock", hudi_table_type="merge_on_read")]
    )
    plan = bench.manager().plan("run-x", HOURLY)
    assert (plan["lambda_batch_count"], plan["batch_count"], plan["last_batch"]) == (1, 2, 1)
    first, second = (manifest(bench, f"s3://odpf-artifacts/{batch_key('run-x', n)}") for n in (0, 1))
    assert {work.config.raw_table_name for work in first.tables} == {"orders", "lines"}
    assert {(work.engine, work.table_bytes) for work in first.tables} == {(EngineName.ARROW, 0)}
    assert "merge_on_read" in second.tables[0].engine_reason
    assert (first.compute, second.compute) == ("lambda", "glue")
    run = RunManifest.from_bytes(bench.aws.objects.get(bench.artifacts, run_key("run-x")))
    assert [len(batch) for batch in run.batches] == [2, 1]


def test_a_run_on_lambda_alone_starts_no_job_run(bench):
    load(bench, *NAMES)
    summary = bench.run()
    assert (summary.status, set(outcomes(summary).values())) == (RunStatus.SUCCEEDED, {Outcome.COMPLETED})
    assert [stored(bench, name) for name in NAMES] == [{1: 1}] * 3
    assert bench.aws.job_runs._states == {}
    owners = {row.glue_job_run_id for name in NAMES for row in bench.aws.audit.of_table(f"raw.{name}")}
    assert owners == {"lambda:run-1:0:request-1"}
    assert bench.run().status is RunStatus.NOTHING_TO_DO


def test_an_invocation_whose_time_is_over_leaves_the_rest_and_the_next_one_goes_on(bench):
    load(bench, *NAMES)
    bench.manager().plan("run-x", HOURLY)
    answer = bench.invoke("run-x", 0, remaining=lambda: 10.0)
    assert answer["then"] == "again"
    left = manifest(bench, answer["manifest_uri"])
    assert (len(left.tables), left.run_id, left.batch_no) == (2, "run-x", 0)
    answers = [answer]
    while answers[-1]["then"] == "again":
        answers.append(bench.invoke("run-x", 0, uri=answers[-1]["manifest_uri"], remaining=lambda: 10.0))
    assert [each["then"] for each in answers] == ["again", "again", "done"]
    assert bench.manager().summarise("run-x")["status"] == "SUCCEEDED"
    assert [stored(bench, name) for name in NAMES] == [{1: 1}] * 3
    assert [len(bench.aws.audit.of_table(f"raw.{name}")) for name in NAMES] == [1, 1, 1]


def test_a_table_that_turns_out_to_need_spark_is_left_to_a_job_run_alone_and_unlocked(bench):
    load(bench, *NAMES)
    bench.manager().plan("run-x", HOURLY)
    aws = wrapped(bench.aws)
    aws.lambda_engine = SparkOnlyFor(bench.aws.objects, "lines")
    answer = bench.invoke("run-x", 0, aws)
    assert answer["then"] == "glue"
    (left,) = manifest(bench, answer["manifest_uri"]).tables
    assert (left.config.raw_table_name, left.engine) == ("lines", EngineName.SPARK)
    assert "pending instant" in left.engine_reason
    state = bench.aws.ledger.state("raw.lines")
    assert (state.lease_owner, state.refresh_status, stored(bench, "lines")) == (None, RefreshStatus.COMPLETED, {})
    assert bench.aws.audit.of_table("raw.lines") == []

    bench.process("run-x", 0, aws, answer["manifest_uri"])

    assert bench.manager().summarise("run-x")["status"] == "SUCCEEDED"
    assert stored(bench, "lines") == {1: 1}
    assert [len(bench.aws.audit.of_table(f"raw.{name}")) for name in NAMES] == [1, 1, 1]


def test_a_table_given_back_keeps_the_error_it_was_found_with(bench):
    load(bench, "orders")
    bench.manager().plan("run-x", HOURLY)
    lease = bench.aws.ledger.acquire(never_run("orders"), "jr", "run-0", START)
    bench.aws.ledger.release(lease, RefreshStatus.ERROR, "it was broken", START)
    aws = wrapped(bench.aws)
    aws.lambda_engine = SparkOnlyFor(bench.aws.objects, "orders")
    bench.invoke("run-x", 0, aws)
    state = bench.aws.ledger.state("raw.orders")
    assert (state.refresh_status, state.last_error) == (RefreshStatus.ERROR, "it was broken")


def test_when_time_is_over_and_a_table_needs_spark_the_next_invocation_comes_first(bench):
    load(bench, *NAMES)
    bench.manager().plan("run-x", HOURLY)
    aws = wrapped(bench.aws)
    aws.lambda_engine = SparkOnlyFor(bench.aws.objects, *NAMES)
    answers = [bench.invoke("run-x", 0, aws, remaining=lambda: 10.0)]
    while answers[-1]["then"] == "again":
        answers.append(bench.invoke("run-x", 0, aws, answers[-1]["manifest_uri"], remaining=lambda: 10.0))
    assert [each["then"] for each in answers] == ["again", "again", "glue"]
    assert len(manifest(bench, answers[-1]["manifest_uri"]).tables) == 3


def test_a_failed_table_fails_the_run_and_neither_the_invocation_nor_the_other_tables(bench):
    load(bench, "orders", "lines")
    bench.put("LOAD00000001.parquet", [{"ID": 1, "V": 1}], FULL, "shop/stock")
    aws = wrapped(bench.aws)

    class Broken(MemoryEngine):
        def prepare(self, plan):
            if plan.config.raw_table_name == "stock":
                raise MemoryError("no more memory")
            return super().prepare(plan)

    aws.lambda_engine = Broken(bench.aws.objects)
    summary = bench.run(aws)
    assert summary.status is RunStatus.PARTIAL
    assert outcomes(summary) == {
        "orders": Outcome.COMPLETED,
        "lines": Outcome.COMPLETED,
        "stock": Outcome.REFRESH_ERROR,
    }
    assert bench.run().status is RunStatus.SUCCEEDED


def test_what_a_killed_invocation_left_is_finished_by_the_next_run(bench):
    load(bench, *NAMES)
    bench.manager().plan("run-x", HOURLY)

    die_after_the_commit(bench)
    states = bench.aws.ledger.states(f"raw.{name}" for name in NAMES)  # a table whose turn did not come has none
    assert any(state.lease_owner for state in states.values())
    assert bench.manager().summarise("run-x")["status"] == "FAILED"
    summary = bench.run()
    assert summary.status is RunStatus.SUCCEEDED
    assert [stored(bench, name) for name in NAMES] == [{1: 1}] * 3
    assert bench.aws.job_runs._states == {}, "the run was over, so the next invocation could take the tables"
    for name in NAMES:
        commits = [
            e.key for e in bench.aws.objects.list("odpf-raw", f"raw/{name}/.hoodie/") if e.key.endswith(".commit")
        ]
        assert len(commits) == 1


def test_a_finished_commit_of_a_dead_run_is_audited_even_where_the_table_then_needs_spark(bench):
    load(bench, "orders")
    bench.manager().plan("run-x", HOURLY)
    die_after_the_commit(bench)
    bench.manager().summarise("run-x")
    bench.put("20260131-000000001.parquet", [{"Op": "I", "ID": 2, "V": 2, "SEQ": sequence(1)}])
    aws = wrapped(bench.aws)
    aws.lambda_engine = SparkOnlyFor(bench.aws.objects, "orders")
    (result,) = bench.run(aws).tables
    assert (result.outcome, result.files, result.counts.rows_inserted) == (Outcome.COMPLETED, 2, 2)
    first, second = bench.aws.audit.of_table("raw.orders")[-2:]
    assert (first.outcome, first.recovered, second.outcome) == (Outcome.REFRESH_ERROR, True, Outcome.COMPLETED)


def test_a_table_that_an_unsummarised_run_holds_is_planned_on_glue(bench):
    load(bench, *NAMES)
    bench.manager().plan("run-x", HOURLY)
    bench.aws.ledger.acquire(never_run("orders"), "lambda:run-x:0:r", "run-x", START)
    plan = bench.manager().plan("run-y", HOURLY)
    assert (plan["lambda_batch_count"], plan["batch_count"]) == (1, 2)
    held = manifest(bench, f"s3://odpf-artifacts/{batch_key('run-y', 1)}")
    assert [work.config.raw_table_name for work in held.tables] == ["orders"]


def test_a_table_that_is_locked_is_skipped_without_waiting(bench):
    load(bench, "orders")
    bench.manager().plan("run-x", HOURLY)
    bench.aws.job_runs.set("jr-live", JobRunState.RUNNING)
    bench.aws.ledger.acquire(never_run("orders"), "jr-live", "run-w", START)
    slept = []
    answer = bench.invoke("run-x", 0, sleep=slept.append)
    assert (answer["then"], slept) == ("done", [])
    (row,) = bench.aws.audit.of_table("raw.orders")
    assert row.outcome is Outcome.SKIPPED_LOCKED


def test_a_second_attempt_of_the_same_batch_counts_no_row_twice_and_loses_none(bench):
    """An answer that was lost: the batch is given to another invocation as it was."""
    load(bench, *NAMES)
    bench.manager().plan("run-x", HOURLY)
    bench.invoke("run-x", 0)
    bench.invoke("run-x", 0)
    bench.manager().summarise("run-x")
    summary = json.loads(bench.aws.objects.get(bench.artifacts, "runs/run-x/summary.json"))
    assert [(table["files"], table["counts"]["rows_inserted"]) for table in summary["tables"]] == [(1, 1)] * 3
    assert [len(bench.aws.audit.of_table(f"raw.{name}")) for name in NAMES] == [2, 2, 2]


def test_job_runs_have_no_deadline(bench):
    load(bench, "orders")
    bench.manager().plan("run-x", HOURLY)
    manifest_, shop = bench.shop("run-x", 0, bench.aws, None, "jr-1")
    run = BatchRun(manifest_, shop, bench.aws.audit)
    assert len(run.run()) == 1
    assert run.left == []
