"""How long the work on a table is expected to take in a job run, and what the job run needs for it. Pure.

A rough law from bytes, corrected by the table's own pace: how long its last runs took beside what the law said of them. The pace
stands in the table's state, which a plan reads anyway, so that no plan has to read an audit history (benchmarks.md, C4).

Seconds are those that a table adds to a job run of the fewest workers, in which tables are worked on side by side;
docs/performance.md has the measurements.
"""

from __future__ import annotations

from file_processor.work_size import MEGABYTE, work_size
from odpf.manifest import TableWork
from odpf.states import DmsFileType, EngineName

_SPARK_SECONDS = 1.0
"""What a small table adds."""
_PER_CHANGED_MB = 0.5
"""Read, order, reduce and upsert changes: two CPU seconds on an executor's four cores."""
_PER_LOADED_MB = 0.1
"""A full load is written as it is."""
_PER_TABLE_MB = 0.15
"""Search the table's data files for the changed keys and rewrite them."""

_WEIGHT = 0.3
"""Of the newest run in the pace."""
_SLOWEST, _FASTEST = 30.0, 1 / 30
"""A pace beyond tells of an accident, such as a machine that stood still, more than of the table."""


def expected_seconds(work: TableWork) -> float:
    """What a table adds to a job run, or to an invocation."""
    size = work_size(work) if work.engine is EngineName.ARROW else None
    return size.seconds if size else _spark_seconds(work) * work.pace


def next_pace(work: TableWork, took: float) -> float:
    """The pace after one more run; 1 is as the law says, 2 twice as slow.

    Means are geometric, so that twice as slow and twice as fast cancel out.

    Args:
        work: as planned, with the pace of the runs before.
        took: seconds that the table added to its job run.
    """
    pace: float = work.pace * (max(took, 0.001) / expected_seconds(work)) ** _WEIGHT
    return round(min(_SLOWEST, max(_FASTEST, pace)), 3)


def spark_bytes(work: TableWork) -> int:
    """Bytes that Spark has to read and write for a table, compressed; none for one that Arrow does."""
    if work.engine is not EngineName.SPARK:
        return 0
    return sum(file.size for file in work.inputs) + (work.table_bytes or 0)


def _spark_seconds(work: TableWork) -> float:
    landed = sum(file.size for file in work.inputs) / MEGABYTE
    is_load = not work.table_bytes and any(file.dms_file_type is DmsFileType.FULL for file in work.inputs)
    rate = _PER_LOADED_MB if is_load else _PER_CHANGED_MB
    return _SPARK_SECONDS + landed * rate + (work.table_bytes or 0) / MEGABYTE * _PER_TABLE_MB
