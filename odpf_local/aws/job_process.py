"""One job run as a process: started, watched, stopped, and over only when nothing of it is left."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from typing import NamedTuple

from odpf.states import JobRunState
from odpf_local.aws import process_session

_POLL_SECONDS = 0.05
_LOG_TAIL_BYTES = 16_384
_TRACEBACK = "Traceback (most recent call last):"


class JobEnd(NamedTuple):
    """How a job run ended, and why unless it succeeded."""

    state: JobRunState
    error: str | None = None


class JobProcess:
    """A Python script in a session of its own, with its own working folder, logging to a file."""

    def __init__(self, script: Path, arguments: list[str], environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        self._work = log.with_suffix(".work")
        self._work.mkdir(parents=True, exist_ok=True)
        self._stopping = Event()
        temporary = {"TMPDIR": str(self._work), "SPARK_LOCAL_DIRS": str(self._work)}
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603  the job's script, by this interpreter
                [sys.executable, str(script), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**environment, **temporary},
                cwd=self._work,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The script's process, which leads the session."""
        return self._process.pid

    def stop(self) -> None:
        """Ask for the end; `wait` then reports STOPPED."""
        self._stopping.set()

    def wait(self, timeout_seconds: float) -> JobEnd:
        """Wait until the script has ended, end what it left behind, and say how it went.

        A JVM outlives its killed Python driver by seconds and goes on writing, so no end is reported before every
        member of the session is gone.
        """
        deadline = time.monotonic() + timeout_seconds
        while (status := self._poll()) is None and not self._stopping.is_set() and time.monotonic() < deadline:
            pass
        process_session.kill(self.pid)
        self._process.wait()
        shutil.rmtree(self._work, ignore_errors=True)
        if status is None:
            if self._stopping.is_set():
                return JobEnd(JobRunState.STOPPED)
            return JobEnd(JobRunState.TIMEOUT, f"Job run exceeded its timeout of {timeout_seconds / 60:g} minutes.")
        return JobEnd(JobRunState.SUCCEEDED) if status == 0 else JobEnd(JobRunState.FAILED, self._reason(status))

    def _poll(self) -> int | None:
        try:
            return self._process.wait(_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            return None

    def _reason(self, status: int) -> str:
        """The error the script ended with, else the last line it wrote."""
        if status < 0:
            return f"The job's process was ended by {signal.Signals(-status).name}. Log: {self._log}"
        with self._log.open("rb") as log:
            log.seek(max(0, self._log.stat().st_size - _LOG_TAIL_BYTES))
            text = log.read().decode(errors="replace")
        lines = [line for line in text.splitlines() if line.strip()]
        # A traceback that was logged is part of a JSON line; the one the script ended with has lines of its own.
        ended_with = len(lines) - lines[::-1].index(_TRACEBACK) if _TRACEBACK in lines else len(lines)
        error = next((line for line in lines[ended_with:] if not line.startswith(" ")), None)
        return f"{error or (lines[-1] if lines else 'no output')} (exit status {status}; log: {self._log})"
