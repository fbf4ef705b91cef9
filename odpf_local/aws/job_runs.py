"""Glue job runs that are really executed, behind moto's Glue API."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import moto.glue.models
from moto.core.responses import ActionResult
from moto.glue.exceptions import JobRunNotFoundException
from moto.glue.models import FakeJob, FakeJobRun
from moto.glue.responses import GlueResponse

from odpf.clock import utc_now
from odpf.states import JobRunState
from odpf_local.aws.job_process import JobEnd, JobProcess
from odpf_local.aws.replacement import replaced

log = logging.getLogger(__name__)
DEFAULT_TIMEOUT_MINUTES = 2880  # Glue's


class JobRunner:
    """Executes job runs, a few at once and the others in the order of their start."""

    def __init__(self, script: Path, logs: Path, environment: Mapping[str, str], at_once: int) -> None:
        self._script = script
        self._logs = logs
        self._environment = dict(environment)
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="job run")
        self._runs: list[JobRun] = []
        logs.mkdir(parents=True, exist_ok=True)

    def submit(self, run: JobRun) -> None:
        """Execute the run as soon as there is room."""
        self._runs.append(run)
        self._pool.submit(self._execute, run)

    def stop(self) -> None:
        """Stop what runs or waits, and return when no process is left."""
        for run in self._runs:
            run.stop()
        self._pool.shutdown(wait=True)

    @contextmanager
    def behind_glue(self) -> Iterator[None]:
        """Make this runner execute what Glue's API starts."""
        with ExitStack() as replacements:
            replacements.enter_context(replaced(moto.glue.models, "FakeJobRun", partial(JobRun, self)))
            replacements.enter_context(replaced(GlueResponse, "batch_stop_job_run", _batch_stop_job_run))
            replacements.enter_context(replaced(FakeJob, "get_job_runs", _newest_first))
            yield

    def _execute(self, run: JobRun) -> None:
        try:
            arguments = [part for pair in (run.arguments or {}).items() for part in pair]
            identity = ["--JOB_NAME", run.job_name, "--JOB_RUN_ID", run.job_run_id]
            run.execute(self._script, [*identity, *arguments], self._environment, self._logs)
        except Exception as error:
            # A run that could not even be started has failed; it must not stay RUNNING for ever.
            log.exception("job run %s could not be executed", run.job_run_id)
            run.end(JobEnd(JobRunState.FAILED, repr(error)))


class JobRun(FakeJobRun):
    """moto's job run with a state of its own instead of one that advances by being looked at."""

    def __init__(self, runner: JobRunner, **given: Any) -> None:
        self._lock = Lock()
        self._state = JobRunState.WAITING
        self._process: JobProcess | None = None
        self._error: str | None = None
        self._running_since: datetime | None = None
        self._ended_at: datetime | None = None
        super().__init__(**given)
        runner.submit(self)

    @property
    def status(self) -> str | None:
        """The run's true state."""
        return self._state.value

    @status.setter
    def status(self, value: str) -> None:
        """Refuse: the state changes when the process does."""
        raise AttributeError(f"{self.job_run_id} cannot be made {value}")

    def advance(self) -> None:
        """Nothing: the state changes when the process does."""

    def execute(self, script: Path, arguments: list[str], environment: Mapping[str, str], logs: Path) -> None:
        """Run the script to its end, unless the run was stopped while it waited."""
        with self._lock:
            if self._state.terminal:
                return
            self._state = JobRunState.STARTING
            self._running_since = utc_now()
            self._process = JobProcess(script, arguments, environment, logs / f"{self.job_run_id}.log")
            self._state = JobRunState.RUNNING
        self.end(self._process.wait((self.timeout or DEFAULT_TIMEOUT_MINUTES) * 60))

    def stop(self) -> None:
        """Stop the run; a running one is STOPPING until its processes are gone."""
        with self._lock:
            if self._state.terminal:
                return
            if self._process is not None:
                self._state = JobRunState.STOPPING
                self._process.stop()
                return
        self.end(JobEnd(JobRunState.STOPPED))

    def end(self, how: JobEnd) -> None:
        """Take the final state; the first one stays."""
        with self._lock:
            if not self._state.terminal:
                self._error = how.error
                self._ended_at = utc_now()
                self._state = how.state

    def as_dict(self) -> dict[str, Any]:
        """The run as GetJobRun describes it."""
        seconds = self._seconds()
        described = super().as_dict()
        del described["CompletedOn"]
        described |= {
            "StartedOn": self.started_on.replace(tzinfo=UTC),
            "LastModifiedOn": self._ended_at or self._running_since or self.started_on.replace(tzinfo=UTC),
            "ExecutionTime": round(seconds),
            "GlueVersion": "5.0",
            "LogGroupName": "/aws-glue/jobs",
            "JobRunState": self.status,
        }
        if self._ended_at is not None:
            workers = self.number_of_workers or 2
            described |= {"CompletedOn": self._ended_at, "DPUSeconds": round(seconds * workers, 1)}
        if self._error is not None:
            described["ErrorMessage"] = self._error
        return described

    def _seconds(self) -> float:
        if self._running_since is None:
            return 0.0
        return ((self._ended_at or utc_now()) - self._running_since).total_seconds()


def _newest_first(job: FakeJob) -> list[FakeJobRun]:
    """GetJobRuns lists the newest first (AWS Glue API); moto the oldest."""
    return job.job_runs[::-1]


def _batch_stop_job_run(response: GlueResponse) -> ActionResult:
    """BatchStopJobRun, which moto lacks."""
    name, stopped, errors = response._get_param("JobName"), [], []
    for run_id in response._get_param("JobRunIds") or ():
        submission = {"JobName": name, "JobRunId": run_id}
        try:
            run: Any = response.glue_backend.get_job_run(name, run_id)
        except JobRunNotFoundException:
            detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": f"No job run {run_id}."}
            errors.append({**submission, "ErrorDetail": detail})
            continue
        run.stop()
        stopped.append(submission)
    return ActionResult({"SuccessfulSubmissions": stopped, "Errors": errors})
