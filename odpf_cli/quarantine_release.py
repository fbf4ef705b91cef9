"""Release from quarantine: which files may go back among those that wait is decided here, and then done one by one.

A file goes back as it is; the next run applies it in the order of its rows, wherever those belong. Rows that were set
aside go back with their whole file: those of its rows that were applied before are late or unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile, localised
from odpf.ports import FileTracker, Ledger, ObjectStore, StoredObject
from odpf.settings import StagingPlace
from odpf.states import DmsFileType, FileState, Release
from odpf.table_state import TableState


class Released(NamedTuple):
    """What became of one file that was to be released; `why` says it of one that was not put back."""

    record: FileRecord
    result: Release
    why: str | None = None

    @property
    def waits(self) -> bool:
        """Whether the next run will apply it, put back now or before."""
        return self.result in (Release.PUT_BACK, Release.WAITS)


class Releaser(NamedTuple):
    """Releases files over the ports that know of them."""

    tracker: FileTracker
    ledger: Ledger
    objects: ObjectStore
    places: Sequence[StagingPlace]

    def release(self, records: Iterable[FileRecord]) -> list[Released]:
        """Put files back that may go, in the order given; each moves at once, and only while it is as its record says.

        The ledger is read after the records were: what a run quarantines later is not in them.
        """
        records = list(records)
        states = self.ledger.states({record.raw_table for record in records if record.raw_table})
        whys = [refusal(each, self._standing(each), states.get(each.raw_table or "")) for each in records]
        may = [record for record, why in zip(records, whys, strict=True) if why is None]
        done = dict(zip((record.file.file_id for record in may), self.tracker.release(may), strict=True))
        return [
            Released(record, Release.REFUSED, why) if why else _moved(record, done[record.file.file_id])
            for record, why in zip(records, whys, strict=True)
        ]

    def _standing(self, record: FileRecord) -> StoredObject | None:
        """What stands in staging under the file's key, found by a listing, which needs no right to read the file."""
        file = localised(record.file, self.places)
        first = next(iter(self.objects.list(file.bucket, file.key)), None)
        return first if first and first.key == file.key else None


def refusal(record: FileRecord, stands: StoredObject | None, state: TableState | None) -> str | None:
    """Why a file cannot be released, with what to do instead; None when it can. Pure.

    Args:
        record: what history has of it.
        stands: the object in staging under its key.
        state: its raw table's, read after the record.
    """
    file = record.file
    if file.problem:
        return file.problem
    if stands is None:
        return (
            f"{file.path} is no longer in staging. Put it back with the same bytes, then release it; without it the rows "
            "come back with a reload of the table by DMS."
        )
    if stands.etag != file.etag:
        return (
            f"{file.path} was overwritten; what stands there now is another file, which is applied by itself. There is "
            f"nothing to release: odpf files --table '{file.source_table_name}'"
        )
    if record.state is FileState.PROCESSED and file.dms_file_type is DmsFileType.FULL:
        # History is how a reload is told from a load that goes on: it must not forget a load that is in the table.
        return (
            f"{file.path} is part of a full load that is in the table. Rows of a load come back with a load: remove their "
            "cause, then have DMS reload the table."
        )
    return _refused_by_table(record, state) if state else None


def _refused_by_table(record: FileRecord, state: TableState) -> str | None:
    """A run that died after its commit is finished from what that says of its files, which would undo a release."""
    if state.intent is not None and state.intent.batch_id == record.batch_id:
        return (
            f"The run that set it aside ({record.run_id}) has not finished {state.raw_table}. Release it when that run has "
            "ended; if it died, the next run finishes its work: odpf status"
        )
    if _is_of_former_generation(record, state):
        return (
            f"It belongs to what was before generation {state.generation} of {state.raw_table}: a later load holds what its rows "
            "said, or an operator began the new generation. There is nothing to release."
        )
    return None


def _is_of_former_generation(record: FileRecord, state: TableState) -> bool:
    """Whether the file's rows were superseded; applied now they could be taken for newer than they are.

    A change file is judged by when it was first put: put back it looks younger. That of a table's first load is applied
    whenever it was put (docs/adr/0002).
    """
    former = record.generation is not None and record.generation < state.generation
    if record.file.dms_file_type is DmsFileType.FULL or record.state is FileState.PROCESSED:
        return former
    began = datetime.fromisoformat(state.load_started_at) if state.load_started_at else None
    return former and began is not None and record.file.last_modified < began


def warnings(released: Iterable[Released]) -> tuple[str, ...]:
    """What a person has to know of applied files that are applied once more."""
    again = {each.record.file.source_table_name for each in released if _is_applied_again(each)}
    return tuple(
        f"{table}: files that were applied before are applied once more. The rows that the table has already change nothing: "
        "the run counts them as late or unchanged."
        for table in sorted(again)
    )


def _is_applied_again(released: Released) -> bool:
    return released.result is Release.PUT_BACK and released.record.state is FileState.PROCESSED


def already_waiting(file: LandedFile) -> Released:
    """A file that needs no release."""
    return Released(FileRecord(file=file, state=FileState.LANDED), Release.WAITS)


def _moved(record: FileRecord, result: Release) -> Released:
    if result is Release.CHANGED:
        return Released(
            record,
            result,
            f"History says something else of {record.file.path} by now, and it stays as it is: "
            f"odpf files --table '{record.file.source_table_name}'",
        )
    return Released(record, result)
