"""One table through many files and many cycles, by the Arrow engine with the stores in memory: D4 and D6."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.checking import difference
from benchmarks.deployment import Staged
from benchmarks.measuring import Measured, Meter
from benchmarks.places import DATABASE, RAW, Place
from benchmarks.systems import Stores, SystemSpec, WrongResult
from benchmarks.systems.arrow import open_system
from benchmarks.systems.ours import Ours, check_rows
from benchmarks.worker import in_process
from benchmarks.workload import Source
from odpf.states import EngineName

SPEC = SystemSpec("one table", "ours, Arrow, stores in memory", "arrow", stores=Stores.MEMORY)
_ROWS = 10_000


class OneTable(NamedTuple):
    """What is measured.

    Attributes:
        files: so many in one file batch, ten changes in each.
        cycles: so many one after the other, a thousand changes in each.
    """

    files: tuple[int, ...]
    cycles: int


class Batch(NamedTuple):
    """One file batch of so many files."""

    files: int
    measured: Measured


class Cycle(NamedTuple):
    """One cycle, and what is there after it."""

    number: int
    measured: Measured
    timeline_objects: int
    data_files: int


class Found(NamedTuple):
    """All of it."""

    batches: tuple[Batch, ...]
    cycles: tuple[Cycle, ...]


def run_one_table(place: Place, wanted: OneTable) -> Found:
    """Measure in a fresh process.

    Raises:
        WrongResult: a run did not do its files, or a table differs from its source.
    """
    return in_process(place._replace(root=place.root / SPEC.name), _measure, wanted)


def _measure(place: Place, wanted: OneTable) -> Found:
    return Found(tuple(_batches(place, wanted.files)), tuple(_cycles(place, wanted.cycles)))


def _batches(place: Place, sizes: tuple[int, ...]) -> list[Batch]:
    system, found = open_system(SPEC, place), []
    meter = Meter(place.emulator.pid, place.request_log, system.requests)
    source = Source(place.root / "source-files", _ROWS)
    system.load("files", source.load())()
    system.change("files", source.change(10))()
    for number in sizes:
        paths = [source.change(10).path for _ in range(number)]
        staged = {"files": system.deployment.stage("files", paths)}
        found.append(Batch(number, meter.measure(partial(_apply, system, staged, 10 * number))))
    _check(place, "files", source)
    return found


def _apply(system: Ours, staged: Staged, rows: int) -> None:
    check_rows(system.deployment.run(staged), EngineName.ARROW, 1, rows)


def _cycles(place: Place, number: int) -> list[Cycle]:
    system, found = open_system(SPEC, place), []
    meter = Meter(place.emulator.pid, place.request_log, system.requests)
    source = Source(place.root / "source-cycles", _ROWS)
    system.load("cycles", source.load())()
    folder = place.root / RAW / DATABASE / "cycles"
    for each in range(number):
        measured = meter.measure(system.change("cycles", source.change(1_000)))
        found.append(Cycle(each, measured, _objects(folder / ".hoodie"), len(list(folder.glob("*.parquet")))))
    _check(place, "cycles", source)
    return found


def _objects(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def _check(place: Place, table: str, source: Source) -> None:
    if problem := difference(SPEC, place, table, source):
        raise WrongResult(problem)
