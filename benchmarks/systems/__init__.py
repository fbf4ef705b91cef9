"""The systems that are compared, each a module of its own behind the same calls, so that a process loads only its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol

from benchmarks.places import DATABASE, OTHERS, RAW, Place
from benchmarks.workload import ChangeFile


class WrongResult(Exception):
    """A system did not do what it was asked; it has no time."""


class System(Protocol):
    """One system in its process. Both calls put files where the system reads them, and return the work to be measured."""

    requests: Counter[str]

    def load(self, table: str, paths: Sequence[Path]) -> Callable[[], None]:
        """Make a table from the files of a full load."""

    def change(self, table: str, file: ChangeFile) -> Callable[[], None]:
        """Apply a file of changes."""


class SystemSpec(NamedTuple):
    """Which system, over what.

    Attributes:
        id: short, as benchmarks are numbered; also the beginning of its tables' names.
        module: of this package.
        in_memory: lease, ledger, audit and catalog in the process's memory, not over HTTP in another process.
        in_s3: files in the embedded S3, not on this machine's file system.
    """

    id: str
    title: str
    module: str
    in_memory: bool = False
    in_s3: bool = False

    @property
    def name(self) -> str:
        """A word for folders and tables."""
        return self.id.lower().replace(" ", "_")

    def table(self, rows: int) -> str:
        """The table of that many rows."""
        return f"{self.name}_{rows}"

    def location(self, place: Place, table: str) -> str:
        """Where a reader finds a table."""
        if self.module in ("delta", "duckdb_rewrite", "floor"):
            return place.uri(OTHERS, table, in_s3=self.in_s3)
        return place.uri(RAW, f"{DATABASE}/{table}", in_s3=self.in_s3)


LOCAL = (
    SystemSpec("S6", "ours, Arrow", "arrow"),
    SystemSpec("S6m", "ours, Arrow, stores in memory", "arrow", in_memory=True),
    SystemSpec("S1", "ours, Spark", "spark"),
    SystemSpec("S1m", "ours, Spark, stores in memory", "spark", in_memory=True),
    SystemSpec("S3", "bare Hudi upsert", "hudi"),
    SystemSpec("S4", "delta-rs merge", "delta"),
    SystemSpec("S5", "DuckDB rewrite", "duckdb_rewrite"),
    SystemSpec("S0", "floor: Spark copies the files", "floor"),
)
IN_S3 = tuple(
    spec._replace(id=f"{spec.id} s3", title=f"{spec.title}, S3", in_s3=True)
    for spec in LOCAL
    if not spec.in_memory and spec.id not in ("S0", "S5")
)


def open_system(spec: SystemSpec, place: Place) -> System:
    """Make the system in this process."""
    made: System = import_module(f"{__name__}.{spec.module}").open_system(spec, place)
    return made
