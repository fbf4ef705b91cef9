"""Notice change files that are new and yet say nothing new, as those of a DMS task that was made anew (R3a). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from odpf.file_record import FileRecord
from odpf.order import OrderPosition, is_sequence
from odpf.states import DmsFileType, FileState


def restarted_task_warnings(records: Iterable[FileRecord], high_water_mark: str | None) -> list[str]:
    """A sentence if the newest files by name lie, with every row, below what was applied before.

    DMS names its change files by the time at which it writes them, and within one task sequences grow with it. A file
    that is delivered late lies below the mark, too, but has an older name. A task that resumes may write changes once
    more, which is harmless, so this is a warning and stops nothing.

    Args:
        records: files of the batch as history has them.
        high_water_mark: of the table before the batch, as the ledger has it.
    """
    if high_water_mark is None:
        return []
    mark = OrderPosition.parse(high_water_mark)
    behind = sorted((record.file for record in records if _is_behind(record, mark)), key=lambda file: file.name)
    if not behind:
        return []
    newest, more = behind[-1], f" and {len(behind) - 1} more" if len(behind) > 1 else ""
    return [
        f"{newest.path}{more}: the newest by name, and every row lies below the change sequence that was reached before "
        f"({mark.sequence}), so rows that are stored stay as they are. Was the DMS task made anew? Then its sequences "
        f"start again: odpf generation bump --table '{newest.source_table_name}' (docs/operate.md)."
    ]


def _is_behind(record: FileRecord, mark: OrderPosition) -> bool:
    """Whether a file's last sequence is below the mark, of the same generation, and its name above."""
    is_applied = record.state is FileState.PROCESSED and record.file.dms_file_type is DmsFileType.INCREMENTAL
    last = record.last_sequence
    if not is_applied or record.generation != mark.generation or last is None or not is_sequence(last):
        return False
    return last < mark.sequence and record.file.name > mark.file
