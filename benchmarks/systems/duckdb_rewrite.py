"""S5: DuckDB joins rows that are reduced already with a table that is one Parquet file, and writes the file anew; nothing around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from benchmarks.places import Place
from benchmarks.systems import SystemSpec
from benchmarks.workload import COLUMNS, KEY, OPERATION, ChangeFile


class DuckdbRewrite:
    """A system."""

    def __init__(self, spec: SystemSpec, place: Place) -> None:
        self.requests: Counter[str] = Counter()
        self._spec, self._place = spec, place
        self._database = duckdb.connect()

    def load(self, table: str, paths: Sequence[Path]) -> Callable[[], None]:
        """See System."""
        return lambda: self._write(table, f"SELECT {', '.join(COLUMNS)} FROM read_parquet({list(map(str, paths))})")

    def change(self, table: str, file: ChangeFile) -> Callable[[], None]:
        """See System."""
        columns = ", ".join(COLUMNS)
        stored, changes = f"read_parquet('{self._file(table)}')", f"read_parquet('{file.reduced}')"
        rows = (
            f"SELECT {columns} FROM {stored} t WHERE NOT EXISTS (SELECT 1 FROM {changes} s WHERE s.{KEY} = t.{KEY}) "
            f"UNION ALL SELECT {columns} FROM {changes} WHERE \"{OPERATION}\" <> 'D'"
        )
        return lambda: self._write(table, rows)

    def _write(self, table: str, rows: str) -> None:
        file = self._file(table)
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(".new")
        self._database.execute(f"COPY ({rows}) TO '{new}' (FORMAT parquet)")
        new.replace(file)

    def _file(self, table: str) -> Path:
        return Path(self._spec.location(self._place, table).removeprefix("file://")) / "rows.parquet"


def open_system(spec: SystemSpec, place: Place) -> DuckdbRewrite:
    """Make it."""
    return DuckdbRewrite(spec, place)
