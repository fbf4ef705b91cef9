"""The reference demonstration as a source: 18 tables of taxi trips, a full load, and the extended tests.

    writer = TaskWriter(settings=REFERENCE_ENDPOINT, mappings=REFERENCE_MAPPINGS, target=..., bucket="odpf-staging")
    source = TaxiSource(seed=1, tables=18, rows=10_000)
    for file in source.full_load(writer): ...         # one table after the other, written as it is asked for
    for file in source.extended_changes(writer): ...
    source.expected()["taxi_trips.table_2"]           # ExpectedTable(loaded=10000, rows=10000, updated=75, ...)

The same seed, tables, rows and file give the same rows; nothing is kept in memory between tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from odpf.clock import utc_now
from odpf_local.dms.sequence import ChangeSequence
from odpf_local.dms.shape import Changes, Column, Shape
from odpf_local.dms.trips import KEY, generate_trips, read_trips, with_key
from odpf_local.dms.writer import TaskWriter, WrittenFile

SCHEMA = "taxi_trips"
TABLES = 18
UPDATED_FEE = 25.0
_INSERTED, _CHANGED, _AT_LEAST = 0.015, 0.0075, 50
_ONE_KEY_OPERATIONS = (("I", 50.0), ("U", 60.0), ("U", 70.0), ("D", 70.0), ("I", 80.0), ("U", 100.0))


class ValueCheck(NamedTuple):
    """How many rows have this value in this column; with a key, only that row is looked at."""

    column: str
    value: float
    rows: int
    key: int | None = None


@dataclass(frozen=True)
class ExpectedTable:
    """What the lake must hold of a table: what was loaded, what changes did, how many rows are left."""

    loaded: int = 0
    rows: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    checks: tuple[ValueCheck, ...] = ()


class _Images(NamedTuple):
    """Rows after their change (before it for a D), and before it."""

    rows: pa.Table
    before: pa.Table | None = None


_Plan: TypeAlias = tuple[list[str], _Images, ExpectedTable]


class TaxiSource:
    """Tables `taxi_trips.table_1` to `table_<tables>`, each of `rows` trips with keys 1 to `rows`.

    Args:
        rows: rows of each table; fewer if `parquet_file` has fewer.
        parquet_file: a real `yellow_tripdata_*.parquet` to take the rows from instead of generating them.

    Raises:
        InvalidTripFile: the file has no such trips.
    """

    def __init__(
        self, seed: int = 1, tables: int = TABLES, rows: int = 10_000, parquet_file: Path | None = None
    ) -> None:
        self._seed = seed
        self._tables = tables
        self._file = None if parquet_file is None else read_trips(parquet_file, rows)
        self.rows = rows if self._file is None else self._file.num_rows
        self._expected: dict[str, ExpectedTable] = {}

    @property
    def table_names(self) -> tuple[str, ...]:
        """Source table names in order, `taxi_trips.table_1` first."""
        return tuple(f"{SCHEMA}.table_{number}" for number in range(1, self._tables + 1))

    def expected(self) -> dict[str, ExpectedTable]:
        """What the lake must hold once everything written so far is applied, by source table name."""
        return dict(self._expected)

    def trips(self, number: int) -> pa.Table:
        """All rows of `table_<number>` before any change."""
        trips = generate_trips(self._random(number), self.rows) if self._file is None else self._file
        return with_key(trips, 1)

    def full_load(self, writer: TaskWriter) -> Iterator[WrittenFile]:
        """Write every table's full load, table by table."""
        for number, name in enumerate(self.table_names, 1):
            trips = self.trips(number)
            self._expected[name] = ExpectedTable(loaded=trips.num_rows, rows=trips.num_rows)
            yield from writer.full_load(_shape(number, trips), [trips])

    def extended_changes(self, writer: TaskWriter, committed_at: datetime | None = None) -> Iterator[WrittenFile]:
        """Write the extended tests, as far as their tables exist.

        1.5 % inserts into table_1, 0.75 % updates in table_2 (airport_fee = 25), 0.75 % deletes from table_3, each at
        least 50 (or all rows there are); in table_10 one new key that lives through I 50, U 60, U 70, D, I 80, U 100
        (total_amount), six transactions with one commit time.
        """
        moment = committed_at or utc_now()
        sequence = ChangeSequence()
        for number, plan in ((1, self._inserts), (2, self._updates), (3, self._deletes), (10, self._one_key)):
            if number <= self._tables:
                operations, images, expected = plan(number)
                self._expected[f"{SCHEMA}.table_{number}"] = expected
                changes = _changes(_shape(number, images.rows), operations, images, sequence, moment)
                yield from writer.changes(changes)

    def _random(self, number: int, purpose: int = 0) -> np.random.Generator:
        return np.random.default_rng([self._seed, number, purpose])

    def _some(self, number: int, share: float) -> tuple[pa.Table, pa.Table]:
        """All rows of a table, and some of them."""
        trips = self.trips(number)
        count = min(self.rows, _scaled(self.rows, share))
        return trips, trips.take(pa.array(np.sort(self._random(number, 1).choice(self.rows, count, replace=False))))

    def _inserts(self, number: int) -> _Plan:
        count = _scaled(self.rows, _INSERTED)
        new = generate_trips(self._random(number, 1), count)
        if self._file is not None:
            new = self._file.take(pa.array(self._random(number, 1).integers(0, self.rows, count)))
        rows = with_key(new, self.rows + 1)
        expected = ExpectedTable(loaded=self.rows, rows=self.rows + count, inserted=count)
        return ["I"] * count, _Images(rows), expected

    def _updates(self, number: int) -> _Plan:
        trips, before = self._some(number, _CHANGED)
        rows = _with_value(before, "airport_fee", UPDATED_FEE)
        others = _having(trips, "airport_fee", UPDATED_FEE) - _having(before, "airport_fee", UPDATED_FEE)
        check = ValueCheck("airport_fee", UPDATED_FEE, others + len(rows))
        expected = ExpectedTable(loaded=self.rows, rows=self.rows, updated=len(rows), checks=(check,))
        return ["U"] * len(rows), _Images(rows, before), expected

    def _deletes(self, number: int) -> _Plan:
        _, before = self._some(number, _CHANGED)
        expected = ExpectedTable(loaded=self.rows, rows=self.rows - len(before), deleted=len(before))
        return ["D"] * len(before), _Images(before, before), expected

    def _one_key(self, number: int) -> _Plan:
        key = self.rows + 1
        new = with_key(self.trips(number).drop_columns([KEY]).slice(0, 1), key)
        states = [_with_value(new, "total_amount", value) for _, value in _ONE_KEY_OPERATIONS]
        operations = [operation for operation, _ in _ONE_KEY_OPERATIONS]
        check = ValueCheck("total_amount", _ONE_KEY_OPERATIONS[-1][1], 1, key)
        expected = ExpectedTable(loaded=self.rows, rows=self.rows + 1, inserted=1, checks=(check,))
        return operations, _Images(pa.concat_tables(states)), expected


def _scaled(rows: int, share: float) -> int:
    return max(_AT_LEAST, round(rows * share))


def _shape(number: int, rows: pa.Table) -> Shape:
    columns = tuple(Column(field.name, field.type, key=field.name == KEY) for field in rows.schema)
    return Shape(SCHEMA, f"table_{number}", columns)


def _changes(shape: Shape, operations: list[str], images: _Images, sequence: ChangeSequence, at: datetime) -> Changes:
    sequences = sequence.for_all([at] * len(operations))
    return Changes(
        shape=shape,
        operations=pa.array(operations, pa.string()),
        sequences=pa.array(sequences, pa.string()),
        committed_at=pa.array([at] * len(operations), pa.timestamp("us", "UTC")),
        positions=pa.array([f"taxi.000001:{text[-10:]}" for text in sequences], pa.string()),
        rows=images.rows,
        before=images.before,
    )


def _with_value(rows: pa.Table, column: str, value: float) -> pa.Table:
    place = rows.schema.get_field_index(column)
    field = rows.schema.field(place)
    return rows.set_column(place, field, pa.repeat(pa.scalar(value).cast(field.type), len(rows)))


def _having(rows: pa.Table, column: str, value: float) -> int:
    return int(pc.sum(pc.equal(rows[column], value).cast(pa.int64())).as_py() or 0)
