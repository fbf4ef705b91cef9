"""S3: Hudi's own upsert from Spark, with the options the Spark engine sets, of rows that are reduced already; nothing around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.measuring import count_requests
from benchmarks.places import DATABASE, RAW, STAGING, Place, table_config
from benchmarks.spark_session import open_spark
from benchmarks.systems import SystemSpec
from benchmarks.workload import COLUMNS, OPERATION, SPARK_SCHEMA, ChangeFile
from file_processor.choosing import CycleKind
from file_processor.columns import OPERATION as STORED_OPERATION
from file_processor.columns import ORDER
from file_processor.engines.spark.hudi import write_options
from odpf.adapters.object_store import S3ObjectStore
from odpf.ports import ObjectStore
from odpf.table_config import TableConfig
from odpf_local.local_objects import LocalObjectStore


class _Plan(NamedTuple):
    """What the write options depend on of a plan."""

    config: TableConfig
    kind: CycleKind
    input_bytes: int

    @property
    def written_as(self) -> CycleKind:
        """How the commit is made: as it is."""
        return self.kind


class BareHudi:
    """A system."""

    def __init__(self, spec: SystemSpec, place: Place) -> None:
        session = place.session()
        self.requests: Counter[str] = count_requests(session)
        self._objects: ObjectStore = S3ObjectStore(session) if spec.in_s3 else LocalObjectStore(place.root)
        self._options = dict(spec.options)
        self._spark = open_spark(place, in_s3=spec.in_s3)

    def load(self, table: str, paths: Sequence[Path]) -> Callable[[], None]:
        """See System."""
        return self._work(table, paths, CycleKind.LOAD, SPARK_SCHEMA, f"'I' AS {STORED_OPERATION}")

    def change(self, table: str, file: ChangeFile) -> Callable[[], None]:
        """See System."""
        schema = f"{OPERATION} string, {SPARK_SCHEMA}"
        return self._work(table, [file.reduced], CycleKind.CHANGES, schema, f"{OPERATION} AS {STORED_OPERATION}")

    def _work(
        self, table: str, paths: Sequence[Path], kind: CycleKind, schema: str, operation: str
    ) -> Callable[[], None]:
        uris = [self._stage(table, path) for path in paths]
        size = sum(path.stat().st_size for path in paths)
        order = f"concat('0000000001 ', change_seq, ' {paths[0].name} 000000000001') AS {ORDER}"
        options = options_of(table, kind, size) | self._options

        def work() -> None:
            rows = self._spark.read.schema(schema).parquet(*uris).selectExpr(*COLUMNS, operation, order)
            rows.write.format("hudi").options(**options).mode("append").save(f"s3://{RAW}/{DATABASE}/{table}")

        return work

    def _stage(self, table: str, path: Path) -> str:
        key = f"bare/{table}/{path.name}"
        with path.open("rb") as file:
            self._objects.put_file(STAGING, key, file)
        return f"s3://{STAGING}/{key}"


def open_system(spec: SystemSpec, place: Place) -> BareHudi:
    """Make it."""
    return BareHudi(spec, place)


def options_of(table: str, kind: CycleKind, size: int) -> dict[str, str]:
    """What the Spark engine would set for such a commit."""
    plan: Any = _Plan(table_config(table), kind, size)
    return write_options(plan, {})
