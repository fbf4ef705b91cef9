from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from odpf.adapters.job_runs import GlueJobRuns
from odpf.adapters.log_events import LogEvents
from odpf.clock import utc_now
from odpf.states import JobRunState
from odpf_local.aws import process_session
from odpf_local.aws.instance import EmbeddedAws
from odpf_local.aws.job_process import JobProcess
from tests.embedded.waiting import eventually

JOB = "odpf_file_processor"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Runs:
    def __init__(self, glue: Any) -> None:
        self.glue = glue

    def start(self, **arguments: str) -> str:
        given = {f"--{name}": value for name, value in arguments.items()}
        return str(self.glue.start_job_run(JobName=JOB, Arguments=given)["JobRunId"])

    def get(self, run: str) -> dict[str, Any]:
        return dict(self.glue.get_job_run(JobName=JOB, RunId=run)["JobRun"])

    def ended(self, run: str) -> dict[str, Any]:
        return dict(eventually(lambda: self._terminal(run)))

    def _terminal(self, run: str) -> dict[str, Any] | None:
        found = self.get(run)
        return found if JobRunState(found["JobRunState"]).terminal else None


@pytest.fixture
def runs(client: Callable[[str], Any]) -> Runs:
    return Runs(client("glue"))


def test_a_run_executes_the_script_with_its_identity_and_arguments(runs: Runs, embedded: EmbeddedAws) -> None:
    run = runs.start(run_id="r1", manifest_uri="s3://odpf-artifacts/runs/r1/batches/0.json")
    ended = runs.ended(run)
    assert ended["JobRunState"] == "SUCCEEDED"
    assert "ErrorMessage" not in ended
    assert ended["StartedOn"] <= ended["CompletedOn"]
    said = (embedded.folder / ".odpf" / "logs" / f"{run}.log").read_text()
    assert "['--JOB_NAME', '--JOB_RUN_ID', '--conf', '--datalake-formats', '--manifest_uri', '--run_id']" in said
    assert f"endpoint {embedded.endpoint_url}" in said


def test_a_script_that_raises_fails_with_its_error(runs: Runs) -> None:
    ended = runs.ended(runs.start(fail="yes"))
    assert ended["JobRunState"] == "FAILED"
    assert ended["ErrorMessage"].startswith("ValueError: taxi_trips.table_1: no such column")


def test_a_killed_run_has_not_failed_before_all_it_started_is_gone(runs: Runs, tmp_path: Path) -> None:
    beat, marker = tmp_path / "beat", tmp_path / "pid"
    run = runs.start(child_beats_into=str(beat), wait_until_stopped=str(marker))
    leader = int(eventually(lambda: marker.exists() and marker.read_text()))
    assert len(process_session.members(leader)) == 2
    os.kill(leader, signal.SIGKILL)
    ended = runs.ended(run)
    beats = beat.stat().st_size
    assert process_session.members(leader) == []
    assert ended["JobRunState"] == "FAILED"
    assert "SIGKILL" in ended["ErrorMessage"]
    time.sleep(0.1)
    assert beat.stat().st_size == beats


def test_a_paused_run_is_still_running(runs: Runs, tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    run = runs.start(wait_until_stopped=str(marker))
    leader = int(eventually(lambda: marker.exists() and marker.read_text()))
    os.kill(leader, signal.SIGSTOP)
    time.sleep(0.3)
    assert runs.get(run)["JobRunState"] == "RUNNING"
    runs.glue.batch_stop_job_run(JobName=JOB, JobRunIds=[run])
    assert runs.ended(run)["JobRunState"] == "STOPPED"
    assert process_session.members(leader) == []


def test_a_run_beyond_the_room_waits_and_can_be_stopped_before_it_began(runs: Runs, tmp_path: Path) -> None:
    first = [runs.start(wait_until_stopped=str(tmp_path / name)) for name in "ab"]
    third = runs.start(wait_until_stopped=str(tmp_path / "c"))
    eventually(lambda: [runs.get(run)["JobRunState"] for run in first] == ["RUNNING", "RUNNING"])
    assert runs.get(third)["JobRunState"] == "WAITING"
    runs.glue.batch_stop_job_run(JobName=JOB, JobRunIds=[third])
    assert runs.get(third)["JobRunState"] == "STOPPED"
    runs.glue.batch_stop_job_run(JobName=JOB, JobRunIds=first)
    assert [runs.ended(run)["JobRunState"] for run in first] == ["STOPPED", "STOPPED"]
    assert not (tmp_path / "c").exists()


def test_an_unknown_run_cannot_be_stopped_or_seen(runs: Runs) -> None:
    (error,) = runs.glue.batch_stop_job_run(JobName=JOB, JobRunIds=["jr_none"])["Errors"]
    assert error["ErrorDetail"]["ErrorCode"] == "EntityNotFoundException"
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        runs.get("jr_none")


def test_a_run_is_ended_at_its_timeout(tmp_path: Path) -> None:
    script = tmp_path / "forever.py"
    script.write_text("import time; time.sleep(600)")
    process = JobProcess(script, [], os.environ, tmp_path / "run.log")
    assert process.wait(0.5).state is JobRunState.TIMEOUT
    assert process_session.members(process.pid) == []


def test_a_logged_traceback_is_not_what_a_run_ended_with(tmp_path: Path) -> None:
    script = tmp_path / "failing.py"
    script.write_text(
        """import json, sys
print(json.dumps({"exception": "Traceback (most recent call last):\\n  File\\nKeyError: 'V'"}))
print(json.dumps({"message": "goes on"}))
sys.exit("1 of 2 tables failed: shop.orders")"""
    )
    end = JobProcess(script, [], os.environ, tmp_path / "run.log").wait(30)
    assert end.error is not None
    assert end.error.startswith("1 of 2 tables failed: shop.orders (exit status 1")


@pytest.fixture
def session(embedded: EmbeddedAws) -> boto3.Session:
    return boto3.Session(region_name="eu-west-1")


def test_a_job_run_is_found_by_its_run_and_has_a_stream_of_its_own(runs: Runs, session: boto3.Session) -> None:
    run, other = runs.start(run_id="mine", fail="yes"), runs.start(run_id="other")
    for each in (run, other):
        runs.ended(each)
    (seen,) = GlueJobRuns(session, JOB).of_run("mine", utc_now() - timedelta(hours=1))
    assert GlueJobRuns(session, JOB).of_run("mine", utc_now() + timedelta(minutes=1)) == []
    assert (seen.id, seen.log_group) == (run, "/aws-glue/jobs")
    events = list(LogEvents(session).events("/aws-glue/jobs/output", LONG_AGO, streams=run))
    assert {event.stream for event in events} == {run}
    assert events[-1].text == "ValueError: taxi_trips.table_1: no such column"
    assert list(LogEvents(session).events("/aws-glue/jobs/output", LONG_AGO, streams=other, having="no such")) == []


def test_more_lines_than_a_page_come_page_by_page_within_their_times(
    embedded: EmbeddedAws, session: boto3.Session
) -> None:
    at = utc_now().replace(microsecond=0)
    lines = [f'{{"timestamp": "{(at + timedelta(seconds=n)).isoformat()}", "n": {n}}}' for n in range(1200)]
    (embedded.folder / ".odpf" / "logs" / "odpf_watch-q1.log").write_text("\n".join(lines))
    events = list(
        LogEvents(session).events("/aws/lambda/odpf_watch", at + timedelta(seconds=1), at + timedelta(seconds=1100))
    )
    assert len(events) == 1100
    assert {event.stream for event in events} == {"q1"}


def test_functions_of_the_instances_own_process_have_their_lines_of_its_log(
    embedded: EmbeddedAws, session: boto3.Session
) -> None:
    own = embedded.folder / ".odpf" / "embedded.log"
    own.write_text('{"service": "summarise", "message": "a r1"}\n{"service": "watch", "message": "b r1"}\nplain r1\n')
    found = LogEvents(session).events("/aws/lambda/odpf_summarise", LONG_AGO, having="r1")
    assert ["a r1" in event.text for event in found] == [True]


def test_a_group_that_is_not_there_has_no_lines(embedded: EmbeddedAws, session: boto3.Session) -> None:
    assert list(LogEvents(session).events("/aws/lambda/nobodys", LONG_AGO)) == []
