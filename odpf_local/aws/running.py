"""The embedded AWS of a folder as other processes see it: its state file, its start, its end. Imports neither moto nor Spark."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from odpf.errors import TerminalError
from odpf_local.aws import process_session

STATE_FOLDER = ".odpf"
EMBEDDED_LOG = "embedded.log"
REGION = "eu-west-1"
"""Of an instance that is not told another one."""
INSTANCE_VARIABLE = "ODPF_EMBEDDED_ID"
REPOSITORY = Path(__file__).parents[2]
_START_SECONDS = 1800.0  # the first start downloads 380 MB
_STOP_SECONDS = 60.0
_LOG_LINES = 20
PROGRESS = "-> "
"""Begins the lines of an instance's log that are for the person who waits for it."""


class AlreadyRunning(TerminalError):
    """Another embedded AWS serves the folder."""


class EmbeddedFailed(TerminalError):
    """The embedded AWS ended before it was ready."""


class Running(BaseModel):
    """A running instance: which process it is, where it answers, and what programs need in their environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    pid: int
    started: str
    port: int
    endpoint_url: str
    environment: dict[str, str]

    @property
    def region(self) -> str:
        """The Region that it passes for."""
        return self.environment["AWS_REGION"]

    @property
    def alive(self) -> bool:
        """Whether that very process still lives."""
        return process_session.started_at(self.pid) == self.started

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """What the state file says, alive or not."""
        try:
            return cls.model_validate_json(_state_file(folder).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def write(self, folder: Path) -> None:
        """Announce the instance, in one step."""
        part = _state_file(folder).with_suffix(".part")
        part.write_text(self.model_dump_json(indent=2))
        part.replace(_state_file(folder))


def forget(folder: Path) -> None:
    """Take the announcement away."""
    _state_file(folder).unlink(missing_ok=True)


def find(folder: Path) -> Running | None:
    """The instance that runs for this folder."""
    running = Running.read(folder)
    return running if running is not None and running.alive else None


def launch(
    folder: Path,
    port: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
    region: str = REGION,
) -> Running:
    """Start an instance in a process of its own and return when it is ready; the one already running if there is one.

    Args:
        folder: keeps `.odpf/`: state file, logs.
        port: None takes a free one.
        tell: gets sentences about what takes time.
        region: the Region it passes for.

    Raises:
        EmbeddedFailed: it ended before it was ready; the text has the end of its log.
    """
    folder = folder.resolve()
    if (running := find(folder)) is not None:
        return running
    clean_up(folder)
    log = folder / STATE_FOLDER / EMBEDDED_LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    pid = _spawn(folder, port, region, log)
    try:
        _wait_until_ready(folder, pid, log, tell)
    except BaseException:  # nobody waits for it any more: it must not come up later, unseen
        _end(pid, process_session.started_at(pid))
        raise
    if (running := find(folder)) is not None:  # ours, or somebody else's whose start was faster
        return running
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
    raise EmbeddedFailed(f"The embedded AWS did not start. The end of {log}:\n{tail}")


def stop(folder: Path) -> bool:
    """End the instance of this folder and return when it and all its job processes are gone; False if none ran."""
    folder = folder.resolve()
    running = find(folder)
    if running is not None:
        _end(running.pid, running.started)
    clean_up(folder)
    return running is not None


def clean_up(folder: Path) -> None:
    """Remove what an instance that died by force left: its job processes and its state file."""
    left = Running.read(folder)
    if left is not None and not left.alive:
        while pids := process_session.with_environment(f"{INSTANCE_VARIABLE}={left.id}"):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        forget(folder)


def _wait_until_ready(folder: Path, pid: int, log: Path, tell: Callable[[str], None]) -> None:
    """Return when an instance runs or process `pid` has ended, telling meanwhile what its log has for a person."""
    deadline = time.monotonic() + _START_SECONDS
    told = 0
    while find(folder) is None and process_session.started_at(pid) is not None and time.monotonic() < deadline:
        sentences = [line for line in log.read_text(errors="replace").splitlines() if line.startswith(PROGRESS)]
        for sentence in sentences[told:]:
            tell(sentence.removeprefix(PROGRESS))
        told = len(sentences)
        time.sleep(0.05)


def _state_file(folder: Path) -> Path:
    return folder / STATE_FOLDER / "embedded.json"


def _spawn(folder: Path, port: int | None, region: str, log: Path) -> int:
    """Start the server in a session of its own, so that a terminal's Ctrl-C does not reach it."""
    command = [sys.executable, "-P", "-m", "odpf_local.aws.server", "--folder", str(folder), "--region", region]
    paths = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")])]
    writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    return os.posix_spawn(
        sys.executable,
        command + (["--port", str(port)] if port else []),
        {**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), writing, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _end(pid: int, started: str | None) -> None:
    """End the process with that id and start, by force when it takes too long."""
    forced_at = time.monotonic() + _STOP_SECONDS
    number = signal.SIGTERM
    while started is not None and process_session.started_at(pid) == started:
        if number == signal.SIGTERM or time.monotonic() > forced_at:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            number = signal.SIGKILL
        time.sleep(0.05)
    with suppress(ChildProcessError):  # only the process that launched it has something to collect
        os.waitpid(pid, os.WNOHANG)
