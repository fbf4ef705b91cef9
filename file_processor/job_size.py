"""How large the job run of a table batch is: workers from the bytes that Spark moves, within the cadence's limits. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from file_processor.expected import spark_bytes
from odpf.manifest import TableWork
from odpf.table_config import CadenceConfig

FEWEST_WORKERS = 2
"""Of a Spark job: the driver's and one more."""
BYTES_PER_EXECUTOR = 512 * 1024 * 1024
"""Compressed, of landed files and data files: a minute or two on the four cores of G.1X, and in memory less than its ten GB."""
LARGE_BYTES = 2 * BYTES_PER_EXECUTOR
"""A table beyond has a job run of its own: others would wait for it, and pay for its workers."""


class JobSize(NamedTuple):
    """Workers of one job run, and their type."""

    workers: int
    worker_type: str


def is_large(work: TableWork) -> bool:
    """Whether a table gets a job run of its own."""
    return spark_bytes(work) > LARGE_BYTES


def job_size(tables: Iterable[TableWork], cadence: CadenceConfig) -> JobSize:
    """What the job run of these tables is started with.

    Args:
        tables: of the batch.
        cadence: says how many workers there may be at most, and of which type; of another one for a large table, where it
            names one.
    """
    works = list(tables)
    executors = -(-sum(map(spark_bytes, works)) // BYTES_PER_EXECUTOR)
    workers = min(cadence.glue_job_max_workers, max(FEWEST_WORKERS, 1 + executors))
    large = cadence.glue_job_large_worker_type if any(map(is_large, works)) else None
    return JobSize(workers, large or cadence.glue_job_worker_type)
