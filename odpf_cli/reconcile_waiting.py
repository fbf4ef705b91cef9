"""Keys of rows that are on their way to a table: in files that wait, in files and rows that are in quarantine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from odpf.landed_file import LandedFile
from odpf.order import OrderPosition
from odpf.ports import ObjectStore
from odpf.states import Explanation
from odpf.table_config import TableConfig
from odpf_cli.files import waiting
from odpf_cli.quarantine_contents import Quarantine
from odpf_cli.table_status import complete_through
from reconciliation.canonical import key_id
from reconciliation.comparison import RowsOnTheWay
from reconciliation.forms import Pairing
from reconciliation.statements import is_integer_key

_ROWS_AT_ONCE = 65_536


class OnTheWay:
    """What the trackers know of one table; of files that were read once the keys that are wanted are remembered.

    Args:
        quarantine: of the deployment.
        config: of the table.
        pairs: its columns, of which the key's tell rows apart.
        milliseconds: whether moments are compared to the millisecond.
    """

    def __init__(
        self, quarantine: Quarantine, config: TableConfig, pairs: Pairing, *, milliseconds: bool = False
    ) -> None:
        self._quarantine, self._config, self._pairs = quarantine, config, pairs
        self._milliseconds, self._integer = milliseconds, is_integer_key(pairs)
        self._prefixes = "", config.before_image_prefix.lower()
        self._wanted: frozenset[str] = frozenset()
        self._read: dict[str, frozenset[str]] = {}

    def keys(self, wanted: Collection[str]) -> Mapping[str, Explanation]:
        """Why keys differ, of those that are wanted; a file that cannot be read explains nothing."""
        if not self._wanted.issuperset(wanted):
            self._wanted, self._read = frozenset(wanted), {}
        name = self._config.source_table_name
        contents = self._quarantine.contents(name)
        found: dict[str, Explanation] = {}
        for batch in contents.batches:
            for row in self._quarantine.rows_of(batch):
                values = {str(column).lower(): [value] for column, value in row.values.items()}
                found |= dict.fromkeys(self._wanted_of(values), Explanation.QUARANTINED)
        for record in contents.files:
            found |= dict.fromkeys(self._of_file(record.file), Explanation.QUARANTINED)
        for file in waiting(self._quarantine.tracker, name):
            found |= dict.fromkeys(self._of_file(file), Explanation.PENDING)
        return found

    def rows(self) -> RowsOnTheWay:
        """How many rows wait or are in quarantine."""
        objects, name = self._quarantine.objects, self._config.source_table_name
        contents = self._quarantine.contents(name)
        pending, unread = rows_of(objects, waiting(self._quarantine.tracker, name))
        quarantined, broken = rows_of(objects, (record.file for record in contents.files))
        quarantined += sum(batch.rows or 0 for batch in contents.batches)
        uncounted = sum(batch.rows is None for batch in contents.batches)
        rows = {Explanation.PENDING: pending, Explanation.QUARANTINED: quarantined}
        return RowsOnTheWay(rows, unread + broken + uncounted)

    def complete_through(self) -> OrderPosition | None:
        """How far the lake has everything."""
        state = self._quarantine.ledger.state(self._config.raw_table)
        reached = OrderPosition.parse(state.high_water_mark) if state and state.high_water_mark else None
        return complete_through(reached, self._quarantine.tracker.quarantined(self._config.source_table_name))

    def _of_file(self, file: LandedFile) -> frozenset[str]:
        if file.file_id not in self._read:
            keys: set[str] = set()
            with suppress(
                OSError, pa.ArrowException
            ):  # it may be gone by now, or be no Parquet: that is why it is quarantined
                for values in self._values(file):
                    keys.update(self._wanted_of(values))
            self._read[file.file_id] = frozenset(keys)
        return self._read[file.file_id]

    def _values(self, file: LandedFile) -> Iterator[dict[str, list[Any]]]:
        """The key's columns and their before images, some rows at a time."""
        wanted = {prefix + pair.lake.name for pair in self._pairs.keys for prefix in self._prefixes}
        with self._quarantine.objects.open(file.bucket, file.key)[0] as reader:
            parquet = pq.ParquetFile(reader, coerce_int96_timestamp_unit="us")
            names = [name for name in parquet.schema_arrow.names if name.lower() in wanted]
            for batch in parquet.iter_batches(_ROWS_AT_ONCE, columns=names):
                yield {name.lower(): _plain(batch.column(name)) for name in names}

    def _wanted_of(self, columns: Mapping[str, list[Any]]) -> Iterator[str]:
        """Keys of rows, and those that rows had before their keys were changed."""
        for prefix in self._prefixes:
            names = [prefix + pair.lake.name for pair in self._pairs.keys]
            if all(name in columns for name in names):
                for values in zip(*(columns[name] for name in names), strict=True):
                    if None not in values and (key := self._key(values)) in self._wanted:
                        yield key

    def _key(self, values: tuple[Any, ...]) -> str:
        """The key of some values; empty where one is none of its type, which it was quarantined for."""
        spelled = zip(values, (pair.form for pair in self._pairs.keys), strict=True)
        with suppress(ValueError, TypeError, ArithmeticError):
            return key_id(spelled, integer=self._integer, milliseconds=self._milliseconds)
        return ""


def _plain(column: pa.Array) -> list[Any]:
    """Values in Python, which knows no nanoseconds."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    values: list[Any] = column.to_pylist()
    return values


def rows_of(objects: ObjectStore, files: Iterable[LandedFile]) -> tuple[int, int]:
    """Rows of files, by their footers, and how many have no footer that can be read."""
    rows = unread = 0
    for file in files:
        try:
            with objects.open(file.bucket, file.key)[0] as reader:
                rows += pq.ParquetFile(reader).metadata.num_rows
        except (OSError, pa.ArrowException):
            unread += 1
    return rows, unread
