"""Which file batches a rebuild applies, from what history has of a table's files. Pure.

Each generation is one file batch: its load, and on top the changes that were applied in it. History says which
generation a file was applied in, so none is told anew from its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from file_processor.choosing import Choice, CycleKind, in_order, load_id
from odpf.clock import iso
from odpf.file_record import FileRecord
from odpf.order import GENERATION_DIGITS, OrderPosition, is_sequence
from odpf.states import DmsFileType
from odpf.table_config import TableConfig
from odpf.table_state import TableState


def needed_records(records: Iterable[FileRecord], config: TableConfig) -> list[FileRecord]:
    """The files that the table's rows come from: without what a load has replaced.

    Args:
        records: files applied to the table.
        config: the table. Where replaced rows stay, as versions, as history or marked, every file is needed.
    """
    records = list(records)
    keeps_all = config.table_data_versioning_type != "S" or config.delete_mode == "soft"
    newest = 0 if keeps_all else max((_generation(each) for each in records if _is_load(each)), default=0)
    return [each for each in records if _generation(each) >= newest]


def last_position(record: FileRecord) -> str:
    """The beginning of the greatest order position that a file may have had."""
    return f"{_generation(record):0{GENERATION_DIGITS}d} {record.last_sequence or ''}"


def file_batches(
    records: Sequence[FileRecord], live: TableState, config: TableConfig, behind: TableState | None
) -> list[Choice]:
    """The file batches to apply, oldest generation first.

    Args:
        records: files to apply again.
        live: the table as the ledger has it.
        config: the table.
        behind: the table as it was at the commit that the batches come behind; None where they begin with nothing.
    """
    floors = _Floors(records, live, behind)
    generations = sorted({_generation(each) for each in records})
    if behind is None:
        batches = [_batch(records, each, floors, config) for each in generations]
        return [batches[0]._replace(kind=CycleKind.LOAD), *batches[1:]] if batches else []
    batches = [_batch(records, each, floors, config) for each in generations if each > behind.generation]
    # Late files of earlier generations are no batches of their own: what they say is late by now.
    first = [each for each in records if _generation(each) <= behind.generation]
    return [_choice(first, CycleKind.CHANGES, behind.generation, behind), *batches] if first else batches


class _Floors(NamedTuple):
    """The floor of every generation, and when its load began."""

    records: Sequence[FileRecord]
    live: TableState
    behind: TableState | None

    def state(self, generation: int) -> TableState:
        """The table's state as far as a generation decides it: of the newest load's and those after it the ledger's."""
        if generation >= max((_generation(each) for each in self.records if _is_load(each)), default=0):
            started = self.live.load_started_at if generation == self.live.generation else None
            return self.live.model_copy(update={"load_started_at": started})
        done = min((each.done_at or "" for each in self.records if _generation(each) == generation), default="")
        before = (each for each in self.records if _generation(each) < generation and (each.done_at or "") <= done)
        floors = [each.last_sequence or "" for each in before]
        if self.behind and self.behind.high_water_mark:
            floors += [self.behind.floor, OrderPosition.parse(self.behind.high_water_mark).sequence]
        floor = max(filter(is_sequence, floors), default="")
        return self.live.model_copy(update={"floor": floor, "load_started_at": None})


def _batch(records: Sequence[FileRecord], generation: int, floors: _Floors, config: TableConfig) -> Choice:
    own = [each for each in records if _generation(each) == generation]
    replaces = any(map(_is_load, own)) and config.table_data_versioning_type != "H"
    kind = CycleKind.RELOAD if replaces else CycleKind.CHANGES
    return _choice(own, kind, generation, floors.state(generation))


def _choice(own: Sequence[FileRecord], kind: CycleKind, generation: int, state: TableState) -> Choice:
    loads = [each.file for each in own if _is_load(each)]
    started = state.load_started_at or (iso(min(file.last_modified for file in loads)) if loads else None)
    return Choice(
        kind=kind,
        generation=generation,
        floor=state.floor,
        load_started_at=started,
        load_id=load_id(loads) if loads else state.load_id,
        files=in_order((each.file, _generation(each)) for each in own),
    )


def _generation(record: FileRecord) -> int:
    return record.generation or 0


def _is_load(record: FileRecord) -> bool:
    return record.file.dms_file_type is DmsFileType.FULL
