"""Job processes as the operating system sees them."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

SCRIPT = "glue_scripts/process_batch.py"
INVOCATION = "odpf_local/aws/invocation.py"


def job_processes(word: str) -> list[int]:
    """Processes that execute the Glue job's script with an argument that begins with `word`."""
    return [pid for pid, words in _command_lines() if any(w.endswith(SCRIPT) for w in words) and _has(words, word)]


def invocations(word: str) -> list[int]:
    """Processes that execute an invocation of a Lambda function whose event has a word."""
    found = [(pid, words) for pid, words in _command_lines() if any(w.endswith(INVOCATION) for w in words)]
    return [pid for pid, words in found if any(word in each for each in words)]


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _has(words: list[str], beginning: str) -> bool:
    return any(word.startswith(beginning) for word in words)


def _command_lines() -> list[tuple[int, list[str]]]:
    proc = Path("/proc")
    if not proc.is_dir():
        lines = subprocess.run(["ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
        return [(int(line.split()[0]), line.split()[1:]) for line in lines.splitlines()]
    found = []
    for entry in proc.iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:  # it has ended meanwhile
                continue
            found.append((int(entry.name), words))
    return found
