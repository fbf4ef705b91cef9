from __future__ import annotations

import json
from typing import Any

from odpf_local.aws.instance import EmbeddedAws
from tests.embedded.handlers import TableConfigurationMissing, script
from tests.embedded.waiting import eventually


def planned(batches: int) -> Any:
    return lambda event: {
        "run_id": event["run_id"],
        "manifest_prefix": f"s3://odpf-artifacts/runs/{event['run_id']}",
        "batch_count": batches,
        "last_batch": batches - 1,
        "nothing_to_do": False,
        "worker_type": "G.1X",
        "max_workers": 2,
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
    assert script.plans == [{"run_id": ended["name"], "refresh_cadence": "hourly"}]
    assert script.summaries == [{"run_id": ended["name"]}]
    (job_run,) = client("glue").get_job_runs(JobName="odpf_file_processor")["JobRuns"]
    assert job_run["JobRunState"] == "SUCCEEDED"
    assert job_run["Arguments"] == {
        "--run_id": ended["name"],
        "--manifest_uri": f"s3://odpf-artifacts/runs/{ended['name']}/batches/0.json",
    }


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
