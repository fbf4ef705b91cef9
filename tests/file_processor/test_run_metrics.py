"""What a run leaves for those who watch: its metrics, the trace of its plan, and log lines that say whose they are."""

from __future__ import annotations

import json
import logging

import pytest

from odpf.errors import TransientError
from odpf.log_keys import current_keys
from odpf.metrics import Metric
from odpf.states import JobRunState
from tests.file_processor.workbench import HOURLY, Workbench, table_item


@pytest.fixture
def bench() -> Workbench:
    """A table whose load waits."""
    built = Workbench()
    built.load((1, 10), (2, 20))
    return built


def summarised(bench: Workbench, manager=None, outcome="SUCCEEDED"):
    """One run, its metrics of the deployment and of the cadence."""
    manager = manager or bench.manager()
    plan = manager.plan("run-1", HOURLY)
    for number in range(plan["batch_count"]):
        bench.process("run-1", number, bench.aws)
        bench.aws.job_runs.set(f"jr-run-1-{number}", JobRunState.SUCCEEDED, dpu_seconds=90.0)
    assert manager.summarise("run-1")["status"] == outcome
    return bench.aws.metrics.latest("odpf"), bench.aws.metrics.latest("odpf", "hourly")


class TestMetrics:
    def test_a_run_is_measured_for_the_deployment_and_for_its_cadence(self, bench):
        deployment, cadence = summarised(bench)
        assert deployment == cadence
        expected = {
            Metric.TABLES_COMPLETED: 1,
            Metric.TABLES_FAILED_IN_RUN: 0,
            Metric.ROWS_READ: 2,
            Metric.ROWS_INSERTED: 2,
            Metric.ROWS_UPDATED: 0,
            Metric.FILES_DONE: 1,
            Metric.FILES_QUARANTINED: 0,
            Metric.DPU_SECONDS: 90,
        }
        assert deployment | expected == deployment
        assert 0 <= deployment[Metric.RUN_SECONDS] < 60
        assert {put.properties["run_id"] for put in bench.aws.metrics.puts} == {"run-1"}
        assert {put.properties["status"] for put in bench.aws.metrics.puts} == {"SUCCEEDED"}

    def test_failed_tables_and_quarantined_files_count(self, bench):
        bench.aws.config.put_tables(
            [table_item(source_table_name="shop.b", raw_table_name="b", hudi_table_type="heap")]
        )
        bench.put_bytes("20260131-000000001.parquet", b"no Parquet")
        values, _ = summarised(bench, outcome="PARTIAL")
        assert (values[Metric.TABLES_COMPLETED], values[Metric.TABLES_FAILED_IN_RUN]) == (1, 1)
        assert values[Metric.FILES_QUARANTINED] == 1

    def test_every_kind_of_rows_is_a_metric(self, bench):
        values, _ = summarised(bench)
        rows = {metric for metric in values if metric.startswith("Rows")}
        assert len(rows) == 9
        kinds = rows - {Metric.ROWS_READ, Metric.ROWS_REMOVED_BY_RELOAD}
        assert sum(values[metric] for metric in kinds) == values[Metric.ROWS_READ]

    def test_a_run_with_nothing_to_do_is_not_measured(self):
        bench = Workbench()
        assert bench.manager().plan("run-1", HOURLY)["nothing_to_do"]
        assert bench.aws.metrics.puts == []

    def test_a_run_on_lambda_alone_used_no_dpu_seconds_and_glue_is_not_asked(self, bench):
        class Asked:
            def dpu_seconds(self, job_run_id):
                raise AssertionError(f"Glue knows no {job_run_id}")

        bench.aws.config.put_cadence({"refresh_cadence": "hourly", "compute": "lambda"})
        assert bench.manager().plan("run-1", HOURLY)["lambda_batch_count"] == 1
        bench.invoke_to_the_end("run-1", 0)
        bench.manager()._replace(job_runs=Asked()).summarise("run-1")
        assert bench.aws.metrics.latest("odpf")[Metric.DPU_SECONDS] == 0

    def test_without_an_answer_of_glue_the_cost_alone_is_missing(self, bench):
        class Silent:
            def dpu_seconds(self, job_run_id):
                raise TransientError("throttled")

        values, _ = summarised(bench, bench.manager()._replace(job_runs=Silent()))
        assert Metric.DPU_SECONDS not in values
        assert values[Metric.TABLES_COMPLETED] == 1

    def test_metrics_that_fail_fail_no_run(self, bench):
        class Broken:
            def put(self, dimensions, values, properties=None):
                raise ValueError("no such unit")

        summarised(bench, bench.manager()._replace(metrics=Broken()))


class TestTheTraceOfAPlan:
    def last_plan(self, bench):
        return json.loads(bench.aws.objects.get("odpf-artifacts", "cadences/hourly/last_plan.json"))

    def test_the_newest_plan_of_a_cadence_is_kept_with_nothing_to_do_too(self, bench):
        bench.manager().plan("run-1", HOURLY)
        bench.manager().plan("run-2", HOURLY)
        assert self.last_plan(bench)["run_id"] == "run-2"
        idle = Workbench()
        idle.manager().plan("run-3", HOURLY)
        assert self.last_plan(idle)["started_at"].endswith("Z")

    def test_a_plan_that_leaves_no_trace_is_a_plan(self, bench):
        class Refusing:
            def put(self, bucket, key, content):
                if key.startswith("cadences/"):
                    raise TransientError("slow down")
                bench.aws.objects.put(bucket, key, content)

            def __getattr__(self, name):
                return getattr(bench.aws.objects, name)

        assert bench.manager()._replace(objects=Refusing()).plan("run-1", HOURLY)["batch_count"] == 1
        assert list(bench.aws.objects.list("odpf-artifacts", "cadences/")) == []


class Lines(logging.Handler):
    """What was logged, with the keys that held."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[tuple[str, dict[str, object]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.getMessage(), dict(current_keys())))


class TestLog:
    @pytest.fixture
    def log(self):
        handler, logger = Lines(), logging.getLogger("file_processor")
        level = logger.level
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        yield handler
        logger.removeHandler(handler)
        logger.setLevel(level)

    def test_lines_of_tables_side_by_side_say_whose_they_are(self, log):
        bench = Workbench()
        names = [f"t{n}" for n in range(6)]
        for name in names:
            bench.aws.config.put_tables([table_item(source_table_name=f"shop.{name}", raw_table_name=name)])
            bench.put("LOAD00000001.parquet", [{"ID": 1, "V": 1}], table=f"shop/{name}")
        bench.run()
        done = {keys["source_table_name"]: (said, keys) for said, keys in log.lines if "completed" in said}
        assert sorted(done) == [f"shop.{name}" for name in names]
        for table, (said, keys) in done.items():
            assert said.startswith(f"raw.{table.removeprefix('shop.')}: completed")
            assert keys["raw_table"] == f"raw.{table.removeprefix('shop.')}"
        assert len({keys["batch_id"] for _, keys in done.values()}) == 6

    def test_outside_of_a_table_no_table_is_named(self, log, bench):
        bench.run()
        said = dict(log.lines)
        assert said["processing 1 tables"] == {}
        assert {"planned", "summarised"} <= set(said)
