"""Keys of rows that are on their way to a table: in files that wait, in files and rows that are in quarantine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
from reconciliation.forms import Pairing
from reconciliation.statements import is_integer_key


class OnTheWay:
    """What the trackers know of one table; files that were read once are remembered."""

    def __init__(self, quarantine: Quarantine, config: TableConfig) -> None:
        self._quarantine, self._config = quarantine, config
        self._read: dict[str, frozenset[str]] = {}

    def keys(self, pairs: Pairing) -> Mapping[str, Explanation]:
        """Why keys differ, by key; a file that cannot be read explains nothing."""
        name = self._config.source_table_name
        contents = self._quarantine.contents(name)
        found: dict[str, Explanation] = {}
        for batch in contents.batches:
            for row in self._quarantine.rows_of(batch):
                for key in _of_values(
                    {str(k).lower(): [v] for k, v in row.values.items()}, pairs, self._config.before_image_prefix
                ):
                    found[key] = Explanation.QUARANTINED
        for record in contents.files:
            found |= dict.fromkeys(self._of_file(record.file, pairs), Explanation.QUARANTINED)
        for file in waiting(self._quarantine.tracker, name):
            found |= dict.fromkeys(self._of_file(file, pairs), Explanation.PENDING)
        return found

    def complete_through(self) -> OrderPosition | None:
        """How far the lake has everything."""
        state = self._quarantine.ledger.state(self._config.raw_table)
        reached = OrderPosition.parse(state.high_water_mark) if state and state.high_water_mark else None
        return complete_through(reached, self._quarantine.tracker.quarantined(self._config.source_table_name))

    def _of_file(self, file: LandedFile, pairs: Pairing) -> frozenset[str]:
        if file.file_id not in self._read:
            keys: frozenset[str] = frozenset()
            with suppress(
                OSError, pa.ArrowException
            ):  # it may be gone by now, or be no Parquet: that is why it is quarantined
                prefix = self._config.before_image_prefix
                keys = frozenset(_of_values(_columns(self._quarantine.objects, file, pairs, prefix), pairs, prefix))
            self._read[file.file_id] = keys
        return self._read[file.file_id]


def _columns(objects: ObjectStore, file: LandedFile, pairs: Pairing, prefix: str) -> dict[str, list[Any]]:
    wanted = {name for pair in pairs.keys for name in (pair.lake.name, prefix.lower() + pair.lake.name)}
    with objects.open(file.bucket, file.key)[0] as reader:
        parquet = pq.ParquetFile(reader)
        names = [name for name in parquet.schema_arrow.names if name.lower() in wanted]
        read = parquet.read(columns=names)
    return {name.lower(): read.column(name).to_pylist() for name in names}


def _of_values(columns: Mapping[str, list[Any]], pairs: Pairing, prefix: str) -> Iterator[str]:
    """Keys of rows, and those that rows had before their keys were changed."""
    integer = is_integer_key(pairs)
    for before in ("", prefix.lower()):
        names = [before + pair.lake.name for pair in pairs.keys]
        if all(name in columns for name in names):
            for values in zip(*(columns[name] for name in names), strict=True):
                if None not in values:
                    with suppress(
                        ValueError, TypeError, ArithmeticError
                    ):  # a value that is none of its type was quarantined for it
                        yield key_id(zip(values, (pair.form for pair in pairs.keys), strict=True), integer=integer)


def rows_of(objects: ObjectStore, files: Iterable[LandedFile]) -> int:
    """Rows of files, by their footers."""
    rows = 0
    for file in files:
        with suppress(OSError, pa.ArrowException), objects.open(file.bucket, file.key)[0] as reader:
            rows += pq.ParquetFile(reader).metadata.num_rows
    return rows
