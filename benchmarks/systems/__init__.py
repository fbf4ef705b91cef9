"""The systems that are compared, each a module of its own behind the same calls, so that a process loads only its own."""

from __future__ import annotations

import runpy
from collections import Counter
from collections.abc import Callable, Sequence
from enum import StrEnum
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


class Stores(StrEnum):
    """Where lease, ledger, audit, catalog and events of a system of ours are: over HTTP in another process, in its own memory, or nowhere."""

    HTTP = "http"
    MEMORY = "memory"
    IDLE = "idle"


class SystemSpec(NamedTuple):
    """Which system, over what.

    Attributes:
        id: short, as benchmarks are numbered; also the beginning of its tables' names.
        module: of this package; or the path of a Python file of somebody else's, which has the same `open_system`.
        stores: what lease, ledger, audit, catalog and events are.
        in_s3: files in the embedded S3, not on this machine's file system.
        part: of the benchmarks; one ledger lives through all of them, and a table that it knows is not made anew.
        options: of Hudi, beside those that the Spark engine sets; only a bare upsert has them.
    """

    id: str
    title: str
    module: str
    stores: Stores = Stores.HTTP
    in_s3: bool = False
    part: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """A word for folders and tables."""
        return self.id.lower().replace(" ", "_")

    def table(self, rows: int) -> str:
        """The table of that many rows."""
        return "_".join(filter(None, (self.name, self.part, str(rows))))

    def location(self, place: Place, table: str) -> str:
        """Where a reader finds a table."""
        if self.module in ("delta", "duckdb_rewrite", "floor"):
            return place.uri(OTHERS, table, in_s3=self.in_s3)
        return place.uri(RAW, f"{DATABASE}/{table}", in_s3=self.in_s3)


LOCAL = (
    SystemSpec("S6", "ours, Arrow", "arrow"),
    SystemSpec("S6m", "ours, Arrow, stores in memory", "arrow", stores=Stores.MEMORY),
    SystemSpec("S1", "ours, Spark", "spark"),
    SystemSpec("S3", "bare Hudi upsert", "hudi"),
    SystemSpec("S4", "delta-rs merge", "delta"),
    SystemSpec("S5", "DuckDB rewrite", "duckdb_rewrite"),
    SystemSpec("S0", "floor: Spark copies the files", "floor"),
)
PRICED = (
    *(spec._replace(part="price") for spec in LOCAL if spec.id in ("S6", "S6m", "S1")),
    SystemSpec("S1m", "ours, Spark, stores in memory", "spark", stores=Stores.MEMORY),
    SystemSpec("S6n", "ours, Arrow, ports that do nothing", "arrow", stores=Stores.IDLE),
    SystemSpec("S1n", "ours, Spark, ports that do nothing", "spark", stores=Stores.IDLE),
)
"""The same run with stores and without (D10)."""
IN_S3 = tuple(
    spec._replace(id=f"{spec.id} s3", title=f"{spec.title}, S3", in_s3=True)
    for spec in LOCAL
    if spec.stores is Stores.HTTP and spec.id not in ("S0", "S5")
)


def other_job(path: Path) -> SystemSpec:
    """S2: somebody else's job, put beside the others; what it makes is read as a Hudi table at `SystemSpec.location`."""
    return SystemSpec("S2", path.stem.replace("_", " "), str(path.resolve()))


def open_system(spec: SystemSpec, place: Place) -> System:
    """Make the system in this process.

    Raises:
        WrongResult: the path of somebody else's job leads to no Python file with an `open_system`.
    """
    make: Callable[[SystemSpec, Place], System]
    if spec.module.endswith(".py"):
        try:
            make = runpy.run_path(spec.module, run_name=spec.name)["open_system"]
        except (OSError, KeyError) as error:
            raise WrongResult(f"{spec.module} is no job with open_system(spec, place): {error!r}") from error
    else:
        make = import_module(f"{__name__}.{spec.module}").open_system
    return make(spec, place)
