"""Runs of the Glue job."""

from __future__ import annotations

import boto3
from botocore.exceptions import ClientError

from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call, code_of
from odpf.errors import TransientError
from odpf.states import JobRunState


class GlueJobRuns:
    """Runs of the one configuration-driven job."""

    def __init__(self, session: boto3.Session, job_name: str) -> None:
        self._client = session.client("glue", config=CLIENT_CONFIG)
        self._job_name = job_name

    def state(self, job_run_id: str) -> JobRunState | None:
        """State of a run; None when Glue knows no such run."""
        with aws_call(f"Asking for run {job_run_id} of job {self._job_name}"):
            try:
                answer = self._client.get_job_run(JobName=self._job_name, RunId=job_run_id)
            except ClientError as error:
                if code_of(error) == "EntityNotFoundException":
                    return None
                raise
        return JobRunState(answer["JobRun"]["JobRunState"])

    def stop(self, job_run_id: str) -> None:
        """Ask for a run to be stopped; one that has ended or never was is fine."""
        with aws_call(f"Stopping run {job_run_id} of job {self._job_name}"):
            answer = self._client.batch_stop_job_run(JobName=self._job_name, JobRunIds=[job_run_id])
        for refused in answer.get("Errors", []):
            state = self.state(job_run_id)
            if state is not None and not state.terminal and state is not JobRunState.STOPPING:
                reason = refused.get("ErrorDetail", {}).get("ErrorMessage", "")
                raise TransientError(f"Glue did not stop run {job_run_id}: {reason}. The next run asks again.")
