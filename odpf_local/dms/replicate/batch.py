"""Changes waiting to be written, and when a file is due (CdcMaxBatchInterval, CdcMinFileSize)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import pyarrow as pa

from odpf_local.dms.endpoint import EndpointSettings
from odpf_local.dms.replicate.binlog import Row, RowChange, Transaction
from odpf_local.dms.sequence import ChangeSequence
from odpf_local.dms.shape import Changes, Shape

_KILOBYTE = 1024


class _Sequenced(NamedTuple):
    change: RowChange
    sequence: str
    committed_at: datetime


class Batch:
    """Changes of complete transactions, by table and shape."""

    def __init__(self, settings: EndpointSettings) -> None:
        self._interval = timedelta(seconds=settings.cdc_max_batch_interval)
        self._size = settings.cdc_min_file_size * _KILOBYTE
        self._changes: dict[Shape, list[_Sequenced]] = {}
        self._bytes: dict[Shape, int] = {}
        self._since: datetime | None = None

    def add(self, transaction: Transaction, sequence: ChangeSequence, now: datetime) -> None:
        """Take a transaction's changes and give them their sequences."""
        for change in transaction.changes:
            sequenced = _Sequenced(change, sequence.following(transaction.committed_at), transaction.committed_at)
            self._changes.setdefault(change.shape, []).append(sequenced)
            self._bytes[change.shape] = self._bytes.get(change.shape, 0) + change.bytes
            self._since = self._since or now

    def due(self, now: datetime) -> bool:
        """Whether the oldest change has waited long enough, or a table has enough for a file."""
        waited = self._since is not None and now - self._since >= self._interval
        return waited or any(size >= self._size for size in self._bytes.values() if self._size)

    def drain(self) -> Iterator[Changes]:
        """Everything that waits, by table and shape; the batch is empty afterwards."""
        waiting, self._changes, self._bytes, self._since = self._changes, {}, {}, None
        for shape, sequenced in waiting.items():
            yield _changes(shape, sequenced)


def _changes(shape: Shape, sequenced: list[_Sequenced]) -> Changes:
    nothing: Row = (None,) * len(shape.columns)
    return Changes(
        shape=shape,
        operations=pa.array([each.change.operation for each in sequenced], pa.string()),
        sequences=pa.array([each.sequence for each in sequenced], pa.string()),
        committed_at=pa.array([each.committed_at for each in sequenced], pa.timestamp("us", "UTC")),
        positions=pa.array([each.change.position for each in sequenced], pa.string()),
        rows=_table(shape, [each.change.row for each in sequenced]),
        before=_table(shape, [each.change.before or nothing for each in sequenced]),
    )


def _table(shape: Shape, rows: list[Row]) -> pa.Table:
    values = zip(*rows, strict=True)
    arrays = [pa.array(of_column, column.type) for of_column, column in zip(values, shape.columns, strict=True)]
    return pa.table(arrays, schema=shape.arrow)
