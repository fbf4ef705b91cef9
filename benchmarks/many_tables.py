"""Many small tables in one process: how many a second, with how many threads."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.checking import difference
from benchmarks.measuring import Measured, Meter
from benchmarks.places import Place
from benchmarks.systems import Stores, SystemSpec, WrongResult
from benchmarks.systems.arrow import open_system
from benchmarks.systems.ours import Ours, check_rows
from benchmarks.worker import in_process
from benchmarks.workload import ChangeFile, Source
from odpf.audit import AuditRow
from odpf.states import EngineName

SPECS = (
    SystemSpec("tables memory", "stores in memory, local files", "arrow", stores=Stores.MEMORY),
    SystemSpec("tables HTTP", "ledger, audit and catalog over HTTP, local files", "arrow"),
)


class ManyTables(NamedTuple):
    """What is measured: `runs` job runs over all tables for every number of threads, after one that does not count."""

    tables: int
    rows: int
    changes: int
    threads: tuple[int, ...]
    runs: int


class Throughput(NamedTuple):
    """Job runs over all tables with one number of threads."""

    stores: str
    threads: int
    tables: int
    measured: tuple[Measured, ...]


def run_many_tables(spec: SystemSpec, place: Place, wanted: ManyTables) -> list[Throughput]:
    """Measure in a fresh process.

    Raises:
        WrongResult: a table was not done, or differs from its source.
    """
    return in_process(place._replace(root=place.root / spec.name), _measure, spec, wanted)


def _measure(place: Place, spec: SystemSpec, wanted: ManyTables) -> list[Throughput]:
    system = open_system(spec, place)
    meter = Meter(place.emulator.pid, place.request_log, system.requests)
    source = Source(place.root / "source", wanted.rows)
    names = [f"{spec.name}_{number}" for number in range(wanted.tables)]
    loads = source.load()
    check_rows(
        system.deployment.run({name: system.deployment.stage(name, loads) for name in names}, 4),
        EngineName.ARROW,
        wanted.tables,
    )
    measured: dict[int, list[Measured]] = {threads: [] for threads in wanted.threads}
    for run in range(1 + wanted.runs):
        first = run % len(wanted.threads)
        for threads in (*wanted.threads[first:], *wanted.threads[:first]):
            file = source.change(wanted.changes)
            found = _run(system, meter, names, file, threads)
            measured[threads] += [found] if run else []
    for name in names:
        if problem := difference(spec, place, name, source):
            raise WrongResult(problem)
    return [Throughput(spec.title, threads, wanted.tables, tuple(of)) for threads, of in measured.items()]


def _run(system: Ours, meter: Meter, names: list[str], file: ChangeFile, threads: int) -> Measured:
    """One job run that applies the same file to every table."""
    staged = {name: system.deployment.stage(name, [file.path]) for name in names}
    rows: list[AuditRow] = []
    found = meter.measure(lambda: rows.extend(system.deployment.run(staged, threads)))
    check_rows(rows, EngineName.ARROW, len(names), file.rows)
    return found
