"""An embedded AWS whose job runs can be made to die, stand still or meet errors, and stories of tables in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from file_processor.batch_manager import BatchManager
from odpf.adapters.aws import Aws
from odpf.audit import RunSummary
from odpf.failpoints import REACHED, VARIABLE, Armed
from odpf.manifest import batch_key, summary_key
from odpf.run_request import RunRequest
from odpf.settings import Settings
from odpf.states import JobRunState
from odpf_local.aws_hook.configuration import HookConfiguration
from odpf_local.aws_hook.plugin import environment as hooked
from odpf_local.memory.metrics import MemoryMetrics
from odpf_local.spark_conf import job_environment
from tests.end_to_end.lake import Lake as Instance
from tests.engines.lake import Lake, storage_options

LEASE_SECONDS, HEARTBEAT_SECONDS = 3, 0.3
SCRIPT = Path(__file__).resolve().parents[2] / "glue_scripts" / "process_batch.py"
_WAIT = 600.0
_WITH_ANOTHER_CLOCK = """
import runpy, sys
from datetime import timedelta
import odpf.clock
ahead, tell = timedelta(seconds=float(sys.argv[1])), odpf.clock.utc_now
odpf.clock.utc_now = lambda: tell() + ahead
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Place(Lake):
    """One deployment; plans and summaries are made in this process, table batches are processed by job runs.

    Attributes:
        folder: of the instance.
        armed: the file that arms failpoints.
        hook: the file that says which errors the job runs meet.
        errors: log of the errors that they met.
    """

    folder: Path
    armed: Path
    hook: Path
    errors: Path

    def arm(self, fault: Armed) -> None:
        """Have the next process that comes by meet a fault."""
        self._met.unlink(missing_ok=True)
        self.armed.write_text(fault.model_dump_json())

    def disarm(self) -> bool:
        """Take the fault back; whether a process has met it."""
        self.armed.unlink(missing_ok=True)
        return self._met.exists()

    def await_fault(self) -> bool:
        """Wait until a process meets the fault that is armed; False when none does."""
        return waited(self._met.exists, 60.0)

    @property
    def _met(self) -> Path:
        return self.armed.with_name(self.armed.name + REACHED)

    def plan(self, *tables: str) -> str:
        """Plan a run of some source tables; its id."""
        run_id = f"faults-{uuid4().hex[:12]}"
        cadence = self.aws.config.tables()[0]["refresh_cadence"]
        self.planned = self._manager().plan(run_id, RunRequest(refresh_cadence=cadence, tables=tables))
        return run_id

    def start(self, run_id: str, number: int = 0) -> str:
        """Start the job run of a planned run's table batch, as the state machine does; its id."""
        arguments = self._arguments(run_id, number)
        started = self._glue.start_job_run(JobName=self.settings.glue_job_name, Arguments=arguments)
        return str(started["JobRunId"])

    def await_end(self, job_run: str, seconds: float = _WAIT) -> JobRunState:
        """Wait for a job run's end, and tell its state."""
        waited(lambda: (state := self.aws.job_runs.state(job_run)) is None or state.terminal, seconds)
        return self.aws.job_runs.state(job_run) or JobRunState.ERROR

    def process(self, run_id: str, number: int) -> None:
        """A table batch of a run, by a job run that is waited for."""
        self.await_end(self.start(run_id, number))

    def summary(self, run_id: str) -> RunSummary:
        """Summarise a run."""
        self._manager().summarise(run_id)
        return RunSummary.model_validate_json(self.aws.objects.get(self.settings.artifacts_bucket, summary_key(run_id)))

    def refresh(self, *tables: str) -> RunSummary:
        """A whole run of some tables, left alone."""
        run_id = self.plan(*tables)
        for number in range(self.planned["batch_count"]):  # several, where a batch that died was divided
            self.process(run_id, number)
        return self.summary(run_id)

    def outside_glue(self, run_id: str, clock: float = 0.0) -> subprocess.Popen[bytes]:
        """The process of a job run that Glue knows nothing of, and so calls ended.

        Args:
            run_id: of a planned run.
            clock: seconds by which the clock of its machine goes ahead; Python's, so not Spark's.
        """
        arguments = {"--JOB_NAME": self.settings.glue_job_name, "--JOB_RUN_ID": f"jr_unknown_{uuid4().hex}"}
        words = [word for pair in {**arguments, **self._arguments(run_id)}.items() for word in pair]
        return subprocess.Popen(
            [sys.executable, "-c", _WITH_ANOTHER_CLOCK, str(clock), str(SCRIPT), *words],
            cwd=self.folder,
            env={**self.environment, **job_environment(self.folder / ".odpf" / "spark")},
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / f"{run_id}.log").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def meet(self, configuration: HookConfiguration) -> None:
        """Have the job runs meet errors from now on."""
        configuration.write(self.hook)

    def _manager(self) -> BatchManager:
        return super()._manager()._replace(metrics=MemoryMetrics())

    @property
    def _glue(self) -> Any:
        return self.aws.session.client("glue")  # type: ignore[union-attr]

    def _arguments(self, run_id: str, number: int = 0) -> dict[str, str]:
        uri = f"s3://{self.settings.artifacts_bucket}/{batch_key(run_id, number)}"
        return {"--run_id": run_id, "--manifest_uri": uri}


def wake(process: subprocess.Popen[bytes], seconds: float = 90.0) -> None:
    """Let a process that stands still go on to its end."""
    os.killpg(process.pid, signal.SIGCONT)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Make sure that nothing is left of a process and what it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def waited(is_so: Callable[[], object], seconds: float, pause: float = 0.02) -> bool:
    """Wait until something is so; whether it is."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return True
        time.sleep(pause)
    return bool(is_so())


@contextmanager
def place(folder: Path, **variables: str) -> Iterator[Place]:
    """Bring a deployment up, and down again.

    Args:
        folder: an empty one.
        variables: of its environment, beside those of the faults.
    """
    armed, hook, errors = folder / "failpoint.json", folder / "hook.json", folder / "errors.jsonl"
    HookConfiguration().write(hook)
    faults = {VARIABLE: str(armed), **hooked(hook)}
    quick = {"ODPF_LEASE_SECONDS": str(LEASE_SECONDS), "ODPF_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS)}
    instance = Instance(folder, **faults, **quick, ODPF_MOST_ATTEMPTS="1000", **variables)
    try:
        instance.up()
        own = {name: value for name, value in instance.environment.items() if name not in faults}
        os.environ.update({name: value for name, value in own.items() if name.startswith(("AWS_", "ODPF_"))})
        settings = Settings.from_environment(own)
        found = Place(settings, Aws(settings), {}, storage_options(own), environment=instance.environment)
        found.folder, found.armed, found.hook, found.errors = folder, armed, hook, errors
        yield found
    finally:
        instance.down()
