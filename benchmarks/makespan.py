"""How long a run of thousands of tables takes beside the shortest that is possible: the real planner, simulated time.

python -m benchmarks.makespan [--tables 3000] [--batch-size 5] [--cycles 6] [--seed 1]

Bytes have heavy tails: half of the tables land some kilobytes, the largest gigabytes. How long a table really takes is the
planner's own law times a factor of the table, which the planner only knows by the pace of earlier cycles, times chance.
"""

from __future__ import annotations

import argparse
import heapq
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from file_processor.compute_price import JOB_START_SECONDS, job_run_price
from file_processor.expected import expected_seconds, next_pace
from file_processor.job_size import job_size
from file_processor.packing import SIDE_BY_SIDE, Batch
from file_processor.planning import CadenceTables, plan_run, read_cadence
from odpf.landed_file import LandedFile
from odpf.manifest import TableWork
from odpf.settings import StagingPlace
from odpf.states import Compute
from odpf.table_state import TableState

_KILOBYTE, _GIGABYTE = 1024, 1024**3
_PLACES = (StagingPlace(bucket="staging"),)
_AT = datetime(2026, 1, 31, tzinfo=UTC)
_OF_A_TABLE, _OF_CHANCE = 0.7, 0.2
"""Deviations of the logarithms of both factors: two tables of three are within twice and half of what the law says."""


class Cycle(NamedTuple):
    """One run of all tables.

    Attributes:
        makespan, bound: seconds until the last batch has ended, and the least that any packing could take.
        batches: how many there were.
        dollars: of their job runs.
    """

    makespan: float
    bound: float
    batches: int
    dollars: float

    @property
    def ratio(self) -> float:
        """1 is perfect."""
        return self.makespan / self.bound


class Simulation:
    """Tables that land files again and again.

    Args:
        tables: how many.
        batch_size: `refresh_tables_batch_size`.
        seed: of bytes and factors.
    """

    def __init__(self, tables: int, batch_size: int, seed: int) -> None:
        self._chance = random.Random(seed)
        item = {"refresh_cadence": "bench", "refresh_tables_batch_size": batch_size, "glue_job_max_workers": 20}
        self._tables: CadenceTables = read_cadence("bench", item, [_item(number) for number in range(tables)])
        names = [config.source_table_name for config in self._tables.active]
        self._factor = {name: self._chance.lognormvariate(0, _OF_A_TABLE) for name in names}
        self._landed = {name: self._bytes(40 * _KILOBYTE) for name in names}
        self._states = {
            config.raw_table: TableState(
                raw_table=config.raw_table,
                source_table_name=config.source_table_name,
                high_water_mark="000001  a 0",
                table_bytes=self._bytes(2000 * _KILOBYTE),
            )
            for config in self._tables.active
        }

    def cycle(self, *, by_count: bool = False) -> Cycle:
        """Plan and run once; `by_count` packs tables as they come, largest first, as many as a batch may have."""
        pending = {name: [_file(name, self._landed[name])] for name in self._landed}
        batches: Sequence[Batch] = plan_run(self._tables, pending, self._states).batches
        if by_count:
            batches = tuple(self._by_count([work for batch in batches for work in batch.tables]))
        took = {work.config.raw_table: self._takes(work, batch) for batch in batches for work in batch.tables}
        if not by_count:
            for batch in batches:
                self._learn(batch, took)
        lengths = [JOB_START_SECONDS + sum(took[work.config.raw_table] for work in batch.tables) for batch in batches]
        least = -(-len(took) // self._tables.cadence.refresh_tables_batch_size)
        bound = max(
            JOB_START_SECONDS + max(took.values()),
            (JOB_START_SECONDS * least + sum(took.values())) / min(SIDE_BY_SIDE, len(batches)),
        )
        dollars = sum(
            job_run_price(length - JOB_START_SECONDS, job_size(batch.tables, self._tables.cadence))
            for batch, length in zip(batches, lengths, strict=True)
        )
        return Cycle(_makespan(lengths), bound, len(batches), dollars)

    def _takes(self, work: TableWork, batch: Batch) -> float:
        """Seconds in the job run that the table is in; a large table's get shorter with its workers."""
        executors = batch.size.workers - 1 if batch.size else 1
        law = expected_seconds(work.model_copy(update={"pace": 1.0})) / executors
        return law * self._factor[work.config.source_table_name] * self._chance.lognormvariate(0, _OF_CHANCE)

    def _learn(self, batch: Batch, took: Mapping[str, float]) -> None:
        for work in batch.tables:
            raw_table = work.config.raw_table
            pace = next_pace(work, took[raw_table])
            self._states[raw_table] = self._states[raw_table].model_copy(update={"pace": pace})

    def _by_count(self, works: list[TableWork]) -> Iterator[Batch]:
        works.sort(key=lambda work: -sum(file.size for file in work.inputs))
        size = self._tables.cadence.refresh_tables_batch_size
        for at in range(0, len(works), size):
            tables = tuple(works[at : at + size])
            yield Batch(Compute.GLUE, tables, job_size(tables, self._tables.cadence))

    def _bytes(self, median: int) -> int:
        """With a tail: one of a thousand has some thousand times the median."""
        return min(8 * _GIGABYTE, int(median * self._chance.lognormvariate(0, 2.5)))


class Makespans(NamedTuple):
    """Cycles of one simulation; the first one packed by count, as before there was a better way."""

    batch_size: int
    by_count: Cycle
    cycles: tuple[Cycle, ...]


def run_makespan(tables: int, batch_size: int, cycles: int, seed: int = 1) -> Makespans:
    """Simulate so many cycles of so many tables."""
    simulation = Simulation(tables, batch_size, seed)
    by_count = simulation.cycle(by_count=True)
    return Makespans(batch_size, by_count, tuple(simulation.cycle() for _ in range(cycles)))


def _makespan(lengths: Sequence[float]) -> float:
    """Of batches that start in their order, as many at once as a Map takes."""
    free = [0.0] * SIDE_BY_SIDE
    for length in lengths:
        heapq.heappush(free, heapq.heappop(free) + length)
    return max(free)


def _item(number: int) -> dict[str, str]:
    return {
        "source_table_name": f"bench.t{number}",
        "refresh_cadence": "bench",
        "raw_database_name": "bench",
        "raw_table_name": f"t{number}",
        "hudi_primary_key": "id",
        "hudi_precombine_field": "seq",
    }


def _file(source_table: str, size: int) -> LandedFile:
    key = f"{source_table.replace('.', '/')}/20260131-000000001.parquet"
    file = LandedFile.parse(bucket="staging", key=key, etag="e", size=size, last_modified=_AT, places=_PLACES)
    assert file is not None
    return file


def main() -> int:
    """Print makespans, cycle by cycle."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.makespan")
    parser.add_argument("--tables", type=int, default=3000)
    parser.add_argument("--batch-size", type=int, default=5)
    parser.add_argument("--cycles", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    shown = Table(
        "packed by", "cycle", "batches", "makespan", "lower bound", "ratio", "dollars", title=f"{asked.tables} tables"
    )
    simulated = run_makespan(asked.tables, asked.batch_size, asked.cycles, asked.seed)
    runs = [("count", simulated.by_count), *(("time", cycle) for cycle in simulated.cycles)]
    for number, (how, found) in enumerate(runs):
        seconds = f"{found.makespan:,.0f} s", f"{found.bound:,.0f} s"
        shown.add_row(how, str(number), str(found.batches), *seconds, f"{found.ratio:.2f}", f"{found.dollars:.2f}")
    Console().print(shown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
