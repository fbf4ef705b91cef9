"""A source table of 20 columns as the benchmarks tell it: its DMS files, and what a table made of them must then hold.

Every value follows from a row's key and version by arithmetic, so the expectation is two integers per row, whatever
wrote the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

KEY, VERSION, SEQUENCE, OPERATION = "id", "row_version", "change_seq", "Op"
ROWS_PER_FILE = 1_000_000
_AT_ONCE = 250_000
_SEQUENCE_START = "2026020112000000"
_INSERTED, _DELETED = 0.1, 0.1
_ABSENT = -1
_MIXERS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
_START = 1_767_225_600  # 2026-01-01, UTC
_YEAR = 365 * 86_400

Integers = npt.NDArray[np.int64]

_STATUS = [f"status {number}" for number in range(6)]
_COUNTRIES = [f"country {number}" for number in range(60)]
_CITIES = [f"city of {number:03d}" for number in range(900)]
_NAMES = [f"customer name {number:04d}" for number in range(5_000)]
_NOTES = [f"note {number:04d}: left at the door, nobody at home" for number in range(2_000)]
SPARK_SCHEMA = (
    "id bigint, row_version bigint, change_seq string, customer int, quantity int, price decimal(18,4), tax decimal(9,2), "
    "amount double, weight double, is_paid boolean, ordered_on date, updated_at timestamp, shipped_at timestamp, "
    "status string, country string, city string, name string, email string, note string, code string"
)
COLUMNS = tuple(column.split()[0] for column in SPARK_SCHEMA.replace("(18,4)", "").replace("(9,2)", "").split(", "))


def values(keys: Integers, versions: Integers) -> pa.Table:
    """The rows of these keys in these versions."""
    of = _Mixed(keys, versions)
    shipped = of.moments(11)
    return pa.table(
        {
            KEY: keys,
            VERSION: versions,
            SEQUENCE: _sequences(versions),
            "customer": of.below(1, 50_000).astype(np.int32),
            "quantity": of.below(2, 100).astype(np.int32),
            "price": _decimals(of.below(3, 20_000) * 50, 18, 4),
            "tax": _decimals(of.below(4, 9_000), 9, 2),
            "amount": of.below(5, 1_000_000) / 4,
            "weight": of.below(6, 30_000) / 8,
            "is_paid": pa.array(of.below(7, 2).astype(bool)),
            "ordered_on": pa.array((_START // 86_400 + of.below(8, 365)).astype(np.int32)).cast(pa.date32()),
            "updated_at": of.moments(10),
            "shipped_at": pc.if_else(pa.array(of.below(12, 10) == 0), None, shipped),
            "status": of.words(13, _STATUS),
            "country": of.words(14, _COUNTRIES),
            "city": of.words(15, _CITIES),
            "name": of.words(16, _NAMES),
            "email": pc.binary_join_element_wise(_text(of.below(1, 50_000)), "example.com", "@"),
            "note": pc.if_else(pa.array(of.below(17, 4) == 0), None, of.words(18, _NOTES)),
            "code": _text(of.below(19, 100_000)),
        }
    )


class ChangeFile(NamedTuple):
    """A file of changes as DMS writes it, and the rows that are left of it when each key keeps its last one."""

    path: Path
    reduced: Path
    rows: int


class Source:
    """One table at its source; `load` once, then any number of `change`s.

    Args:
        folder: where its files are written.
        rows: how many the full load has.
    """

    def __init__(self, folder: Path, rows: int, seed: int = 1) -> None:
        self._folder, self.rows = folder, rows
        self._random = np.random.default_rng(seed)
        self._versions = np.zeros(rows, dtype=np.int64)
        self._version = 0
        self._files = 0
        folder.mkdir(parents=True, exist_ok=True)

    def load(self) -> list[Path]:
        """Write the full load: files of a million rows."""
        starts = range(0, self.rows, ROWS_PER_FILE)
        return [self._load_file(number, start) for number, start in enumerate(starts, start=1)]

    def change(self, count: int) -> ChangeFile:
        """Change the table, and write what DMS would: one row in ten a delete, one an insert, the others updates.

        A key changes once in a file, unless there are more changes than half the rows: then in passes, each over half
        the rows, so that the table keeps its size.
        """
        keys, operations = self._passes(count)
        versions = self._version + 1 + np.arange(count)
        self._version += count
        self._versions[keys] = versions  # of a key's several changes the last one stays
        self._versions[keys[operations == "D"]] = _ABSENT
        table = values(keys, versions).add_column(0, OPERATION, pa.array(operations.tolist(), pa.string()))
        return self._write(table, keys)

    def expected(self) -> Iterator[pa.Table]:
        """What the table must hold now, by key, a slice at a time."""
        present = np.flatnonzero(self._versions != _ABSENT)
        for start in range(0, len(present), _AT_ONCE):
            keys = present[start : start + _AT_ONCE]
            yield values(keys, self._versions[keys])

    @property
    def size(self) -> int:
        """How many rows it has now."""
        return int(np.count_nonzero(self._versions != _ABSENT))

    def _passes(self, count: int) -> tuple[Integers, npt.NDArray[np.str_]]:
        present = np.flatnonzero(self._versions != _ABSENT)
        at_once = max(1, min(count, len(present) // 2))
        sizes = [at_once] * ((count - 1) // at_once) + [(count - 1) % at_once + 1]
        keys = [self._random.choice(present, size, replace=False) for size in sizes]
        operations = [np.full(size, "U") for size in sizes]
        inserted, deleted = round(sizes[-1] * _INSERTED), round(sizes[-1] * _DELETED)
        if inserted:
            keys[-1][-inserted:] = len(self._versions) + np.arange(inserted)
            operations[-1][-inserted:] = "I"
            self._versions = np.append(self._versions, np.full(inserted, _ABSENT))
        operations[-1][:deleted] = "D"
        return np.concatenate(keys), np.concatenate(operations)

    def _write(self, table: pa.Table, keys: Integers) -> ChangeFile:
        self._files += 1
        path = self._folder / f"20260201-{self._files:09d}.parquet"
        reduced = self._folder / f"reduced-{path.name}"
        pq.write_table(table, path, store_schema=False)
        last_first = len(keys) - 1 - np.unique(keys[::-1], return_index=True)[1]
        pq.write_table(table.take(np.sort(last_first)), reduced, store_schema=False)
        return ChangeFile(path, reduced, table.num_rows)

    def _load_file(self, number: int, start: int) -> Path:
        path = self._folder / f"LOAD{number:08X}.parquet"
        end = min(start + ROWS_PER_FILE, self.rows)
        schema = values(np.zeros(1, np.int64), np.zeros(1, np.int64)).schema
        with pq.ParquetWriter(path, schema, store_schema=False) as writer:
            for first in range(start, end, _AT_ONCE):
                keys = np.arange(first, min(first + _AT_ONCE, end))
                writer.write_table(values(keys, np.zeros_like(keys)))
        return path


class _Mixed:
    """Numbers that look random and follow from key, version and column."""

    def __init__(self, keys: Integers, versions: Integers) -> None:
        self._seed = keys.astype(np.uint64) * np.uint64(_MIXERS[0]) + versions.astype(np.uint64) * np.uint64(_MIXERS[1])

    def below(self, column: int, limit: int) -> Integers:
        mixed = self._seed + np.uint64(column * _MIXERS[2] % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(_MIXERS[1])
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_MIXERS[2])
        return ((mixed ^ (mixed >> np.uint64(31))) % np.uint64(limit)).astype(np.int64)

    def words(self, column: int, words: list[str]) -> pa.Array:
        chosen = pa.array(self.below(column, len(words)).astype(np.int32))
        return pa.DictionaryArray.from_arrays(chosen, pa.array(words)).dictionary_decode()

    def moments(self, column: int) -> pa.Array:
        return pa.array((_START + self.below(column, _YEAR)) * 1_000_000).cast(pa.timestamp("us", tz="UTC"))


def _sequences(versions: Integers) -> Any:
    """Change sequences of 35 digits; rows of the load have none."""
    digits = pc.utf8_lpad(_text(versions), 19, "0")
    return pc.if_else(pa.array(versions == 0), "", pc.binary_join_element_wise(_SEQUENCE_START, digits, ""))


def _text(numbers: Integers) -> Any:
    return pc.cast(pa.array(numbers), pa.string())


def _decimals(unscaled: Integers, precision: int, scale: int) -> pa.Array:
    """Decimals by their unscaled values, which are not negative: 128 bits each, the lower half first."""
    halves = np.zeros((len(unscaled), 2), dtype=np.int64)
    halves[:, 0] = unscaled
    kind = pa.decimal128(precision, scale)
    return pa.Array.from_buffers(kind, len(unscaled), [None, pa.py_buffer(halves)])
