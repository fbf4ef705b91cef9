"""An oracle: replays DMS files over plain Python dicts; shares no code with the framework."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
    state: dict[tuple[Any, ...], Row] = {}
    loads = [row for path in files_of(folder, schema, table) if path.name.startswith("LOAD") for row in rows_in(path)]
    for row in [*loads, *changes_of(folder, schema, table)]:
        key = tuple(row[name] for name in keys)
        if row["Op"] == "U":
            state.pop(tuple(row[_BEFORE + name] for name in keys), None)
        if row["Op"] == "D":
            state.pop(key, None)
        else:
            state[key] = {n: v for n, v in row.items() if n not in _ADDED and not n.startswith(_BEFORE)}
    return state


def rows_in(path: Path) -> list[Row]:
    """Rows of a file; times in UTC without a zone."""
    table = pq.read_table(path, partitioning=None)
    columns = {name: [_plain(v) for v in table[name].to_pylist()] for name in table.column_names}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value
