"""A full load that is larger than Spark's heap: it spills and does not die, and how much memory it takes for each gigabyte."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc
import pyarrow.dataset as ds

from benchmarks.checking import TableSize, size_of
from benchmarks.measuring import Measured, Meter, peak_of_all
from benchmarks.places import Place
from benchmarks.spark_session import open_spark
from benchmarks.systems import Stores, SystemSpec, WrongResult
from benchmarks.systems.ours import Ours
from benchmarks.worker import in_process
from benchmarks.workload import KEY, ROWS_PER_FILE, Source
from file_processor.engines.spark.engine import SparkEngine
from odpf.states import EngineName

SPEC = SystemSpec("heap", "ours, Spark, more input than heap", "spark", stores=Stores.MEMORY)


class Heap(NamedTuple):
    """One load.

    Attributes:
        megabytes: of Java's heap, in which driver and executors are.
        input_bytes: of the landed files.
        peak_bytes: the greatest resident size of Python and Java together.
    """

    megabytes: int
    rows: int
    input_bytes: int
    peak_bytes: int
    size: TableSize
    measured: Measured


def run_heap(place: Place, megabytes: int, input_megabytes: int) -> Heap:
    """Load at least as many megabytes as landed files, a million rows in each, with so large a heap.

    Raises:
        WrongResult: the load failed, or the table has not every key once.
    """
    place = place._replace(root=place.root / SPEC.name)
    paths = _files(place.root / "source", input_megabytes * 1024 * 1024)
    rows = len(paths) * ROWS_PER_FILE
    measured, peak = in_process(place, _load, paths, megabytes)
    _check(SPEC.location(place, SPEC.id), rows)
    size = sum(path.stat().st_size for path in paths)
    return Heap(megabytes, rows, size, peak, size_of(SPEC, place, SPEC.id), measured)


def _files(folder: Path, least: int) -> list[Path]:
    (sample,) = Source(folder / "sample", ROWS_PER_FILE).load()
    return Source(folder, ROWS_PER_FILE * -(-least // sample.stat().st_size)).load()


def _load(place: Place, paths: list[Path], megabytes: int) -> tuple[Measured, int]:
    engine = SparkEngine(open_spark(place, in_s3=False, memory=f"{megabytes}m"))
    system = Ours(SPEC, place, EngineName.SPARK, lambda _: engine)
    meter = Meter(place.emulator.pid, place.request_log, system.requests)
    return meter.measure(system.load(SPEC.id, paths)), peak_of_all()


def _check(location: str, rows: int) -> None:
    """All keys are there once: a load that spilled loses none and doubles none."""
    files = [str(path) for path in Path(location.removeprefix("file://")).glob("*.parquet")]
    found = ds.dataset(files).to_table(columns=[KEY])[KEY]
    if len(found) != rows or pc.count_distinct(found).as_py() != rows:
        raise WrongResult(f"{location} has {len(found)} rows with {pc.count_distinct(found)} keys, its source {rows}")
