"""One query execution: its states, times and result."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from threading import Event, Lock
from typing import Any

from odpf_local.aws.athena.result import Result


class Execution:
    """A query from its start to its end; what it ends as first, it stays."""

    def __init__(self, sql: str, context: dict[str, Any], parameters: list[str], output: str, workgroup: str) -> None:
        self.id = str(uuid.uuid4())
        self.sql = sql
        self.context = context
        self.parameters = parameters
        self.workgroup = workgroup
        self.output = f"{output.rstrip('/')}/{self.id}.{'csv' if self.kind == 'DML' else 'txt'}"
        self.result: Result | None = None
        self.state = "QUEUED"
        self._reason: str | None = None
        self._submitted = time.time()
        self._completed: float | None = None
        self._interrupt: Callable[[], None] = lambda: None
        self._lock = Lock()
        self._done = Event()

    @property
    def kind(self) -> str:
        """Athena's StatementType."""
        first = self.sql.split(maxsplit=1)[0].upper() if self.sql.strip() else ""
        return "UTILITY" if first in ("SHOW", "DESCRIBE", "DESC", "EXPLAIN") else "DML"

    @property
    def database(self) -> str:
        """The database of tables named without one."""
        return str(self.context.get("Database") or "default")

    def run(self, work: Callable[[Execution], Result]) -> None:
        """Execute unless cancelled before."""
        with self._lock:
            if self._done.is_set():
                return
            self.state = "RUNNING"
        result = work(self)
        self.end("SUCCEEDED", None, result)

    def end(self, state: str, reason: str | None, result: Result | None = None) -> None:
        """Take the final state."""
        with self._lock:
            if not self._done.is_set():
                self.state, self._reason, self.result, self._completed = state, reason, result, time.time()
                self._done.set()

    def interruptible(self, interrupt: Callable[[], None]) -> None:
        """Remember how to end the query from another thread."""
        self._interrupt = interrupt

    def cancel(self) -> None:
        """End as CANCELLED."""
        self.end("CANCELLED", "Query cancelled by user")
        self._interrupt()

    def wait(self, seconds: float) -> None:
        """Wait for the end, for a while."""
        self._done.wait(seconds)

    def describe(self) -> dict[str, Any]:
        """The execution as GetQueryExecution describes it."""
        milliseconds = round(((self._completed or time.time()) - self._submitted) * 1000)
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self._submitted}
        if self._completed is not None:
            status["CompletionDateTime"] = self._completed
        if self._reason is not None:
            status["StateChangeReason"] = self._reason
            if self.state == "FAILED":
                status["AthenaError"] = {
                    "ErrorCategory": 2,
                    "ErrorType": 1001,
                    "Retryable": False,
                    "ErrorMessage": self._reason,
                }
        described = {
            "QueryExecutionId": self.id,
            "Query": self.sql,
            "StatementType": self.kind,
            "ResultConfiguration": {"OutputLocation": self.output},
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "QueryExecutionContext": self.context,
            "Status": status,
            "Statistics": {
                "EngineExecutionTimeInMillis": milliseconds,
                "TotalExecutionTimeInMillis": milliseconds,
                "DataScannedInBytes": self.result.texts.nbytes if self.result else 0,
                "QueryQueueTimeInMillis": 0,
                "ServiceProcessingTimeInMillis": 0,
            },
            "WorkGroup": self.workgroup,
            "EngineVersion": {
                "SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3",
            },
        }  # fmt: skip
        return described | ({"ExecutionParameters": self.parameters} if self.parameters else {})

    def statistics(self) -> dict[str, Any]:
        """What GetQueryRuntimeStatistics answers."""
        rows, size = (self.result.texts.num_rows, self.result.texts.nbytes) if self.result else (0, 0)
        spent = self.describe()["Statistics"]
        timeline = {name: value for name, value in spent.items() if name.endswith("InMillis")}
        totals = {"InputRows": rows, "InputBytes": size, "OutputRows": rows, "OutputBytes": size}
        return {"Timeline": timeline, "Rows": totals}
