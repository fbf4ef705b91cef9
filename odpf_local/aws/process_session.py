"""All processes of one session: a program that was started with `start_new_session` and whatever it started.

Members are found by session, not by group: Spark's Python workers make process groups of their own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

_PROC = Path("/proc")
_POLL_SECONDS = 0.02


def members(session: int) -> list[int]:
    """Process ids of the session that still can do something; zombies cannot."""
    return [pid for pid, (sid, state) in _processes().items() if sid == session and state not in "ZX"]


def kill(session: int) -> None:
    """End every member, stopped ones too, and return when all are gone."""
    while pids := members(session):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # ended by itself meanwhile
                continue
        time.sleep(_POLL_SECONDS)


def started_at(pid: int) -> str | None:
    """When a process started, in the system's own form: with the pid it names one process for ever; None if gone."""
    if _PROC.is_dir():
        fields = _stat(pid)
        return fields[19] if fields and fields[0] not in "ZX" else None
    answer = _ps("-p", str(pid), "-o", "lstart=")
    return answer.strip() or None


def with_environment(marker: str) -> list[int]:
    """Processes whose environment holds `NAME=value`; none where the system does not tell."""
    found = []
    for pid in _processes():
        try:
            environment = (_PROC / str(pid) / "environ").read_bytes()
        except OSError:  # gone, or somebody else's
            continue
        if marker.encode() in environment.split(b"\0"):
            found.append(pid)
    return found


def _processes() -> dict[int, tuple[int, str]]:
    """Session and state of every process."""
    if _PROC.is_dir():
        pids = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
        return {pid: (int(fields[3]), fields[0]) for pid in pids if (fields := _stat(pid))}
    found = {}
    for line in _ps("-A", "-o", "pid=,stat=").splitlines():
        pid, state = line.split()[:2]
        try:
            found[int(pid)] = (os.getsid(int(pid)), state[0])
        except ProcessLookupError:
            continue
    return found


def _stat(pid: int) -> list[str] | None:
    """Fields of /proc/<pid>/stat after the name: state, parent, group, session, ..."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout  # noqa: S603, S607
