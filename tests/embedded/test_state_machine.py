from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from file_processor.packing import MOST_BATCHES, MOST_LAMBDA_BATCHES
from file_processor.work_size import TIMEOUT_SECONDS
from odpf_local.aws.instance import EmbeddedAws
from odpf_local.aws.state_machine import DEFINITION
from tests.embedded.handlers import TableConfigurationMissing, script
from tests.embedded.waiting import eventually


def planned(batches: int, on_lambda: int = 0, large: tuple[int, ...] = ()) -> Any:
    return lambda event: {
        "run_id": event["run_id"],
        "manifest_prefix": f"s3://odpf-artifacts/runs/{event['run_id']}",
        "batch_count": batches,
        "last_batch": batches - 1,
        "large_batch_count": len(large),
        "lambda_batch_count": on_lambda,
        "first_shared_batch": len(large) + on_lambda,
        "nothing_to_do": False,
        "worker_type": "G.1X",
        "workers": 2,
        "large_worker_type": "G.2X",
        "large_workers": list(large),
    }


def run(client: Any) -> dict[str, Any]:
    sfn = client("stepfunctions")
    machine = sfn.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    started = sfn.start_execution(stateMachineArn=machine, input=json.dumps({"refresh_cadence": "hourly"}))

    def ended() -> dict[str, Any] | None:
        found = dict(sfn.describe_execution(executionArn=started["executionArn"]))
        return found if found["status"] != "RUNNING" else None

    return dict(eventually(ended, 30))


def states(client: Any, run_id: str) -> list[str]:
    found = [
        r
        for r in client("glue").get_job_runs(JobName="odpf_file_processor")["JobRuns"]
        if r["Arguments"]["--run_id"] == run_id
    ]
    return sorted(each["JobRunState"] for each in found)


def test_every_batch_is_processed_by_a_job_run_and_the_run_succeeds(client: Any) -> None:
    script.plan = planned(1)
    ended = run(client)
    assert ended["status"] == "SUCCEEDED"
    (plan,) = script.plans
    assert plan == {"run_id": ended["name"], "refresh_cadence": "hourly", "input": {"refresh_cadence": "hourly"}}
    assert script.summaries == [{"run_id": ended["name"]}]
    (job_run,) = client("glue").get_job_runs(JobName="odpf_file_processor")["JobRuns"]
    assert job_run["JobRunState"] == "SUCCEEDED"
    assert job_run["Arguments"] == {
        "--conf": "spark.serializer=org.apache.spark.serializer.KryoSerializer",
        "--datalake-formats": "hudi",
        "--run_id": ended["name"],
        "--manifest_uri": f"s3://odpf-artifacts/runs/{ended['name']}/batches/0.json",
    }


def test_the_history_of_a_run_grows_by_eight_events_a_batch(client: Any) -> None:
    """benchmarks.md, C5: batches of five tables make at most 2,000 events for each 1,000 tables; an execution may have 25,000."""

    def events(batches: int) -> int:
        script.plan = planned(batches)
        ended = run(client)
        assert ended["status"] == "SUCCEEDED"
        pages = (
            client("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=ended["executionArn"])
        )
        return sum(len(page["events"]) for page in pages)

    few, more = events(2), events(5)  # in both the job run of the second one fails
    assert (more - few) / 3 == 8
    assert few + 198 * 8 <= 2000


def test_job_runs_of_large_tables_have_workers_of_their_own(client: Any) -> None:
    script.plan = planned(4, large=(9, 5))
    ended = run(client)
    assert ended["status"] == "SUCCEEDED"
    found = {
        run["Arguments"]["--manifest_uri"].rpartition("/")[2]: (run["WorkerType"], run["NumberOfWorkers"])
        for run in client("glue").get_job_runs(JobName="odpf_file_processor")["JobRuns"]
        if run["Arguments"]["--run_id"] == ended["name"]
    }
    assert found == {
        "0.json": ("G.2X", 9), "1.json": ("G.2X", 5), "2.json": ("G.1X", 2), "3.json": ("G.1X", 2)
    }  # fmt: skip


def test_one_failed_batch_leaves_the_others_alone_and_fails_the_run_visibly(client: Any) -> None:
    script.plan = planned(3)
    script.summarise = lambda event: {"status": "PARTIAL", "cause": "taxi_trips.table_1: no such column"}
    ended = run(client)
    assert states(client, ended["name"]) == ["FAILED", "SUCCEEDED", "SUCCEEDED"]
    assert (ended["status"], ended["error"], ended["cause"]) == (
        "FAILED",
        "PARTIAL",
        "taxi_trips.table_1: no such column",
    )


def test_nothing_to_do_starts_no_job_run_and_succeeds(client: Any) -> None:
    ended = run(client)
    assert ended["status"] == "SUCCEEDED"
    assert states(client, ended["name"]) == []
    assert script.summaries == []


def test_an_error_of_a_lambda_fails_the_run_with_its_class(client: Any, embedded: EmbeddedAws) -> None:
    def broken(event: dict[str, Any]) -> dict[str, Any]:
        raise TableConfigurationMissing("hourly is not configured")

    script.plan = broken
    ended = run(client)
    assert (ended["status"], ended["error"]) == ("FAILED", "TableConfigurationMissing")
    assert json.loads(ended["cause"])["errorMessage"] == "hourly is not configured"


def uri(run_id: str, name: str) -> str:
    return f"s3://odpf-artifacts/runs/{run_id}/batches/{name}.json"


def manifests(client: Any, run_id: str) -> list[str]:
    """What the run's job runs were given."""
    runs = client("glue").get_job_runs(JobName="odpf_file_processor")["JobRuns"]
    return sorted(
        run["Arguments"]["--manifest_uri"].rpartition("/")[2] for run in runs if run["Arguments"]["--run_id"] == run_id
    )


def test_the_first_batches_go_to_the_function_and_the_others_to_job_runs(client: Any) -> None:
    script.plan = planned(4, on_lambda=2)
    ended = run(client)
    assert ended["status"] == "SUCCEEDED"
    assert sorted(each["manifest_uri"] for each in script.invocations) == [uri(ended["name"], n) for n in "01"]
    assert {each["run_id"] for each in script.invocations} == {ended["name"]}
    assert manifests(client, ended["name"]) == ["2.json", "3.json"]


def test_a_run_of_batches_on_lambda_alone_starts_no_job_run(client: Any) -> None:
    script.plan = planned(2, on_lambda=2)
    ended = run(client)
    assert (ended["status"], states(client, ended["name"]), len(script.invocations)) == ("SUCCEEDED", [], 2)


def test_a_batch_whose_time_was_over_is_invoked_again_with_what_is_left(client: Any) -> None:
    left = iter(["0.7", "0.3"])

    def process(event: dict[str, Any]) -> dict[str, Any]:
        if name := next(left, None):
            return {**event, "manifest_uri": uri(event["run_id"], name), "then": "again"}
        return {**event, "then": "done"}

    script.plan, script.process = planned(1, on_lambda=1), process
    ended = run(client)
    assert (ended["status"], states(client, ended["name"])) == ("SUCCEEDED", [])
    assert [each["manifest_uri"] for each in script.invocations] == [uri(ended["name"], n) for n in ("0", "0.7", "0.3")]


def test_what_needs_spark_goes_on_in_a_job_run(client: Any) -> None:
    script.plan = planned(1, on_lambda=1)
    script.process = lambda event: {**event, "manifest_uri": uri(event["run_id"], "0.2"), "then": "glue"}
    ended = run(client)
    assert (ended["status"], states(client, ended["name"])) == ("SUCCEEDED", ["SUCCEEDED"])
    assert manifests(client, ended["name"]) == ["0.2.json"]


def test_an_invocation_that_fails_ends_its_batch_and_no_other(client: Any) -> None:
    def process(event: dict[str, Any]) -> dict[str, Any]:
        if event["manifest_uri"].endswith("/0.json"):
            raise TableConfigurationMissing("killed")
        return {**event, "then": "done"}

    script.plan, script.process = planned(3, on_lambda=2), process
    script.summarise = lambda event: {"status": "PARTIAL", "cause": "its invocation ended"}
    ended = run(client)
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "PARTIAL", "its invocation ended")
    assert len(script.invocations) == 2, "what a handler raises is final"
    assert manifests(client, ended["name"]) == ["2.json"]


# What cannot be waited for here, read off the definition.


@pytest.fixture(scope="module")
def batch_states() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(DEFINITION).read_text())["States"]["ProcessBatches"]
    return found["ItemProcessor"]["States"]


UNCERTAIN = {"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException"}


def test_nothing_goes_on_while_an_invocation_may_still_be_working(batch_states: dict[str, Any]) -> None:
    """An answer means the end; where none came, retry and end of the batch wait for the function's whole timeout."""
    invoke = batch_states["InvokeFunction"]
    assert invoke["TimeoutSeconds"] > TIMEOUT_SECONDS
    waits = {error: retry["IntervalSeconds"] for retry in invoke["Retry"] for error in retry["ErrorEquals"]}
    assert {error for error in waits if waits[error] >= TIMEOUT_SECONDS} == UNCERTAIN
    assert waits.keys() - UNCERTAIN == {"Lambda.TooManyRequestsException"}, "it says that nothing was begun"
    uncertain, others = invoke["Catch"]
    assert {*uncertain["ErrorEquals"]} == UNCERTAIN | {"Lambda.Unknown", "States.Timeout"}
    outlast = batch_states[uncertain["Next"]]
    assert (outlast["Type"], outlast["Seconds"] >= TIMEOUT_SECONDS) == ("Wait", True)
    assert (others["ErrorEquals"], others["Next"]) == (["States.ALL"], outlast["Next"])


EVENTS = {"Task": 5, "Choice": 2, "Pass": 2, "Wait": 2}
"""Of a state: entered, exited; a task also is scheduled, started and ends; one of a job run is submitted, too."""
MOST_EVENTS = 25_000
"""Of an execution (Step Functions quotas)."""


def test_the_largest_run_keeps_to_the_history_that_an_execution_may_have(batch_states: dict[str, Any]) -> None:
    """Every batch of Lambda invoked twice, throttled as often as it is retried, and handed to Glue."""
    retries = Counter(
        {
            error: each["MaxAttempts"]
            for each in batch_states["InvokeFunction"]["Retry"]
            for error in each["ErrorEquals"]
        }
    )
    iteration = 2
    invocation = EVENTS["Task"] + EVENTS["Choice"]
    throttled = 3 * retries["Lambda.TooManyRequestsException"]
    on_glue = iteration + EVENTS["Choice"] + EVENTS["Task"] + 1 + EVENTS["Pass"]
    on_lambda = on_glue + 2 * invocation + throttled
    rest = 100
    assert MOST_LAMBDA_BATCHES * on_lambda + (MOST_BATCHES - MOST_LAMBDA_BATCHES) * on_glue + rest < MOST_EVENTS
