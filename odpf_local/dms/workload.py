"""A seeded source of small tables with everything that makes applying changes hard.

Composite, decimal, date and text keys (unicode, separators, spaces); partition values that move; several operations of
one key in a transaction; many transactions with one commit time; deletes and re-inserts; times before 1900.

    workload = Workload(seed=7)
    files = [*workload.full_load(writer), *workload.changes(writer, 5)]
    workload.rows()["workload.orders"]        # the final table as a list of dicts, for an oracle or a comparison
    workload.history()["workload.orders"]     # every change in commit order, for history tables

The rows are plain Python values under the source's column names, in key order.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa

from odpf.clock import utc_now
from odpf_local.dms.sequence import ChangeSequence
from odpf_local.dms.shape import Changes, Shape
from odpf_local.dms.workload_tables import TABLES, WorkloadTable
from odpf_local.dms.writer import TaskWriter, WrittenFile

SCHEMA = "workload"

Row = dict[str, Any]
Key = tuple[Any, ...]


class Operation(NamedTuple):
    """One change: I, U or D, the row after it (before it for a D), the row before, the transaction's commit time."""

    operation: str
    row: Row
    before: Row | None
    committed_at: datetime
    sequence: str


class Workload:
    """Small tables, transactions over them, and the truth about both.

    Args:
        rows: rows of each table at the full load.
        transactions: per change file; each has 1 to 6 operations over all tables.
        key_updates: whether updates may change the primary key, which DMS writes as a U with the new key; needs a
            mapping with before images.
        started_at: commit time of the first transaction; without it all happened just now.
    """

    def __init__(
        self,
        seed: int,
        *,
        rows: int = 100,
        transactions: int = 40,
        key_updates: bool = False,
        started_at: datetime | None = None,
    ) -> None:
        self._random = Random(seed)
        self._transactions = transactions
        self._key_updates = key_updates
        self._given_start = started_at is not None
        self._moment = started_at or datetime.min.replace(tzinfo=UTC)
        self._sequence = ChangeSequence()
        self._state: dict[str, dict[Key, Row]] = {}
        self._gone: dict[str, list[Row]] = {}
        self._history: dict[str, list[Operation]] = {}
        for table in TABLES:
            made = (table.new(self._random, number) for number in range(rows))
            self._state[table.name] = {table.key_of(row): row for row in made}
            self._gone[table.name] = []
            self._history[table.name] = []
        self._loaded = {name: list(of_key.values()) for name, of_key in self._state.items()}
        self._serial = rows

    @property
    def shapes(self) -> dict[str, Shape]:
        """The tables by source table name."""
        return {f"{SCHEMA}.{table.name}": _shape(table) for table in TABLES}

    def rows(self) -> dict[str, list[Row]]:
        """Every table as it is now, by source table name, in key order."""
        return {
            f"{SCHEMA}.{table.name}": sorted(self._state[table.name].values(), key=table.key_of) for table in TABLES
        }

    def history(self) -> dict[str, list[Operation]]:
        """Every change made so far in commit order, by source table name."""
        return {f"{SCHEMA}.{name}": list(operations) for name, operations in self._history.items()}

    def full_load(self, writer: TaskWriter, files: int = 2) -> Iterator[WrittenFile]:
        """Write the tables as they were at the start, each in so many files."""
        for table in TABLES:
            shape, loaded = _shape(table), self._loaded[table.name]
            step = max(1, -(-len(loaded) // files))
            parts = (loaded[start : start + step] for start in range(0, len(loaded), step))
            yield from writer.full_load(shape, (pa.Table.from_pylist(part, schema=shape.arrow) for part in parts))

    def changes(self, writer: TaskWriter, files: int = 1) -> Iterator[WrittenFile]:
        """Go on with transactions and write them, each table in about so many change files."""
        if not self._given_start:  # the transactions happened just now, none of them in the future
            self._moment = max(self._moment, utc_now() - timedelta(seconds=files * self._transactions))
        for _ in range(files):
            made: dict[str, list[Operation]] = {table.name: [] for table in TABLES}
            for _ in range(self._transactions):
                self._transact(made)
            for table in TABLES:
                self._history[table.name] += made[table.name]
                if made[table.name]:
                    yield from writer.changes(_changes(table, made[table.name]))

    def _transact(self, made: dict[str, list[Operation]]) -> None:
        self._moment = self._moment.replace(microsecond=0) + timedelta(seconds=self._random.choice([0, 0, 1]))
        tables = self._random.choices(TABLES, k=self._random.randint(1, 6))
        for table in tables if self._random.random() < 0.7 else tables[:1] * len(tables):  # noqa: PLR2004
            operation, row, before = self._change(table)
            made[table.name].append(
                Operation(operation, row, before, self._moment, self._sequence.following(self._moment))
            )

    def _change(self, table: WorkloadTable) -> tuple[str, Row, Row | None]:
        state, gone = self._state[table.name], self._gone[table.name]
        kind = self._random.choice("IIUUUDR") if state else "I"
        if kind == "R" and gone:  # a key that was deleted comes back
            row = table.changed(self._random, gone.pop(self._random.randrange(len(gone))))
        elif kind in "IR":
            self._serial += 1
            row = table.new(self._random, self._serial)
        else:
            return self._change_row(table, kind)
        state[table.key_of(row)] = row
        return "I", row, None

    def _change_row(self, table: WorkloadTable, kind: str) -> tuple[str, Row, Row | None]:
        state = self._state[table.name]
        # Often the row that changed last, so that one transaction and one file touch a key several times.
        keys = list(state)
        key = keys[-1] if self._random.random() < 0.3 else self._random.choice(keys)  # noqa: PLR2004
        before = state.pop(key)
        if kind == "D":
            self._gone[table.name].append(before)
            return "D", before, before
        row = table.changed(self._random, before)
        if self._key_updates and self._random.random() < 0.2:  # noqa: PLR2004
            self._serial += 1
            fresh = table.new(self._random, self._serial)
            row = {**row, **{name: fresh[name] for name in table.keys}}
        state[table.key_of(row)] = row
        return "U", row, before


def _shape(table: WorkloadTable) -> Shape:
    return Shape(SCHEMA, table.name, table.columns)


def _changes(table: WorkloadTable, operations: list[Operation]) -> Changes:
    shape = _shape(table)
    nothing: Row = dict.fromkeys(shape.arrow.names)
    return Changes(
        shape=shape,
        operations=pa.array([each.operation for each in operations], pa.string()),
        sequences=pa.array([each.sequence for each in operations], pa.string()),
        committed_at=pa.array([each.committed_at for each in operations], pa.timestamp("us", "UTC")),
        positions=pa.array([f"workload.000001:{each.sequence[-10:]}" for each in operations], pa.string()),
        rows=pa.Table.from_pylist([each.row for each in operations], schema=shape.arrow),
        before=pa.Table.from_pylist([each.before or nothing for each in operations], schema=shape.arrow),
    )
