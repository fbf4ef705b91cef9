"""S0, the floor: Spark reads the files, and writes as many rows to Parquet. What it writes is no table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.places import Place
from benchmarks.spark_session import open_spark
from benchmarks.systems import SystemSpec
from benchmarks.workload import ChangeFile


class Floor:
    """A system."""

    def __init__(self, spec: SystemSpec, place: Place) -> None:
        self.requests: Counter[str] = Counter()
        self._spec, self._place = spec, place
        self._spark = open_spark(place, in_s3=False)

    def load(self, table: str, paths: Sequence[Path]) -> Callable[[], None]:
        """See System."""
        return lambda: self._copy(table, paths)

    def change(self, table: str, file: ChangeFile) -> Callable[[], None]:
        """See System."""
        return lambda: self._copy(table, [file.path])

    def _copy(self, table: str, paths: Sequence[Path]) -> None:
        rows = self._spark.read.parquet(*(f"file://{path}" for path in paths))
        rows.write.mode("overwrite").parquet(self._spec.location(self._place, table))


def open_system(spec: SystemSpec, place: Place) -> Floor:
    """Make it."""
    return Floor(spec, place)
