"""How much memory a table-cycle takes: the growth of resident memory in a process that did not load the table."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.checking import TableSize, difference, size_of
from benchmarks.memory_cycles import SPEC, MemoryCycles, load_tables, measure_memory
from benchmarks.places import Place
from benchmarks.systems import WrongResult
from benchmarks.worker import in_process
from benchmarks.workload import Source

_SMALL = 1_000


class Memory(NamedTuple):
    """The cycles of one table."""

    rows: int
    changes: int
    size: TableSize
    cycles: MemoryCycles


def run_memory(place: Place, rows: int, changes: int, runs: int) -> Memory:
    """Load in one process, measure in another; the source's own memory is in neither.

    Raises:
        WrongResult: a table was not done, or differs from its source.
    """
    place = place._replace(root=place.root / SPEC.name)
    small, source = Source(place.root / "small", _SMALL), Source(place.root / "source", rows)
    in_process(place, load_tables, {_SMALL: small.load(), rows: source.load()})
    files = [source.change(changes) for _ in range(runs)]
    found = in_process(place, measure_memory, (_SMALL, small.change(_SMALL // 10)), (rows, files))
    if problem := difference(SPEC, place, SPEC.table(rows), source):
        raise WrongResult(problem)
    return Memory(rows, changes, size_of(SPEC, place, SPEC.table(rows)), found)
