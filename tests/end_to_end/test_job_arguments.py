"""Job runs that somebody starts by hand, with arguments and manifests that no run of a cadence would give."""

from __future__ import annotations

import json
from typing import Any

import pytest

from odpf.manifest import MANIFEST_VERSION
from tests.end_to_end.lake import ARTIFACTS, JOB, Lake
from tests.end_to_end.waiting import eventually

URI = f"s3://{ARTIFACTS}/runs/by-hand"
CASES = {
    "no-arguments": ({}, "--run_id"),
    "no-manifest": ({"--run_id": "by-hand", "--manifest_uri": f"{URI}/none.json"}, "There is no manifest"),
    "no-uri": ({"--run_id": "by-hand", "--manifest_uri": "__import__('os').getcwd()"}, "is no s3:// URI"),
    "damaged": ({"--run_id": "by-hand", "--manifest_uri": f"{URI}/damaged.json"}, "Not a run manifest"),
    "newer": ({"--run_id": "by-hand", "--manifest_uri": f"{URI}/newer.json"}, "format version 99"),
    "tampered": ({"--run_id": "by-hand", "--manifest_uri": f"{URI}/tampered.json"}, "was changed after"),
}
DOCUMENTS = {
    "damaged": b'{"version": 1, "dig',
    "newer": json.dumps({"version": 99, "digest": "", "body": {}}).encode(),
    "tampered": json.dumps({"version": MANIFEST_VERSION, "digest": "0" * 64, "body": {"run_id": "by-hand"}}).encode(),
}


@pytest.fixture(scope="module")
def ended_runs(lake: Lake) -> dict[str, dict[str, Any]]:
    """Each case's job run once it has ended, all of them started together."""
    for name, content in DOCUMENTS.items():
        lake.client("s3").put_object(Bucket=ARTIFACTS, Key=f"runs/by-hand/{name}.json", Body=content)
    glue = lake.client("glue")
    started = {
        name: glue.start_job_run(JobName=JOB, Arguments=arguments)["JobRunId"] for name, (arguments, _) in CASES.items()
    }

    def ended(run_id: str) -> dict[str, Any] | None:
        run: dict[str, Any] = glue.get_job_run(JobName=JOB, RunId=run_id)["JobRun"]
        return run if run["JobRunState"] in ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR") else None

    return {name: eventually(lambda run_id=run_id: ended(run_id), 180) for name, run_id in started.items()}


@pytest.mark.parametrize("case", CASES)
def test_a_job_started_with_what_it_cannot_use_fails_and_says_why(
    ended_runs: dict[str, dict[str, Any]], case: str
) -> None:
    run = ended_runs[case]
    assert run["JobRunState"] == "FAILED"
    assert CASES[case][1] in run["ErrorMessage"]
    assert "InvalidManifest" in run["ErrorMessage"]
