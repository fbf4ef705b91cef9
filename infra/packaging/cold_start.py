"""`python -m infra.packaging.cold_start [FOLDER]`: how long each function of built packages imports, and what it brings in.

Import time on this machine, not the init duration that Lambda bills: that adds the sandbox, and a CPU share by memory.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from infra.packaging.__main__ import ROOT
from infra.packaging.archive import unzipped_bytes
from infra.packaging.package import FUNCTIONS
from odpf.errors import TerminalError

UNWANTED = frozenset(
    {"duckdb", "moto", "numpy", "odpf_cli", "odpf_local", "pandas", "pyarrow", "pyspark", "rich", "typer"}
)
"""What would make functions slow or big, and what is the laptop's; pyarrow only where the lock has it."""

LAMBDA = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
"""What Lambda's Python has besides Python: boto3 and what that needs."""

_PROBE = """
import sys, time
sys.path[:0] = sys.argv[2:]
before = set(sys.modules)
began, began_cpu = time.perf_counter(), time.process_time()
import importlib
module = importlib.import_module(sys.argv[1])
took, took_cpu = time.perf_counter() - began, time.process_time() - began_cpu
import json
assert callable(module.handler), "there is no handler"
print(json.dumps([took * 1000, took_cpu * 1000, sorted(set(sys.modules) - before)]))
"""


class ColdStart(NamedTuple):
    """One import of a handler, with nothing imported before: how long it took, and how much of it was work."""

    milliseconds: float
    cpu_milliseconds: float
    modules: frozenset[str]


class Runtime:
    """An import path like Lambda's on this machine: Python, what the runtime brings, a package, and nothing else.

    Args:
        folder: an empty folder of one's own.
        brings: top-level modules of the runtime.
    """

    def __init__(self, folder: Path, brings: tuple[str, ...] = LAMBDA) -> None:
        self.brought, self._unpacked = folder / "runtime", folder / "unpacked"
        self.brought.mkdir()
        for name in brings:
            place = _installed(name)
            (self.brought / place.name).symlink_to(place)

    def unpack(self, package: Path) -> Path:
        """Lay a package out as Lambda does, in a folder that stays as it is."""
        place = self._unpacked / package.stem
        with zipfile.ZipFile(package) as archive:
            archive.extractall(place)
        return place

    def start(self, place: Path, module: str) -> ColdStart:
        """Import a module from an unpacked package in a fresh Python.

        Raises:
            TerminalError: it cannot be imported, or has no handler.
        """
        command = [sys.executable, "-I", "-S", "-B", "-c", _PROBE, module, str(place), str(self.brought)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  our own code
        if done.returncode:
            raise TerminalError(f"{module} does not start from its package: {done.stderr.strip().splitlines()[-1]}")
        milliseconds, cpu_milliseconds, modules = json.loads(done.stdout)
        return ColdStart(milliseconds, cpu_milliseconds, frozenset(modules))


def _installed(module: str) -> Path:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise TerminalError(f"{module} is not installed here, and Lambda has it: make setup")
    return Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)


def main(argv: list[str]) -> int:
    """Print a table; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m infra.packaging.cold_start", description=__doc__)
    parser.add_argument(
        "packages", nargs="?", type=Path, default=ROOT / "build" / "packages", help="what make package built"
    )
    parser.add_argument(
        "--times", type=int, default=11, help="imports of each function: median of the time, least of the work"
    )
    options = parser.parse_args(argv)
    print(f"{'function':24} {'import ms':>9} {'cpu ms':>7} {'modules':>8} {'zip bytes':>11} {'unzipped':>11}")
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime(Path(folder))
        for package in FUNCTIONS:
            path = options.packages / package.path
            place = runtime.unpack(path)
            for module in package.entries:
                starts = [runtime.start(place, module) for _ in range(options.times)]
                took = statistics.median(start.milliseconds for start in starts)
                work = min(start.cpu_milliseconds for start in starts)
                sizes = f"{path.stat().st_size:11,} {unzipped_bytes(path):11,}"
                print(f"{module:24} {took:9.0f} {work:7.0f} {len(starts[0].modules):8} {sizes}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
