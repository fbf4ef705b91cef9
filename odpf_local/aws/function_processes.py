"""Invocations of Lambda functions in processes of their own: several side by side, each of which can be ended by force."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from threading import BoundedSemaphore, Condition, Lock
from typing import Any

from odpf.states import JobRunState
from odpf_local.aws import invocation
from odpf_local.aws.function_call import TIMEOUT_SECONDS, FunctionError, LambdaContext, error_payload
from odpf_local.aws.job_process import JobEnd, JobProcess

AT_ONCE = 4
"""More would only wait for the machine's cores; on Lambda all run at once."""


class FunctionProcesses:
    """Executes invocations, as the job runner executes job runs.

    Args:
        logs: gets a file `<function>-<request id>.log` for each.
        environment: of the processes.
        region: of the functions.
        timeout_seconds: when an invocation is ended.
    """

    def __init__(
        self, logs: Path, environment: Mapping[str, str], region: str, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self._logs, self._region, self._timeout = logs, region, timeout_seconds
        self._environment = {**environment, "PYTHONSAFEPATH": "1"}
        self._room = BoundedSemaphore(AT_ONCE)
        self._lock = Lock()
        self._ended = Condition(self._lock)
        self._running: set[JobProcess] = set()
        self._stopped = False
        logs.mkdir(parents=True, exist_ok=True)

    def invoke(self, name: str, path: str, event: Any) -> Any:
        """Call the handler `path` of a function in a new process.

        Raises:
            FunctionError: the handler raised, the process ended without an answer, or its time was over.
        """
        with self._room:
            context = LambdaContext(name, self._region)
            answer = self._logs / f"{name}-{context.aws_request_id}.json"
            end = self._execute(name, path, event, context, answer)
            if end.state is JobRunState.SUCCEEDED:
                return _taken(answer)
        raise FunctionError(_without_answer(end, context, self._timeout))

    def stop(self) -> None:
        """End what runs and return when no process is left; nothing begins any more."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.stop()
            self._ended.wait_for(lambda: not self._running)

    def _execute(self, name: str, path: str, event: Any, context: LambdaContext, answer: Path) -> JobEnd:
        told = {
            "function_name": name,
            "region": self._region,
            "timeout_seconds": self._timeout,
            "aws_request_id": context.aws_request_id,
        }
        with self._lock:
            if self._stopped:
                return JobEnd(JobRunState.STOPPED)
            process = JobProcess(
                Path(invocation.__file__),
                [path, json.dumps(told), json.dumps(event), str(answer)],
                self._environment,
                answer.with_suffix(".log"),
            )
            self._running.add(process)
        try:
            return process.wait(self._timeout)
        finally:
            with self._lock:
                self._running.discard(process)
                self._ended.notify_all()


def _taken(answer: Path) -> Any:
    told = json.loads(answer.read_text())
    answer.unlink()
    if "error" in told:
        raise FunctionError(told["error"])
    return told["result"]


def _without_answer(end: JobEnd, context: LambdaContext, timeout_seconds: float) -> dict[str, Any]:
    """Lambda's words for an invocation that was ended."""
    if end.state is JobRunState.TIMEOUT:
        message = f"{context.aws_request_id} Task timed out after {timeout_seconds:.2f} seconds"
        return error_payload("Sandbox.Timedout", f"RequestId: {message}", context)
    return error_payload("Runtime.ExitError", f"RequestId: {context.aws_request_id} {end.error or 'stopped'}", context)
