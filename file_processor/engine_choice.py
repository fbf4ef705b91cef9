"""Choose the engine of a table and cycle, and say why. Pure: facts in, a choice out.

Asked twice: when a run is planned, with what the ledger knows; and when the table is processed, with what its folder
and its files say. The second answer holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from odpf.landed_file import LandedFile
from odpf.states import DmsFileType, EngineName
from odpf.table_config import TableConfig
from odpf.table_state import TableState

MOST_CHANGE_BYTES = 64 * 1024 * 1024
"""Of landed files, which Arrow holds in memory, several times as large as they are on S3 (docs/performance.md)."""
MOST_TABLE_BYTES = 256 * 1024 * 1024
"""Of the table's data files, all of which are searched for the changed keys, and in the worst case rewritten, on one core."""

_MEGABYTE = 1024 * 1024


class EngineChoice(NamedTuple):
    """An engine and the reason, a sentence for `odpf explain`."""

    engine: EngineName
    reason: str

    def warnings(self, config: TableConfig) -> list[str]:
        """What a person is told where somebody asked for Arrow and Spark had to do it."""
        as_asked = config.engine != "arrow" or self.engine is EngineName.ARROW
        return [] if as_asked else [f"engine: arrow is configured, and Spark did it: {self.reason}"]


class EngineFacts(NamedTuple):
    """What the choice depends on beside the configuration.

    Attributes:
        change_bytes: size of the landed files of the file batch.
        table_bytes: size of the data files to search and rewrite; 0 for a load or reload, None when unknown.
        obstacles: what the Arrow engine cannot do about this table and batch, as sentences.
    """

    change_bytes: int
    table_bytes: int | None
    obstacles: Sequence[str] = ()


def choose_engine(config: TableConfig, facts: EngineFacts) -> EngineChoice:
    """Take Arrow for small work that it can do, Spark for everything else."""
    if config.engine == "spark":
        return EngineChoice(EngineName.SPARK, "The table's configuration says engine: spark.")
    if config.hudi_table_type != "copy_on_write":
        return EngineChoice(EngineName.SPARK, "Arrow writes copy_on_write tables alone, and this one is merge_on_read.")
    if facts.obstacles:
        return EngineChoice(EngineName.SPARK, facts.obstacles[0])
    if config.engine == "arrow":
        return EngineChoice(EngineName.ARROW, "The table's configuration says engine: arrow.")
    return _by_size(facts)


def _by_size(facts: EngineFacts) -> EngineChoice:
    if facts.change_bytes > MOST_CHANGE_BYTES:
        return EngineChoice(
            EngineName.SPARK,
            f"{_size(facts.change_bytes)} of landed files are more than the {_size(MOST_CHANGE_BYTES)} that Arrow takes.",
        )
    if facts.table_bytes is None:
        return EngineChoice(EngineName.SPARK, "How large the table is, is not known.")
    if facts.table_bytes > MOST_TABLE_BYTES:
        return EngineChoice(
            EngineName.SPARK,
            f"The table's data files have {_size(facts.table_bytes)}, more than the {_size(MOST_TABLE_BYTES)} that Arrow "
            "searches and rewrites.",
        )
    into = f"into {_size(facts.table_bytes)} of data files" if facts.table_bytes else "with nothing to search"
    return EngineChoice(
        EngineName.ARROW,
        f"{_size(facts.change_bytes)} of landed files {into}: small work, which Arrow does without starting Spark.",
    )


def planned_engine(config: TableConfig, files: Sequence[LandedFile], state: TableState | None) -> EngineChoice:
    """Choose by what the ledger knows, before anything of the table is looked at.

    Args:
        config: the table.
        files: its pending files.
        state: the table's state, None for one never run.
    """
    obstacles = [state.only_spark] if state and state.only_spark else []
    change_bytes = sum(file.size for file in files)
    return choose_engine(config, EngineFacts(change_bytes, planned_table_bytes(config, files, state), obstacles))


def planned_table_bytes(config: TableConfig, files: Sequence[LandedFile], state: TableState | None) -> int | None:
    """Size of the data files that the ledger expects to be searched and rewritten; None when it does not know.

    Args:
        config: the table.
        files: its pending files; a full load among them replaces what is there, unless it is compared with it.
        state: the table's state, None for one never run.
    """
    has_load = any(file.dms_file_type is DmsFileType.FULL for file in files)
    replaces = has_load and config.reload_mode == "replace"
    return 0 if state is None or not state.exists or replaces else state.table_bytes


def _size(count: int) -> str:
    return f"{count / _MEGABYTE:,.1f} MB" if count >= _MEGABYTE // 10 else f"{count:,} bytes"
