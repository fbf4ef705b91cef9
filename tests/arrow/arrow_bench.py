"""A lake in a folder in which the Arrow engine works alone: its tables, and what lies in their folders."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from file_processor.engines.arrow.engine import ArrowEngine
from file_processor.file_groups import DataFile
from file_processor.timeline import Timeline
from odpf.ports import ObjectStore
from odpf.states import EngineName, Outcome
from tests.engines.lake import lake_in_folder
from tests.engines.staged_table import StagedTable


class ArrowBench:
    """Tables are made, run one at a time, and looked at with hudi-rs and by their files.

    Args:
        root: of the lake.
    """

    def __init__(self, root: Path) -> None:
        self.lake = lake_in_folder(root)
        self.objects = self.lake.aws.objects
        self.bucket = self.lake.settings.raw_bucket
        self._tables = 0

    def engine(self, objects: ObjectStore | None = None, **sizes: int) -> None:
        """From now on tables are written through these objects, or with files of this size."""
        self.lake.engines = {EngineName.ARROW: lambda: ArrowEngine(objects or self.objects, **sizes)}

    def table(self, **options: Any) -> StagedTable:
        """A table of its own cadence."""
        self._tables += 1
        return StagedTable(self.lake, f"t{self._tables}", f"c{self._tables}", **{"engine": "arrow", **options})

    def run(self, table: StagedTable) -> StagedTable:
        """Run the table's cadence, and tell the table."""
        results = self.lake.run(table.config["refresh_cadence"]).tables
        table.ran(results[0] if results else None)
        return table

    def applied(self, table: StagedTable) -> StagedTable:
        """Run; the table equals the replay, and the run counted what the replay counts."""
        self.run(table).check()
        return table

    def refused(self, table: StagedTable) -> str:
        """Run; why the table was left alone, which is then as it was before."""
        before = self.paths(table)
        self.run(table)
        assert table.result is not None
        assert table.result.outcome is not Outcome.COMPLETED
        assert self.paths(table) == before
        return table.result.error or ""

    def left_to_spark(self, table: StagedTable) -> str:
        """Run; why only Spark can do it. The table is as it was, and its file waits."""
        self.refused(table)
        assert len(self.lake.aws.tracker.pending(table.source)) == 1
        return self.lake.left[table.name]

    def base(self, table: StagedTable) -> str:
        """Where a table lies in the raw bucket."""
        return table.location.removeprefix(f"s3://{self.bucket}/")

    def timeline(self, table: StagedTable) -> Timeline:
        """The table's folder as it is now."""
        return Timeline(self.objects, table.location)

    def current(self, table: StagedTable) -> list[DataFile]:
        """The files that readers read."""
        return list(self.timeline(table).current_files().values())

    def paths(self, table: StagedTable) -> list[str]:
        """Everything below the table."""
        base = f"{self.base(table)}/"
        return [entry.key.removeprefix(base) for entry in self.objects.list(self.bucket, base)]

    def get(self, table: StagedTable, path: str) -> bytes:
        """An object below the table."""
        return self.objects.get(self.bucket, f"{self.base(table)}/{path}")

    def put(self, table: StagedTable, path: str, content: bytes = b"") -> None:
        """Put an object below the table, as somebody else does."""
        self.objects.put(self.bucket, f"{self.base(table)}/{path}", content)

    def parquet(self, table: StagedTable, path: str) -> pq.ParquetFile:
        """A data file."""
        return pq.ParquetFile(io.BytesIO(self.get(table, path)))


class Meddling:
    """Objects; just before the product puts a key for which nothing was there, somebody else acts.

    Args:
        objects: the objects.
        suffix: end of the key.
        act: what is done, with the key.
    """

    def __init__(self, objects: ObjectStore, suffix: str, act: Callable[[str], None]) -> None:
        self._objects, self._suffix, self._act = objects, suffix, act

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    def put_new(self, bucket: str, key: str, content: bytes) -> bool:
        """Put; somebody was there before."""
        if key.endswith(self._suffix):
            self._act(key)
        return self._objects.put_new(bucket, key, content)
