"""What processing a batch costs on Glue and on Lambda: enough to say which of the two is cheaper. Pure.

US dollars, list prices of us-east-1; only their ratio matters, and that is nearly the same everywhere. `odpf cost`
reckons bills from a price file of its own.
"""

from __future__ import annotations

from file_processor.job_size import JobSize
from file_processor.work_size import MEMORY_MB

DPU_HOUR = 0.44
GB_SECOND = 0.0000166667
INVOCATION = 0.0000002

LEAST_JOB_SECONDS = 60.0
"""Glue bills a minute at least (AWS Glue pricing)."""
JOB_START_SECONDS = 20.0
"""Of a job run until it works on tables, billed: a Spark session and an allowance (docs/cost.md)."""


def job_run_price(table_seconds: float, size: JobSize) -> float:
    """Dollars of a job run.

    Args:
        table_seconds: wall seconds of its tables together.
        size: its workers.
    """
    seconds = max(LEAST_JOB_SECONDS, JOB_START_SECONDS + table_seconds)
    return seconds / 3600 * size.workers * _dpus(size.worker_type) * DPU_HOUR


def invocation_price(seconds: float) -> float:
    """Dollars of an invocation, its start included in the seconds."""
    return INVOCATION + seconds * MEMORY_MB / 1024 * GB_SECOND


def _dpus(worker_type: str) -> float:
    """DPUs of one worker: the figure in its type's name (G.1X has one, R.4X four)."""
    return float(worker_type.rpartition(".")[2].removesuffix("X"))
