"""The Glue step of the emulator: job runs are local processes of the deployed script, and Step Functions awaits them.

Of a run everything comes from the account: the script and the Python zip are downloaded from the emulator's S3 as Glue
does, the arguments and Spark settings are the deployed job's, the credentials are those of the job's role. Only Spark
itself and third-party packages are this machine's.
"""

from __future__ import annotations

import contextvars
import hashlib
import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock, Semaphore, Thread
from typing import Any, NamedTuple

import boto3
from ministack.services import glue, stepfunctions, sts

from odpf.states import JobRunState
from odpf_local.aws.job_process import JobEnd, JobProcess

log = logging.getLogger(__name__)
RESOURCE = "arn:aws:states:::glue:startJobRun"
_POLL_SECONDS = 0.1
_WORKER_DPUS = {"G.025X": 0.25, "G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8}
# This process's interpreter only starts the job's: JobProcess runs what it runs by its own interpreter.
_START = "import os, sys\nos.execv(sys.argv[1], sys.argv[1:])\n"
# The checkout is installed in the job's environment; a module that the deployed zip lacks must be missed as on Glue.
_ONLY_DEPLOYED = "import sys\nsys.path[:] = [entry for entry in sys.path if entry != {checkout!r}]\n"


class _Run(NamedTuple):
    record: dict[str, Any]
    role: str
    script: str
    arguments: dict[str, str]


class GlueStep:
    """Executes job runs, one after the other, as this machine has two cores."""

    def __init__(self, folder: Path, python: str, environment: Mapping[str, str], checkout: Path) -> None:
        self._folder = folder
        self._python = python
        self._environment = dict(environment)
        self._room = Semaphore(1)
        self._lock = Lock()
        self._processes: dict[str, JobProcess] = {}
        self._stopped: set[str] = set()
        self._everything_ends = False
        self._isolation = folder / "isolation"
        self._isolation.mkdir(parents=True)
        (self._isolation / "sitecustomize.py").write_text(_ONLY_DEPLOYED.format(checkout=str(checkout)))
        (folder / "start.py").write_text(_START)

    def bind(self) -> None:
        """Make the Glue API and Step Functions' optimised integration come here."""
        glue._start_job_run = self.start_job_run
        glue._batch_stop_job_run = self.batch_stop_job_run
        stepfunctions._SERVICE_DISPATCH[RESOURCE] = self.await_job_run

    def stop(self) -> None:
        """Stop what runs and what waits; returns when no process is left."""
        self._everything_ends = True
        with self._lock:
            running = list(self._processes.values())
        for process in running:
            process.stop()
        while self._processes:
            time.sleep(_POLL_SECONDS)

    def start_job_run(self, request: dict[str, Any]) -> Any:
        """StartJobRun."""
        name = request.get("JobName", "")
        if name not in glue._jobs:
            return glue.error_response_json("EntityNotFoundException", f"Job {name} not found", 400)
        job = glue._jobs[name]
        number = glue.new_uuid().replace("-", "")
        run_id = f"jr_{hashlib.sha256(number.encode()).hexdigest()}"
        now = int(time.time())
        record = {
            "Id": run_id,
            "Attempt": 0,
            "JobName": name,
            "StartedOn": now,
            "LastModifiedOn": now,
            "JobRunState": JobRunState.STARTING.value,
            "Arguments": request.get("Arguments", {}),
            "PredecessorRuns": [],
            "ExecutionTime": 0,
            "Timeout": int(request.get("Timeout") or job.get("Timeout", 2880)),  # a parameter is text here
            "WorkerType": request.get("WorkerType") or job.get("WorkerType", "G.1X"),
            "NumberOfWorkers": int(request.get("NumberOfWorkers") or job.get("NumberOfWorkers", 2)),
            "GlueVersion": job.get("GlueVersion", ""),
            "LogGroupName": "/aws-glue/jobs",
        }
        glue._job_runs.setdefault(name, []).append(record)
        arguments = {**job.get("DefaultArguments", {}), **record["Arguments"]}
        run = _Run(record, job["Role"], job["Command"]["ScriptLocation"], arguments)
        # Account and Region of the request are context variables, which threads do not inherit.
        Thread(target=contextvars.copy_context().run, args=(self._execute, run), daemon=True).start()
        return glue.json_response({"JobRunId": run_id})

    def batch_stop_job_run(self, request: dict[str, Any]) -> Any:
        """BatchStopJobRun."""
        name, stopped, errors = request.get("JobName", ""), [], []
        records = {record["Id"]: record for record in glue._job_runs.get(name, [])}
        for run_id in request.get("JobRunIds", []):
            submission = {"JobName": name, "JobRunId": run_id}
            record = records.get(run_id)
            if record is None or JobRunState(record["JobRunState"]).terminal:
                code = "EntityNotFoundException" if record is None else "InvalidInputException"
                detail = {"ErrorCode": code, "ErrorMessage": f"Job run {run_id} cannot be stopped."}
                errors.append({**submission, "ErrorDetail": detail})
                continue
            with self._lock:
                self._stopped.add(run_id)
                record["JobRunState"] = JobRunState.STOPPING.value
                if process := self._processes.get(run_id):
                    process.stop()
            stopped.append(submission)
        return glue.json_response({"SuccessfulSubmissions": stopped, "Errors": errors})

    def await_job_run(self, resource: str, request: dict[str, Any]) -> dict[str, Any]:
        """`glue:startJobRun`, and with `.sync` its end, with Step Functions' errors."""
        status, _, body = glue._start_job_run(request)
        answer = json.loads(body)
        if status >= 400:
            code = answer.get("__type", "GlueException").rpartition("#")[2]
            raise stepfunctions._ExecutionError(f"Glue.{code}", answer.get("message", answer.get("Message", "")))
        if not resource.endswith(".sync"):
            return answer  # type: ignore[no-any-return]
        (record,) = [r for r in glue._job_runs[request["JobName"]] if r["Id"] == answer["JobRunId"]]
        while not (state := JobRunState(record["JobRunState"])).terminal:
            time.sleep(_POLL_SECONDS)
        output = {**record, **{name: record[name] * 1000 for name in ("StartedOn", "LastModifiedOn", "CompletedOn")}}
        if state is not JobRunState.SUCCEEDED:
            raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(output))
        return output

    def _execute(self, run: _Run) -> None:
        with self._room:
            began = time.monotonic()
            try:
                end = self._ended(run)
            except Exception as error:  # a run that could not even be started has failed; it must not stay STARTING
                log.exception("job run %s could not be executed", run.record["Id"])
                end = JobEnd(JobRunState.FAILED, repr(error))
            seconds = time.monotonic() - began
        dpus = _WORKER_DPUS.get(run.record["WorkerType"], 1) * run.record["NumberOfWorkers"]
        now = int(time.time())
        run.record.update(
            CompletedOn=now,
            LastModifiedOn=now,
            ExecutionTime=round(seconds),
            DPUSeconds=round(seconds * dpus, 1),
            **({"ErrorMessage": end.error} if end.error else {}),
        )
        run.record["JobRunState"] = end.state.value  # last: who sees the end must see all of it

    def _ended(self, run: _Run) -> JobEnd:
        run_id = run.record["Id"]
        session = _session_of_role(run)
        script, path = self._downloaded(run, self._folder / run_id, session)
        command = [self._python, str(script), "--JOB_NAME", run.record["JobName"], "--JOB_RUN_ID", run_id]
        command += [part for pair in run.arguments.items() for part in pair]
        environment = {
            **self._environment,
            **session,
            "PYTHONPATH": ":".join([str(self._isolation), *map(str, path)]),
            "PYSPARK_SUBMIT_ARGS": _submit_arguments(run.arguments),
        }
        with self._lock:
            if run_id in self._stopped or self._everything_ends:
                return JobEnd(JobRunState.STOPPED)
            process = JobProcess(self._folder / "start.py", command, environment, self._folder / f"{run_id}.log")
            self._processes[run_id] = process
            run.record["JobRunState"] = JobRunState.RUNNING.value
        try:
            return process.wait(run.record["Timeout"] * 60)
        finally:
            del self._processes[run_id]

    def _downloaded(self, run: _Run, folder: Path, session: Mapping[str, str]) -> tuple[Path, list[Path]]:
        """The script, below the name it has on S3, and the entries of the Python path; read as the job's role."""
        s3 = boto3.client(
            "s3",
            endpoint_url=self._environment["AWS_ENDPOINT_URL"],
            region_name=self._environment["AWS_DEFAULT_REGION"],
            **{name.lower(): value for name, value in session.items()},
        )

        def stored(uri: str) -> Path:
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            path = folder / bucket / key
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, key, str(path))
            return path

        for uri in _on_s3(run.arguments, "--additional-python-modules"):
            stored(uri)  # what they hold is installed here already; Glue would fail without them
        return stored(run.script), [stored(uri) for uri in _on_s3(run.arguments, "--extra-py-files")]


def _on_s3(arguments: Mapping[str, str], name: str) -> list[str]:
    entries = [entry.strip() for entry in arguments.get(name, "").split(",")]
    return [entry for entry in entries if entry.startswith("s3://")]


def _submit_arguments(arguments: Mapping[str, str]) -> str:
    """The job's `--conf` (several in one value, each after the first with its own `--conf`), and its own credentials."""
    own = "spark.hadoop.fs.s3a.aws.credentials.provider=com.amazonaws.auth.EnvironmentVariableCredentialsProvider"
    given = [conf.strip() for conf in arguments.get("--conf", "").split("--conf") if conf.strip()]
    return " ".join(["--conf " + conf for conf in [*given, own]] + ["pyspark-shell"])


def _session_of_role(run: _Run) -> dict[str, str]:
    """Credentials of the job's role, as Glue assumes it for a run."""
    account, _, name = run.role.removeprefix("arn:aws:iam::").partition(":role/")
    name = name.rpartition("/")[2]
    digest = hashlib.sha256(run.record["Id"].encode()).hexdigest()
    key, secret, token = f"ASIA{digest[:16].upper()}", digest[16:56], f"token{digest}"
    identity = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/GlueJobRunnerSession",
        "UserId": f"{name}:GlueJobRunnerSession",
        "SecretAccessKey": secret,
        "SessionToken": token,
    }
    sts.register_session(key, identity)
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
