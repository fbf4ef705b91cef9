"""How large the work on a table is, and what one invocation of the Lambda function may be given. Pure.

The same estimate packs the batches of a run and decides, in the function, whether the time that is left covers
one more table. Seconds are those of the function's size below; docs/packages.md says what was measured.
"""

from __future__ import annotations

from heapq import nlargest
from typing import NamedTuple

from file_processor.engines.engine import MOST_FILE_BYTES
from odpf.manifest import TableWork

MEMORY_MB = 2048
"""Of the function: a little more than one vCPU (1,769 MB); tables side by side wait for S3 most of the time."""
TIMEOUT_SECONDS = 900
"""Of the function: the longest that Lambda takes."""
TEMPORARY_MB = 1024
"""Of the function's /tmp."""

MOST_TABLES = 500
"""Of a batch: what `refresh_tables_batch_size` may be at most; manifest and answer stay small."""
MOST_SECONDS = TIMEOUT_SECONDS / 2
"""The other half is margin: what an estimate is wrong by, a slow service, a cold start."""
MOST_MEMORY_MB = 0.9 * MEMORY_MB
MOST_TEMPORARY_MB = 0.75 * TEMPORARY_MB

START_SECONDS = 2.0
"""Of an invocation that finds no warm environment: package, imports, clients."""
SECONDS_PER_TABLE = 0.10
"""Wall seconds that one more table adds to a batch over S3, tables being worked on side by side."""
SECONDS_PER_CHANGED_MB = 0.10
"""Fetch, decode, order and reduce landed files, a million rows of 20 columns being about 100 MB."""
SECONDS_PER_TABLE_MB = 0.06
"""Fetch, search, rewrite and put the table's data files, all of them in the worst case."""

RESTING_MB = 200.0
"""Python, boto3's clients and pyarrow before the first table: 122 MB measured."""
MEMORY_PER_CHANGED_MB = 10.0
"""Landed files are compressed; decoded, ordered and reduced they stand in memory more than once."""
MEMORY_PER_GROUP_MB = 8.0
"""Of one file group: data files are read and written in row groups. 45 MB of one took 358 MB, 179 MB of two 363 MB."""

MEGABYTE = 1024 * 1024


class WorkSize(NamedTuple):
    """One table: seconds that it adds to a batch, and megabytes while it is worked on."""

    seconds: float
    memory_mb: float
    temporary_mb: float


class BatchSize(NamedTuple):
    """The tables of one invocation.

    Attributes:
        tables, seconds: so far.
        memory_mb, temporary_mb: of those tables that need most, as many as are worked on side by side.
    """

    tables: int = 0
    seconds: float = START_SECONDS
    memory_mb: tuple[float, ...] = ()
    temporary_mb: tuple[float, ...] = ()

    def plus(self, size: WorkSize, side_by_side: int) -> BatchSize:
        """The batch with one table more, of which so many are worked on at once."""
        return BatchSize(
            self.tables + 1,
            self.seconds + size.seconds,
            tuple(nlargest(side_by_side, (*self.memory_mb, size.memory_mb))),
            tuple(nlargest(side_by_side, (*self.temporary_mb, size.temporary_mb))),
        )

    @property
    def fits(self) -> bool:
        """Whether an invocation may be given it."""
        return (
            self.tables <= MOST_TABLES
            and self.seconds <= MOST_SECONDS
            and RESTING_MB + sum(self.memory_mb) <= MOST_MEMORY_MB
            and sum(self.temporary_mb) <= MOST_TEMPORARY_MB
        )


def work_size(work: TableWork) -> WorkSize | None:
    """What a table will take by the Arrow engine; None when nobody knows how large the table is."""
    if work.table_bytes is None:
        return None
    changed = sum(file.size for file in work.inputs) / MEGABYTE
    stored = work.table_bytes / MEGABYTE
    return WorkSize(
        seconds=work.pace * (SECONDS_PER_TABLE + changed * SECONDS_PER_CHANGED_MB + stored * SECONDS_PER_TABLE_MB),
        memory_mb=changed * MEMORY_PER_CHANGED_MB + min(stored, MOST_FILE_BYTES / MEGABYTE) * MEMORY_PER_GROUP_MB,
        temporary_mb=changed + stored,
    )
