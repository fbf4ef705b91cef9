"""Tell LOAD objects that were put again with bytes that history has: no event and no registration shows them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from file_processor.choosing import load_id
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.states import FileState
from odpf.table_state import TableState


class Repeated(NamedTuple):
    """LOAD objects put again since they were applied.

    Attributes:
        back: with bytes of an earlier generation (loads A, then B, then A again): they are not what the table has.
        again: with the bytes that the current generation applied.
    """

    back: tuple[LandedFile, ...] = ()
    again: tuple[LandedFile, ...] = ()


def suspects(
    state: TableState | None, staged: Sequence[LandedFile], pending: Collection[str]
) -> tuple[LandedFile, ...]:
    """The LOAD objects that history has to be asked about; for most tables the ledger's load id says that there are none.

    Args:
        state: the table's state.
        staged: its LOAD objects now in staging.
        pending: file ids of its pending LOAD files; beside one, everything put after the load began is asked about.
    """
    if state is None or not state.exists or state.load_started_at is None:
        return ()
    began = datetime.fromisoformat(state.load_started_at)
    done = [file for file in staged if file.file_id not in pending]
    is_first_load = state.generation < 2  # noqa: PLR2004  there is no earlier generation whose bytes could come back
    if not pending and (is_first_load or load_id(f for f in done if f.last_modified >= began) == state.load_id):
        return ()
    return tuple(file for file in done if file.last_modified > began)


def repeated(state: TableState, asked: Sequence[LandedFile], records: Mapping[str, FileRecord]) -> Repeated:
    """What history says of the suspects.

    Args:
        state: the table's state.
        asked: its suspects, each with S3's own time.
        records: what history has of them, by file id.
    """
    newer = [
        (file, record.generation)
        for file in asked
        if (record := records.get(file.file_id))
        and record.state is FileState.PROCESSED
        and record.generation is not None
        and file.last_modified > record.file.last_modified
    ]
    return Repeated(
        tuple(file for file, generation in newer if generation < state.generation),
        tuple(file for file, generation in newer if generation == state.generation),
    )
