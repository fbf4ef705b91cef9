"""Table-cycles of one table in a process that did not load it, with the memory they take."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import Measured, Meter, peak, reset_peak
from benchmarks.places import Place
from benchmarks.systems import SystemSpec
from benchmarks.systems.arrow import open_system
from benchmarks.workload import ChangeFile

SPEC = SystemSpec("memory", "ours, Arrow", "arrow")


class MemoryCycles(NamedTuple):
    """Bytes.

    Attributes:
        before: resident before the cycles, after one of a small table: what interpreter and libraries take.
        peaks: the greatest resident size during each cycle.
    """

    before: int
    peaks: tuple[int, ...]
    measured: tuple[Measured, ...]


def load_tables(place: Place, paths: dict[int, list[Path]]) -> None:
    """Make a table of each number of rows."""
    system = open_system(SPEC, place)
    for rows, of_table in paths.items():
        system.load(SPEC.table(rows), of_table)()


def measure_memory(place: Place, small: tuple[int, ChangeFile], large: tuple[int, list[ChangeFile]]) -> MemoryCycles:
    """Apply a file to the small table, then, measured, every file to the large one."""
    system = open_system(SPEC, place)
    meter = Meter(place.emulator.pid, place.request_log, system.requests)
    rows, file = small
    system.change(SPEC.table(rows), file)()
    rows, files = large
    before, peaks, measured = reset_peak(), [], []
    for file in files:
        work = system.change(SPEC.table(rows), file)
        reset_peak()
        measured.append(meter.measure(work))
        peaks.append(peak())
    return MemoryCycles(before, tuple(peaks), tuple(measured))
