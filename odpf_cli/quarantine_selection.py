"""Which files a release is about: named by their ids, by a file batch, or by their table and reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf_cli.files import waiting
from odpf_cli.quarantine_contents import Quarantine


class Selection(NamedTuple):
    """Files to put back, and files that were asked for and wait already."""

    records: tuple[FileRecord, ...] = ()
    waiting: tuple[LandedFile, ...] = ()


def select_ids(quarantine: Quarantine, ids: Sequence[str]) -> Selection:
    """Files by file id, and those that the rows of a batch came from by batch id; all of them, or none.

    Raises:
        NotInQuarantine: an id is neither, nor that of a file that waits.
    """
    files = {record.file.file_id: record for record in quarantine.tracker.quarantined()}
    others = {each for each in ids if each not in files}
    still = waiting(quarantine.tracker, None) if others else []
    wait = {file.file_id: file for file in still if file.file_id in others}
    found: dict[str, FileRecord] = {}
    for each in ids:
        records = [files[each]] if each in files else [] if each in wait else quarantine.batch(each).records
        found |= {record.file.file_id: record for record in records}
    return Selection(tuple(found.values()), tuple(wait.values()))


def select_table(quarantine: Quarantine, table: str, reason: str = "", *, rows: bool = False) -> Selection:
    """Files of a source table whose reason contains a text, compared without regard to case.

    Args:
        quarantine: where to look.
        table: source table.
        reason: the text; everything contains the empty one.
        rows: also files that were applied but for rows with such a reason.
    """

    def fits(text: str | None) -> bool:
        return reason.lower() in (text or "").lower()

    contents = quarantine.contents(table)
    found = {record.file.file_id: record for record in contents.files if fits(record.reason)}
    for batch in contents.batches if rows else ():
        if any(fits(kind) for kind in batch.reasons):
            found |= {record.file.file_id: record for record in quarantine.batch(batch.batch_id).records}
    return Selection(tuple(found.values()))
