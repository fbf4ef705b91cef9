"""S4: delta-rs merges rows that are reduced already into a Delta table; nothing around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

from benchmarks.places import Place
from benchmarks.systems import SystemSpec
from benchmarks.workload import COLUMNS, KEY, OPERATION, ChangeFile

_OPERATION = "op"  # names without quotes are folded to lower case


class DeltaRs:
    """A system."""

    def __init__(self, spec: SystemSpec, place: Place) -> None:
        self.requests: Counter[str] = Counter()
        self._spec, self._place = spec, place
        self._options = place.storage() if spec.in_s3 else None

    def load(self, table: str, paths: Sequence[Path]) -> Callable[[], None]:
        """See System."""
        uri = self._spec.location(self._place, table)
        if not self._spec.in_s3:
            Path(uri.removeprefix("file://")).mkdir(parents=True)

        def work() -> None:
            rows = ds.dataset([str(path) for path in paths]).scanner().to_reader()
            write_deltalake(uri, rows, storage_options=self._options)

        return work

    def change(self, table: str, file: ChangeFile) -> Callable[[], None]:
        """See System."""
        uri = self._spec.location(self._place, table)
        return lambda: self._merge(uri, file.reduced)

    def _merge(self, uri: str, path: Path) -> None:
        rows = pq.read_table(path).rename_columns([_OPERATION if n == OPERATION else n for n in (OPERATION, *COLUMNS)])
        taken = {column: f"s.{column}" for column in COLUMNS}
        (
            DeltaTable(uri, storage_options=self._options)
            .merge(rows, predicate=f"t.{KEY} = s.{KEY}", source_alias="s", target_alias="t")
            .when_matched_delete(predicate=f"s.{_OPERATION} = 'D'")
            .when_matched_update(updates=taken)
            .when_not_matched_insert(updates=taken, predicate=f"s.{_OPERATION} <> 'D'")
            .execute()
        )


def open_system(spec: SystemSpec, place: Place) -> DeltaRs:
    """Make it."""
    return DeltaRs(spec, place)
