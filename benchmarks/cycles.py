"""Table-cycles: one file of changes applied to one table, by every system in turn."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from benchmarks.checking import TableSize, difference, size_of
from benchmarks.measuring import Measured
from benchmarks.places import Place
from benchmarks.systems import SystemSpec
from benchmarks.worker import Answer, Failed, Worker
from benchmarks.workload import ChangeFile, Source

Tell = Callable[[str], None]

_WARM_UP_ROWS, _WARM_UP_CHANGES = 999, 1_000


class Sizes(NamedTuple):
    """What is measured.

    Attributes:
        rows: of the tables.
        changes: of the files, for each table; no more than ten for a row.
        large_changes: likewise, for tables with at least `large` rows.
        warm_ups: cycles of a table of their own before everything, until the JVM has compiled what it compiles.
        runs: cycles that count, after one that does not.
        runs_of_large: of tables with at least `large` rows.
    """

    rows: tuple[int, ...]
    changes: tuple[int, ...]
    warm_ups: int
    runs: int
    runs_of_large: int
    large: int = 1_000_000
    large_changes: tuple[int, ...] = (1_000,)

    def runs_of(self, rows: int) -> int:
        """How many cycles count."""
        return self.runs_of_large if rows >= self.large else self.runs

    def changes_of(self, rows: int) -> list[int]:
        """How many changes the files of such a table have."""
        chosen = self.large_changes if rows >= self.large else self.changes
        return [changes for changes in chosen if changes <= 10 * rows]


@dataclass
class Series:
    """The cycles of one system with one size of table and file, no changes being the load; with an error they have no time."""

    system: str
    rows: int
    changes: int
    file_bytes: int = 0
    size: TableSize | None = None
    measured: list[Measured] = field(default_factory=list)
    error: str | None = None


def run_cycles(
    specs: Sequence[SystemSpec], place: Place, sizes: Sizes, tell: Tell, *, keep: bool = False
) -> list[Series]:
    """Measure, interleaved: in every round each system applies the same file, another one being the first.

    Args:
        specs: the systems.
        place: `place.root` gets a folder for each of them.
        sizes: what is measured.
        tell: gets a line per piece of work.
        keep: leave files and tables where they are.
    """
    found: list[Series] = []
    if not specs:  # none of the systems that were asked for belongs to this part
        return found
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(spec, place_of(spec, place))) for spec in specs]
        warm_up = Sizes((), (_WARM_UP_CHANGES,), 0, sizes.warm_ups, 0)
        _of_table(workers, place, _WARM_UP_ROWS, warm_up, tell)
        for rows in sizes.rows:
            found += _of_table(workers, place, rows, sizes, tell)
            if not keep:
                _clear(specs, place)
    return found


def place_of(spec: SystemSpec, place: Place) -> Place:
    """A system's own folder."""
    return place._replace(root=place.root / spec.name)


def _of_table(workers: Sequence[Worker], place: Place, rows: int, sizes: Sizes, tell: Tell) -> list[Series]:
    source = Source(place.root / "source", rows)
    paths = source.load()
    broken: dict[str, str] = {}
    found: list[Series] = []
    for worker in workers:
        answer = worker.load(worker.spec.table(rows), paths)
        _note(worker, answer, broken, tell, f"load {rows:,}")
        measured = [answer] if isinstance(answer, Measured) else []
        load = Series(worker.spec.id, rows, 0, sum(path.stat().st_size for path in paths), None, measured)
        found.append(replace(load, error=broken.get(worker.spec.id)))
    for changes in sizes.changes_of(rows):
        series = {worker.spec.id: Series(worker.spec.id, rows, changes) for worker in workers}
        for number in range(1 + sizes.runs_of(rows)):
            _round(workers, source.change(changes), rows, number, series, broken, tell)
        for worker in workers:
            _check(worker.spec, place, source, series[worker.spec.id], broken, tell)
        found += series.values()
    return found


def _round(
    workers: Sequence[Worker],
    file: ChangeFile,
    rows: int,
    number: int,
    series: dict[str, Series],
    broken: dict[str, str],
    tell: Tell,
) -> None:
    """Every system once; the first round warms them up."""
    first = number % len(workers)
    for worker in (*workers[first:], *workers[:first]):
        if worker.spec.id in broken:
            continue
        answer = worker.change(worker.spec.table(rows), file)
        _note(worker, answer, broken, tell, f"{rows:,} rows, {file.rows:,} changes, {number or 'warm-up'}")
        own = series[worker.spec.id]
        own.file_bytes = file.path.stat().st_size
        if number and isinstance(answer, Measured):
            own.measured.append(answer)


def _note(worker: Worker, answer: Answer, broken: dict[str, str], tell: Tell, doing: str) -> None:
    if isinstance(answer, Failed):
        broken[worker.spec.id] = answer.error
        tell(f"{worker.spec.id}: {doing}: failed: {answer.error}")
    else:
        tell(f"{worker.spec.id}: {doing}: {answer.cpu_seconds:.3f} CPU s, {answer.wall_seconds:.3f} s")


def _check(spec: SystemSpec, place: Place, source: Source, series: Series, broken: dict[str, str], tell: Tell) -> None:
    """Compare the table with its source; one that differs has no time, now and later."""
    own, table = place_of(spec, place), spec.table(series.rows)
    if spec.id not in broken:
        try:
            problem = difference(spec, own, table, source)
            series.size = None if spec.in_s3 else size_of(spec, own, table)
        except Exception as error:  # noqa: BLE001  a table that cannot be read is wrong
            problem = f"{table} cannot be read: {error!r}"
        if problem:
            tell(f"{spec.id}: {problem}")
            broken[spec.id] = problem
    if spec.id in broken:
        series.error = broken[spec.id]
        series.measured.clear()


def _clear(specs: Sequence[SystemSpec], place: Place) -> None:
    """Remove source and tables; a system's folder for Spark's configuration stays."""
    shutil.rmtree(place.root / "source", ignore_errors=True)
    for spec in specs:
        for bucket in place_of(spec, place).root.glob("bench-*"):
            for folder in bucket.iterdir():
                shutil.rmtree(folder)
