"""What is measured, and how: CPU seconds of a process and its children, memory, requests, and the machine they ran on."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections import Counter
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import boto3

_PACKAGES = ("pyarrow", "numpy", "pyspark", "hudi", "deltalake", "boto3", "moto")


class Measured(NamedTuple):
    """One piece of work.

    Attributes:
        cpu_seconds: user and system time of the process that did it and of its children.
        emulator_cpu_seconds: of the embedded AWS meanwhile; never inside `cpu_seconds`.
        requests: how many of which kind the process made through the SDK.
        answered: how many of which kind the embedded AWS answered, Java's and Rust's clients included.
    """

    cpu_seconds: float
    wall_seconds: float
    emulator_cpu_seconds: float
    requests: dict[str, int]
    answered: dict[str, int]


class Meter:
    """Measures pieces of work of this process.

    Args:
        emulator: process id of the embedded AWS.
        request_log: where it writes a line per request.
        requests: of this process's SDK clients.
    """

    def __init__(self, emulator: int, request_log: Path, requests: Counter[str]) -> None:
        self._emulator, self._log, self._requests = emulator, request_log, requests

    def measure(self, work: Callable[[], None]) -> Measured:
        """Do the work once; an error of it passes through."""
        requests, position = self._requests.copy(), self._log.stat().st_size
        emulator, cpu, wall = cpu_of(self._emulator), own_cpu(), time.perf_counter()
        work()
        wall_seconds, cpu_seconds = time.perf_counter() - wall, own_cpu() - cpu
        with self._log.open() as log:
            log.seek(position)
            answered = Counter(log.read().splitlines())
        return Measured(
            cpu_seconds,
            wall_seconds,
            cpu_of(self._emulator) - emulator,
            dict(self._requests - requests),
            dict(answered),
        )


def count_requests(session: boto3.Session) -> Counter[str]:
    """Count every request that clients of the session send, by `<service> <operation>`; before they are made."""
    counted: Counter[str] = Counter()

    def count(event_name: str, **_: Any) -> None:
        service, operation = event_name.split(".")[1:]
        counted[f"{service} {operation}"] += 1

    session.events.register("before-send", count)
    return counted


def by_service(requests: dict[str, int]) -> dict[str, int]:
    """Requests summed by service."""
    summed: Counter[str] = Counter()
    for kind, count in requests.items():
        summed[kind.split()[0]] += count
    return dict(summed)


def own_cpu() -> float:
    """CPU seconds of this process, of its children that have ended, and of those that live (Spark's JVM)."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime + sum(map(cpu_of, _descendants()))


def cpu_of(pid: int) -> float:
    """CPU seconds of one process, to the nanosecond, by the clock that Linux keeps of each (clock_getcpuclockid)."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:  # it has ended
        return 0.0


def reset_peak() -> int:
    """Forget the greatest memory so far; returns the resident bytes of now."""
    Path("/proc/self/clear_refs").write_text("5")
    return _memory("VmRSS")


def peak() -> int:
    """The greatest resident bytes since `reset_peak`."""
    return _memory("VmHWM")


def peak_of_all() -> int:
    """The greatest resident bytes of this process and of those it started and that live, each at its own moment."""
    return sum(_memory("VmHWM", pid) for pid in (os.getpid(), *_descendants()))


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "load_average": os.getloadavg(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
    }


def _descendants() -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, waiting = [], [os.getpid()]
    while waiting:
        of_one = children.get(waiting.pop(), [])
        found += of_one
        waiting += of_one
    return found


def _memory(field: str, pid: int | str = "self") -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), 0)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
