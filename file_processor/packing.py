"""Pack the tables of a run into batches, and say where each batch is processed. Pure.

A table batch of Glue is bounded by the cadence's `refresh_tables_batch_size`, one of Lambda by what an invocation
may be given (`work_size`). Batches of Lambda come first, so that one number tells both kinds apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from file_processor.compute_price import SPARK_SECONDS_PER_TABLE, invocation_price, job_run_price
from file_processor.work_size import START_SECONDS, BatchSize, WorkSize, work_size
from odpf.manifest import TableWork
from odpf.states import Compute, EngineName
from odpf.table_config import CadenceConfig

MOST_BATCHES = 1000
"""States.ArrayRange makes at most 1,000 elements; batches grow beyond the configured size before tables are left out."""
MOST_LAMBDA_BATCHES = 200
"""An execution may have 25,000 events; a batch of Lambda makes more of them than one of Glue, most when it is throttled
and invoked again. Tables beyond these batches go to Glue."""

DIVIDED_BY = 4
MOST_SUSPECTS = 100
"""Tables in batches of their own; where more died at once it was hardly one table's doing."""


class Batch(NamedTuple):
    """Tables that are processed together."""

    compute: Compute
    tables: tuple[TableWork, ...]


def pack(
    cadence: CadenceConfig,
    work: Iterable[TableWork],
    *,
    held: Collection[str] = (),
    side_by_side: int = 1,
    died: Mapping[str, int] = MappingProxyType({}),
) -> tuple[Batch, ...]:
    """All tables in batches, those of Lambda first, the largest tables of each kind first.

    Args:
        cadence: says where to process, and how large batches of Glue are.
        work: tables with their planned engines.
        held: raw tables whose owner may have to be outwaited or stopped, which only a job run does.
        side_by_side: tables that an invocation works on at once.
        died: how many attempts of raw tables have failed, the last one with the death of its process. One table may take
            its whole batch with it again and again, so batches of such tables get smaller with every attempt, and from the
            second on they are Glue's, which has the memory.
    """
    tables = sorted(work, key=lambda table: (-_changed(table), table.config.raw_table))
    barred = {*held, *(raw_table for raw_table, attempts in died.items() if attempts > 1)}
    small = () if cadence.compute == "glue" else _lambda_batches(tables, barred, side_by_side)
    if cadence.compute == "auto" and not _is_cheaper(small, tables, cadence):
        small = ()
    rest = _without(tables, small)
    suspects = [table for table in rest if table.config.raw_table in died][:MOST_SUSPECTS]
    divided = tuple(_divided(suspects, died, cadence))
    others = _without(rest, divided)
    return small + divided + _glue_batches(others, cadence, MOST_BATCHES - len(small) - len(divided))


def _divided(tables: Iterable[TableWork], died: Mapping[str, int], cadence: CadenceConfig) -> Iterator[Batch]:
    """Tables whose last job run died: those of as many attempts together, in batches that attempts make smaller."""
    by_attempts: dict[int, list[TableWork]] = {}
    for table in tables:
        by_attempts.setdefault(died[table.config.raw_table], []).append(table)
    for attempts, same in sorted(by_attempts.items()):
        size = max(1, cadence.refresh_tables_batch_size // DIVIDED_BY**attempts)
        for start in range(0, len(same), size):
            yield Batch(Compute.GLUE, tuple(same[start : start + size]))


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


def _glue_batches(tables: Sequence[TableWork], cadence: CadenceConfig, most: int) -> tuple[Batch, ...]:
    size = max(cadence.refresh_tables_batch_size, -(-len(tables) // most))
    starts = range(0, len(tables), size)
    return tuple(Batch(Compute.GLUE, tuple(tables[start : start + size])) for start in starts)


def _is_cheaper(small: Sequence[Batch], tables: Sequence[TableWork], cadence: CadenceConfig) -> bool:
    """Whether batches on Lambda cost less than the job runs, or the parts of job runs, that they spare."""
    every = _glue_price(_glue_batches(tables, cadence, MOST_BATCHES), cadence)
    rest = _glue_price(_glue_batches(_without(tables, small), cadence, MOST_BATCHES - len(small)), cadence)
    return sum(map(_invocation_price, small)) < every - rest


def _invocation_price(batch: Batch) -> float:
    sizes = filter(None, map(work_size, batch.tables))
    return invocation_price(START_SECONDS + sum(size.seconds for size in sizes))


def _glue_price(batches: Iterable[Batch], cadence: CadenceConfig) -> float:
    return sum(job_run_price(sum(map(_glue_seconds, batch.tables)), cadence) for batch in batches)


def _glue_seconds(table: TableWork) -> float:
    size = work_size(table) if table.engine is EngineName.ARROW else None
    return size.seconds if size else SPARK_SECONDS_PER_TABLE


def _without(tables: Iterable[TableWork], batches: Iterable[Batch]) -> list[TableWork]:
    taken = {table.config.raw_table for batch in batches for table in batch.tables}
    return [table for table in tables if table.config.raw_table not in taken]


def _changed(table: TableWork) -> int:
    return sum(file.size for file in table.inputs)
