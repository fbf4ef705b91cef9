"""Runs of the Glue job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import ClientError

from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call, code_of
from odpf.errors import TransientError
from odpf.states import JobRunState


class JobRunSeen(NamedTuple):
    """A job run as Glue tells of it; `log_group` is the first part of the names of its log groups."""

    id: str
    state: JobRunState
    started_at: datetime
    error: str | None
    log_group: str


class GlueJobRuns:
    """Runs of the one configuration-driven job."""

    def __init__(self, session: boto3.Session, job_name: str) -> None:
        self._session = session
        self._job_name = job_name

    @cached_property
    def _client(self) -> Any:
        """Made when the first run is asked for: a plan never does, and the client takes its time."""
        return self._session.client("glue", config=CLIENT_CONFIG)

    def state(self, job_run_id: str) -> JobRunState | None:
        """State of a run; None when Glue knows no such run."""
        run = self._run(job_run_id)
        return JobRunState(run["JobRunState"]) if run else None

    def dpu_seconds(self, job_run_id: str) -> float | None:
        """What a run cost: Glue's own figure where it gives one, else its execution time on all of its workers."""
        run = self._run(job_run_id)
        return _dpu_seconds(run) if run else None

    def of_run(self, run_id: str, since: datetime) -> list[JobRunSeen]:
        """The job runs that a run of a cadence started, oldest first.

        Args:
            run_id: of the run.
            since: when it began. Glue lists the newest first (AWS Glue API, GetJobRuns), so what is older is not asked for.
        """
        found = []
        with aws_call(f"Listing runs of job {self._job_name}"):
            try:
                for run in self._newest():
                    if run["StartedOn"] < since:
                        break
                    if run.get("Arguments", {}).get("--run_id") == run_id:
                        found.append(_seen(run))
            except ClientError as error:
                if code_of(error) != "EntityNotFoundException":
                    raise
        return found[::-1]

    def _newest(self) -> Iterator[Mapping[str, Any]]:
        for page in self._client.get_paginator("get_job_runs").paginate(JobName=self._job_name):
            yield from page["JobRuns"]

    def stop(self, job_run_id: str) -> None:
        """Ask for a run to be stopped; one that has ended or never was is fine."""
        with aws_call(f"Stopping run {job_run_id} of job {self._job_name}"):
            answer = self._client.batch_stop_job_run(JobName=self._job_name, JobRunIds=[job_run_id])
        for refused in answer.get("Errors", []):
            state = self.state(job_run_id)
            if state is not None and not state.terminal and state is not JobRunState.STOPPING:
                reason = refused.get("ErrorDetail", {}).get("ErrorMessage", "")
                raise TransientError(f"Glue did not stop run {job_run_id}: {reason}. The next run asks again.")

    def _run(self, job_run_id: str) -> Mapping[str, Any] | None:
        with aws_call(f"Asking for run {job_run_id} of job {self._job_name}"):
            try:
                return {**self._client.get_job_run(JobName=self._job_name, RunId=job_run_id)["JobRun"]}
            except ClientError as error:
                if code_of(error) == "EntityNotFoundException":
                    return None
                raise


def _seen(run: Mapping[str, Any]) -> JobRunSeen:
    return JobRunSeen(
        id=run["Id"],
        state=JobRunState(run["JobRunState"]),
        started_at=run["StartedOn"],
        error=run.get("ErrorMessage") or None,
        log_group=run.get("LogGroupName", "").rstrip("/"),
    )


def _dpu_seconds(run: Mapping[str, Any]) -> float:
    """DPUSeconds is documented for runs with auto scaling; for others it may be absent (AWS Glue API, JobRun)."""
    if told := run.get("DPUSeconds"):
        return float(told)
    dpus = run.get("NumberOfWorkers", 0) * _dpus_of(run.get("WorkerType", ""))
    return float(run.get("ExecutionTime", 0) * (dpus or run.get("MaxCapacity", 0.0)))


def _dpus_of(worker_type: str) -> float:
    """DPUs of one worker: the figure in its type's name (G.1X has one, R.4X four)."""
    figure = worker_type.rpartition(".")[2].removesuffix("X")
    return float(figure) if figure.isdecimal() else 1.0
