"""Pack the tables of a run into batches, and say where each batch is processed. Pure.

A table batch of Glue is bounded by the cadence's `refresh_tables_batch_size` and has as much to do as the others, by the time
that its tables are expected to take (`expected`); one of Lambda is bounded by what an invocation may be given (`work_size`).
Large tables in job runs of their own come first, as others would wait for them at the end; then batches of Lambda; so that two
numbers tell the three kinds apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from types import MappingProxyType
from typing import NamedTuple

from file_processor.compute_price import JOB_START_SECONDS, invocation_price, job_run_price
from file_processor.expected import expected_seconds
from file_processor.job_size import JobSize, is_large, job_size
from file_processor.work_size import START_SECONDS, BatchSize, WorkSize, work_size
from odpf.manifest import TableWork
from odpf.states import Compute, EngineName
from odpf.table_config import CadenceConfig

MOST_BATCHES = 1000
"""States.ArrayRange makes at most 1,000 elements; batches grow beyond the configured size before tables are left out."""
MOST_LAMBDA_BATCHES = 200
"""An execution may have 25,000 events; a batch of Lambda makes more of them than one of Glue, most when it is throttled
and invoked again. Tables beyond these batches go to Glue."""
MOST_LARGE_BATCHES = 40
"""Their sizes travel in the state; those beyond go with the others."""

SIDE_BY_SIDE = 40
"""Batches at once: what an inline Map of Step Functions takes."""
WORTH_A_START = 9 * JOB_START_SECONDS
"""Seconds of work of a batch: more batches than the cadence's size demands are made only of such, so that starts are a tenth."""

DIVIDED_BY = 4
MOST_SUSPECTS = 100
"""Tables in batches of their own; where more died at once it was hardly one table's doing."""


class Batch(NamedTuple):
    """Tables that are processed together; `size` is that of their job run, None where the cadence's limits are taken."""

    compute: Compute
    tables: tuple[TableWork, ...]
    size: JobSize | None = None


class Packed(NamedTuple):
    """The batches of a run, by kind."""

    large: tuple[Batch, ...] = ()
    of_lambda: tuple[Batch, ...] = ()
    shared: tuple[Batch, ...] = ()

    @property
    def batches(self) -> tuple[Batch, ...]:
        """All, in the order of their numbers."""
        return self.large + self.of_lambda + self.shared


def pack(
    cadence: CadenceConfig,
    work: Iterable[TableWork],
    *,
    held: Collection[str] = (),
    side_by_side: int = 1,
    died: Mapping[str, int] = MappingProxyType({}),
) -> Packed:
    """All tables in batches, in each the longest work first.

    Args:
        cadence: says where to process, and how large batches and job runs of Glue are.
        work: tables with their planned engines.
        held: raw tables whose owner may have to be outwaited or stopped, which only a job run does.
        side_by_side: tables that an invocation works on at once.
        died: how many attempts of raw tables have failed, the last one with the death of its process. One table may take
            its whole batch with it again and again, so batches of such tables get smaller with every attempt, and from the
            second on they are Glue's, which has the memory.
    """
    tables = sorted(work, key=lambda table: (-expected_seconds(table), table.config.raw_table))
    barred = {*held, *(raw_table for raw_table, attempts in died.items() if attempts > 1)}
    small = () if cadence.compute == "glue" else _lambda_batches(tables, barred, side_by_side)
    if cadence.compute == "auto" and not _is_cheaper(small, tables, cadence):
        small = ()
    rest = _without(tables, small)
    suspects = [table for table in rest if table.config.raw_table in died][:MOST_SUSPECTS]
    divided = tuple(_divided(suspects, died, cadence))
    rest = _without(rest, divided)
    large = tuple(_glue([table], cadence) for table in [t for t in rest if is_large(t)][:MOST_LARGE_BATCHES])
    shared = _glue_batches(
        _without(rest, large), cadence, MOST_BATCHES - len(small) - len(divided) - len(large), len(large)
    )
    return Packed(large, small, divided + shared)


def _divided(tables: Iterable[TableWork], died: Mapping[str, int], cadence: CadenceConfig) -> Iterator[Batch]:
    """Tables whose last job run died: those of as many attempts together, in batches that attempts make smaller."""
    by_attempts: dict[int, list[TableWork]] = {}
    for table in tables:
        by_attempts.setdefault(died[table.config.raw_table], []).append(table)
    for attempts, same in sorted(by_attempts.items()):
        size = max(1, cadence.refresh_tables_batch_size // DIVIDED_BY**attempts)
        for start in range(0, len(same), size):
            yield _glue(same[start : start + size], cadence)


def _lambda_batches(tables: Iterable[TableWork], held: Collection[str], side_by_side: int) -> tuple[Batch, ...]:
    """Each table that may go to Lambda in the first batch that has room for it, if any has."""
    packed: list[tuple[BatchSize, list[TableWork]]] = []
    for table in tables:
        size = work_size(table)
        if table.engine is EngineName.ARROW and table.config.raw_table not in held and size is not None:
            _put(packed, table, size, side_by_side)
    return tuple(Batch(Compute.LAMBDA, tuple(batch)) for _, batch in packed)


def _put(packed: list[tuple[BatchSize, list[TableWork]]], table: TableWork, size: WorkSize, side_by_side: int) -> None:
    for number, (filled, batch) in enumerate(packed):
        if (fuller := filled.plus(size, side_by_side)).fits:
            packed[number] = (fuller, [*batch, table])
            return
    alone = BatchSize().plus(size, side_by_side)
    if alone.fits and len(packed) < MOST_LAMBDA_BATCHES:
        packed.append((alone, [table]))


def _glue_batches(tables: Sequence[TableWork], cadence: CadenceConfig, most: int, beside: int = 0) -> tuple[Batch, ...]:
    """Batches of about the same time: each table, the longest first, in the batch that has least to do and room for it.

    Args:
        tables: the longest first.
        cadence: says how many tables a batch may have.
        most: batches there may be; they grow beyond the cadence's size before tables are left out.
        beside: batches that run at the same time.
    """
    if not tables:
        return ()
    size = max(cadence.refresh_tables_batch_size, -(-len(tables) // most))
    count = min(most, len(tables), _how_many(sum(map(expected_seconds, tables)), -(-len(tables) // size), beside))
    batches: list[list[TableWork]] = [[] for _ in range(count)]
    open_ = [(0.0, number) for number in range(count)]
    heapify(open_)
    for table in tables:
        seconds, number = heappop(open_)
        batches[number].append(table)
        if len(batches[number]) < size:
            heappush(open_, (seconds + expected_seconds(table), number))
    batches.sort(key=lambda batch: -_seconds(batch))
    return tuple(_glue(batch, cadence) for batch in batches)


def _how_many(seconds: float, least: int, beside: int) -> int:
    """Batches for so much work: few, as each has to be started; but none may be left over for a last round of its own.

    Args:
        seconds: of all tables.
        least: so many the cadence's size demands.
        beside: batches that take part of the first round.
    """
    free = max(1, SIDE_BY_SIDE - beside)
    if least <= free:
        return max(least, min(free, int(seconds / WORTH_A_START)))
    return free + -(-(least - free) // SIDE_BY_SIDE) * SIDE_BY_SIDE


def _glue(tables: Sequence[TableWork], cadence: CadenceConfig) -> Batch:
    return Batch(Compute.GLUE, tuple(tables), job_size(tables, cadence))


def _is_cheaper(small: Sequence[Batch], tables: Sequence[TableWork], cadence: CadenceConfig) -> bool:
    """Whether batches on Lambda cost less than the job runs, or the parts of job runs, that they spare."""
    every = _glue_price(_glue_batches(tables, cadence, MOST_BATCHES), cadence)
    rest = _glue_price(_glue_batches(_without(tables, small), cadence, MOST_BATCHES - len(small)), cadence)
    return sum(map(_invocation_price, small)) < every - rest


def _invocation_price(batch: Batch) -> float:
    sizes = filter(None, map(work_size, batch.tables))
    return invocation_price(START_SECONDS + sum(size.seconds for size in sizes))


def _glue_price(batches: Iterable[Batch], cadence: CadenceConfig) -> float:
    return sum(job_run_price(_seconds(batch.tables), job_size(batch.tables, cadence)) for batch in batches)


def _seconds(tables: Iterable[TableWork]) -> float:
    return sum(map(expected_seconds, tables))


def _without(tables: Iterable[TableWork], batches: Iterable[Batch]) -> list[TableWork]:
    taken = {table.config.raw_table for batch in batches for table in batch.tables}
    return [table for table in tables if table.config.raw_table not in taken]
