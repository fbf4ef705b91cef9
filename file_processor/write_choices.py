"""How an engine would write a table: what it chooses where Hudi leaves a choice, by how much there is, each with its reason. Pure.

The options themselves are in `engines/spark/hudi.py` and `engines/arrow/data_files.py`; docs/performance.md has the measurements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from file_processor.engines.engine import MOST_FILE_BYTES
from file_processor.engines.spark.hudi import BYTES_PER_TASK, are_few, tasks
from file_processor.work_size import MEGABYTE
from odpf.states import EngineName
from odpf.table_config import TableConfig


@dataclass(frozen=True)
class WriteChoice:
    """What is chosen, its value, and why."""

    what: str
    value: str
    because: str


def write_choices(
    config: TableConfig, engine: EngineName, landed_bytes: int, table_bytes: int | None
) -> list[WriteChoice]:
    """All of them.

    Args:
        config: the table.
        engine: which one writes.
        landed_bytes: of the files that wait.
        table_bytes: of the data files that are searched; None when that is not known.
    """
    of_engine = _of_spark(landed_bytes, table_bytes) if engine is EngineName.SPARK else _of_arrow()
    return [_index(config, engine), *of_engine, *_of_both()]


def _index(config: TableConfig, engine: EngineName) -> WriteChoice:
    where = "the partitions that rows are in" if config.hudi_partition_key else "the whole table"
    if engine is EngineName.ARROW:
        return WriteChoice(
            "index",
            "none",
            f"the record keys in the data files of {where} are searched; others are left out by their statistics",
        )
    return WriteChoice(
        "index", "SIMPLE",
        f"one join with the record keys of {where}; every row comes with the partition that it stands in. A bucket index is quicker, "
        "for ever of one size, and lets no row move",
    )  # fmt: skip


def _of_spark(landed_bytes: int, table_bytes: int | None) -> Iterator[WriteChoice]:
    number = tasks(landed_bytes)
    yield WriteChoice("tasks of a write", f"{number}", f"one for each {BYTES_PER_TASK // MEGABYTE} MB of landed files")
    if table_bytes is None:
        yield WriteChoice("adaptive execution", "on", "how large the table is, is not known")
        return
    all_tasks = tasks(landed_bytes + table_bytes)
    yield WriteChoice(
        "shuffle partitions",
        f"{all_tasks}",
        f"one for each {BYTES_PER_TASK // MEGABYTE} MB of landed files and data files",
    )
    if are_few(all_tasks):
        yield WriteChoice(
            "adaptive execution", "off", "to look again at a small plan after every shuffle costs more than it finds"
        )
    else:
        yield WriteChoice("adaptive execution", "on", "its plan is looked at again after every shuffle")


def _of_arrow() -> Iterator[WriteChoice]:
    yield WriteChoice("threads", "one a table", "tables are worked on side by side")


def _of_both() -> Iterator[WriteChoice]:
    megabytes = MOST_FILE_BYTES // MEGABYTE
    yield WriteChoice(
        "data files", f"up to {megabytes} MB", f"new rows go into those below {megabytes * 5 // 6} MB first; zstd"
    )
    yield WriteChoice(
        "metadata table", "off", "a small commit takes 1.4 times as long with it, and Arrow cannot write past it"
    )
