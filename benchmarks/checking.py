"""Whether a table holds what it must, by a reader that had no part in writing it (hudi-rs; delta-rs for its own)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from hudi import HudiTableBuilder

from benchmarks.places import Place
from benchmarks.systems import SystemSpec
from benchmarks.workload import COLUMNS, KEY, Source


class TableSize(NamedTuple):
    """What a reader reads: data files and their bytes."""

    files: int
    bytes: int


def difference(spec: SystemSpec, place: Place, table: str, source: Source) -> str | None:
    """How a table differs from its source; None when it does not, or where the floor wrote no table."""
    if spec.module == "floor":
        return None
    rows = _rows(spec, place, table)
    if rows.num_rows != source.size:
        return f"{table} has {rows.num_rows} rows, its source {source.size}"
    start = 0
    for expected in source.expected():
        end = start + expected.num_rows
        for column in COLUMNS:
            wanted, found = expected[column], rows[column].slice(start, expected.num_rows)
            if not found.cast(wanted.type).combine_chunks().equals(wanted.combine_chunks()):
                return f"{table} differs from its source in column {column}, among rows {start} to {end}"
        start = end
    return None


def size_of(spec: SystemSpec, place: Place, table: str) -> TableSize:
    """The newest file of every file group of a table in local files."""
    location = spec.location(place, table)
    if spec.module == "delta":
        sizes = pa.table(_delta(location).get_add_actions(flatten=True))["size_bytes"].to_pylist()
        return TableSize(len(sizes), sum(sizes))
    if spec.module in ("duckdb_rewrite", "floor"):
        written = [path.stat().st_size for path in Path(location.removeprefix("file://")).glob("*.parquet")]
        return TableSize(len(written), sum(written))
    newest: dict[str, Path] = {}
    files = Path(location.removeprefix("file://")).glob("*.parquet")
    for path in sorted(files, key=lambda path: path.stem.rsplit("_", 1)[1]):  # by instant
        newest[path.name.split("_")[0]] = path
    return TableSize(len(newest), sum(path.stat().st_size for path in newest.values()))


def _rows(spec: SystemSpec, place: Place, table: str) -> pa.Table:
    """All rows and the source's columns, by key."""
    location = spec.location(place, table)
    storage = place.storage() if spec.in_s3 else {}
    if spec.module == "duckdb_rewrite":
        rows = pq.read_table(f"{location.removeprefix('file://')}/rows.parquet")
    elif spec.module == "delta":
        rows = _delta(location, storage).to_pyarrow_table(columns=list(COLUMNS))
    else:
        batches = HudiTableBuilder.from_base_uri(location).with_options(storage).build().read()
        rows = pa.Table.from_batches([batch.select(list(COLUMNS)) for batch in batches])
    return rows.sort_by(KEY)


def _delta(location: str, storage: dict[str, str] | None = None) -> Any:
    from deltalake import DeltaTable  # noqa: PLC0415  that of `make bench` alone; the tests are without it

    return DeltaTable(location, storage_options=storage)
