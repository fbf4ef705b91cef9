"""Choose what one file batch of a table applies: which files, in which generation, as which kind of cycle. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from odpf.clock import iso
from odpf.landed_file import LandedFile
from odpf.order import is_sequence
from odpf.states import DmsFileType
from odpf.table_state import TableState


class CycleKind(StrEnum):
    """How a file batch meets the raw table."""

    LOAD = "load"  # the table's first commit
    RELOAD = "reload"  # one commit replaces everything
    CHANGES = "changes"  # rows are merged into the table


class ChosenFile(NamedTuple):
    """A file of the batch and the generation its rows belong to."""

    file: LandedFile
    generation: int

    @property
    def is_full(self) -> bool:
        """Whether its rows belong to the load itself."""
        return self.file.dms_file_type is DmsFileType.FULL


class Choice(NamedTuple):
    """A file batch before anything was read.

    Attributes:
        kind: how it meets the table; None while the table waits for its full load.
        generation: the table's generation after the commit.
        floor: high-water sequence at the moment this generation's load is applied.
        files: in order of their rows.
    """

    kind: CycleKind | None
    generation: int
    floor: str
    load_started_at: str | None
    load_id: str | None
    files: tuple[ChosenFile, ...]


def choose(
    state: TableState,
    files: Iterable[LandedFile],
    *,
    full_load_required: bool,
    applied_loads: Mapping[str, LandedFile],
    staged_loads: Sequence[LandedFile],
    high_water_sequence: str,
    put_back: Iterable[LandedFile] = (),
) -> Choice:
    """Decide kind and generations of a table's next file batch (docs/guarantees.md).

    Args:
        state: the table as the lease's holder found it, dead runs already finished.
        files: the run's frozen files, without those that history has.
        full_load_required: whether change files wait for a full load.
        applied_loads: LOAD files that the current generation has applied, by key; only needed when `files` has one.
        staged_loads: all LOAD objects now in staging, for those that a reload put again with the same bytes.
        high_water_sequence: change sequence of the high-water mark, empty before the first change.
        put_back: LOAD objects with bytes that an earlier generation had applied, as the plan found them.
    """
    files = tuple(files)
    loads = [file for file in files if file.dms_file_type is DmsFileType.FULL]
    loads += [file for file in put_back if _is_missing(file, state, applied_loads)]
    changes = [file for file in files if file.dms_file_type is not DmsFileType.FULL]
    if not loads:
        return _only_changes(state, changes, full_load_required)
    if not state.exists:
        return _first_load(loads, changes)
    if _begins_reload(loads, applied_loads):
        return _reload(state, loads, changes, applied_loads, staged_loads, high_water_sequence)
    return _extended(state, loads, changes)


def _only_changes(state: TableState, changes: Sequence[LandedFile], full_load_required: bool) -> Choice:
    if state.exists:
        return _extended(state, (), changes)
    kind = None if full_load_required else CycleKind.LOAD
    return Choice(kind, 0, "", None, None, in_order((file, 0) for file in changes))


def _first_load(loads: Sequence[LandedFile], changes: Sequence[LandedFile]) -> Choice:
    """The first load of a table: there is no generation before it, so every change goes on top of it.

    A change file that was put before the load holds changes of the same source, in order; applied on top in full
    they end where the load began, whatever order the objects arrived in (docs/adr/0002).
    """
    started = min(file.last_modified for file in loads)
    chosen = in_order((file, 1) for file in (*loads, *changes))
    return Choice(CycleKind.LOAD, 1, "", iso(started), load_id(loads), chosen)


def _is_missing(file: LandedFile, state: TableState, applied: Mapping[str, LandedFile]) -> bool:
    """Whether a put-back object is still not what the table has: a run since the plan may have applied it, or a later load."""
    began = datetime.fromisoformat(state.load_started_at) if state.load_started_at else None
    is_newer = began is not None and file.last_modified > began
    return is_newer and (file.key not in applied or applied[file.key].file_id != file.file_id)


def _begins_reload(loads: Sequence[LandedFile], applied: Mapping[str, LandedFile]) -> bool:
    return any(file.key in applied and applied[file.key].file_id != file.file_id for file in loads)


def _reload(
    state: TableState,
    loads: Sequence[LandedFile],
    changes: Sequence[LandedFile],
    applied: Mapping[str, LandedFile],
    staged: Sequence[LandedFile],
    high_water_sequence: str,
) -> Choice:
    put_again = [
        file
        for file in staged
        if (old := applied.get(file.key)) and old.file_id == file.file_id and file.last_modified > old.last_modified
    ]
    loads = [*loads, *put_again]
    generation = state.generation + 1
    started = min(file.last_modified for file in loads)
    members = [(file, generation) for file in loads]
    members += [(file, _generation_of(file, generation, started)) for file in changes]
    # A load sets the mark back to an empty sequence; what an earlier load contains this one does, too.
    floor = max(state.floor, high_water_sequence)
    return Choice(CycleKind.RELOAD, generation, floor, iso(started), load_id(loads), in_order(members))


def _extended(state: TableState, loads: Sequence[LandedFile], changes: Sequence[LandedFile]) -> Choice:
    """Changes, and LOAD objects that came after the load was applied and whose keys are new."""
    started = datetime.fromisoformat(state.load_started_at) if state.load_started_at else None
    members = [(file, state.generation) for file in loads]
    members += [(file, _generation_of(file, state.generation, started)) for file in changes]
    return Choice(
        CycleKind.CHANGES, state.generation, state.floor, state.load_started_at, state.load_id, in_order(members)
    )


def with_floor(choice: Choice, state: TableState, last_sequences: Mapping[str, str]) -> Choice:
    """Raise the floor of a generation that begins in this batch over the batch's own changes of the one before.

    They come before the load in order, so they count as applied when it is (design: generation); a copy of such a
    file that is put after the load must not win over it.

    Args:
        choice: the batch.
        state: the table before it.
        last_sequences: greatest change sequence by file id, as far as it is known.
    """
    if choice.generation == state.generation:
        return choice
    before = (last_sequences.get(each.file.file_id, "") for each in choice.files if each.generation < choice.generation)
    # A malformed one, whose row goes to quarantine, would stand above every change to come.
    return choice._replace(floor=max([choice.floor, *filter(is_sequence, before)]))


def _generation_of(file: LandedFile, generation: int, load_started: datetime | None) -> int:
    """A change file written before a reload's first object belongs to the generation before it."""
    written_before = generation > 1 and load_started is not None and file.last_modified < load_started
    return generation - 1 if written_before else generation


def in_order(members: Iterable[tuple[LandedFile, int]]) -> tuple[ChosenFile, ...]:
    """Files with their generations, in the order of their rows."""
    chosen = [ChosenFile(file, generation) for file, generation in members]
    return tuple(sorted(chosen, key=lambda c: (c.generation, not c.is_full, c.file.name, c.file.key)))


def load_id(loads: Iterable[LandedFile]) -> str:
    """Digest of the sorted (key, etag) of a load's objects."""
    keys = "\n".join(f"{key} {etag}" for key, etag in sorted((file.key, file.etag) for file in loads))
    return hashlib.sha256(keys.encode()).hexdigest()[:32]
