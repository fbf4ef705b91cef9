"""How much a rebuild has to do, told before it begins. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from file_processor.engine_choice import planned_engine, planned_table_bytes
from file_processor.expected import expected_seconds
from file_processor.rebuild_steps import last_position, needed_records
from odpf.file_record import FileRecord
from odpf.manifest import TableWork
from odpf.states import FileState
from odpf.table_config import TableConfig
from odpf.table_state import TableState
from odpf_cli.display import duration, plural, size


class Extent(NamedTuple):
    """What is read again, and how long that is expected to take once its job has started."""

    files: int
    bytes: int
    seconds: float

    @property
    def told(self) -> str:
        """A sentence for people."""
        return (
            f"{plural(self.files, 'file')} ({size(self.bytes)}) to read again: about {duration(self.seconds)} once its job has "
            "started, by their bytes and the table's own last runs."
        )


def extent(history: Iterable[FileRecord], config: TableConfig, state: TableState, since: str) -> Extent:
    """How much it is; from a position on a few files more or less, which the table's commits decide.

    Args:
        history: files done of the table's source.
        config: the table as it is to be.
        state: of the table.
        since: the beginning of an order position's text form; empty for everything.
    """
    applied = [each for each in history if each.state is FileState.PROCESSED and each.raw_table == state.raw_table]
    records = [each for each in needed_records(applied, config) if not since or last_position(each) >= since]
    files = tuple(each.file for each in records)
    behind = state if since else None
    choice = planned_engine(config, files, behind)
    work = TableWork(
        config=config,
        files=files,
        engine=choice.engine,
        table_bytes=planned_table_bytes(config, files, behind),
        pace=state.pace or 1.0,
    )
    return Extent(len(files), sum(file.size for file in files), expected_seconds(work))
