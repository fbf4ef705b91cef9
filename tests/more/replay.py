"""An oracle: replays DMS files over plain Python dicts; shares no code with the framework."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]
_ADDED = ("Op", "DMS_TIMESTAMP", "CDC_TIMESTAMP_SEQ", "CDC_OPERATION", "CDC_COMMIT_TIMESTAMP", "CDC_STREAM_POSITION")
_BEFORE = "BI_"


def files_of(folder: Path, schema: str, table: str) -> list[Path]:
    """A table's files, full load first."""
    found = (folder / "internal_staging" / schema / table).rglob("*.parquet")
    return sorted(found, key=lambda path: (not path.name.startswith("LOAD"), path.name))


def changes_of(folder: Path, schema: str, table: str) -> list[Row]:
    """Every row of a table's change files in the order of their sequences."""
    rows = [row for path in files_of(folder, schema, table) if path.name[0] == "2" for row in rows_in(path)]
    return sorted(rows, key=lambda row: row["CDC_TIMESTAMP_SEQ"])


def replay(folder: Path, schema: str, table: str, keys: Iterable[str]) -> dict[tuple[Any, ...], Row]:
    """The table after its full load and all changes, by key, with the source's columns only."""
    keys = tuple(keys)
    loads = (path for path in files_of(folder, schema, table) if path.name.startswith("LOAD"))
    state = {tuple(row[name] for name in keys): row for path in loads for row in rows_in(path, only_source=True)}
    for row in changes_of(folder, schema, table):
        key = tuple(row[name] for name in keys)
        if row["Op"] == "U":
            state.pop(tuple(row[_BEFORE + name] for name in keys), None)
        if row["Op"] == "D":
            state.pop(key, None)
        else:
            state[key] = {name: value for name, value in row.items() if _of_source(name)}
    return state


def rows_in(path: Path, *, only_source: bool = False) -> list[Row]:
    """Rows of a file; times in UTC without a zone. With `only_source` without the columns that DMS adds."""
    table = pq.read_table(path, partitioning=None)
    if only_source:
        table = table.select([name for name in table.column_names if _of_source(name)])
    columns = [_without_zone(column).to_pylist() for column in table.columns]
    names = table.column_names
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _of_source(name: str) -> bool:
    return name not in _ADDED and not name.startswith(_BEFORE)


def _without_zone(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column
