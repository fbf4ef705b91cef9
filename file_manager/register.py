"""Recording landed files, once each."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from file_manager.events import read_message
from odpf.clock import iso
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.ports import FileTracker
from odpf.settings import StagingPlace
from odpf.states import FileState, Registration

_log = logging.getLogger(__name__)


def register_message(body: str, places: Sequence[StagingPlace], tracker: FileTracker, now: datetime) -> Counter[str]:
    """Register the landed files of one message of the staging queue.

    Returns:
        How many files were registered, quarantined, already pending or already done, and how many objects ignored.

    Raises:
        InvalidEvent: the message cannot be used.
    """
    arrived = read_message(body, places)
    counts = Counter({"ignored": arrived.ignored})
    for file in arrived.files:
        result = register(file, tracker, now)
        new_problem = file.problem is not None and result is Registration.REGISTERED
        became = FileState.QUARANTINED if new_problem else result
        counts[became] += 1
        _log.info(
            "landed file %s",
            became.value,
            extra={"source_table_name": file.source_table_name, "file_id": file.file_id, "path": file.path},
        )
    return +counts


def register(file: LandedFile, tracker: FileTracker, now: datetime) -> Registration:
    """Make a file pending, or quarantine one that cannot be applied whatever it holds."""
    if file.problem is None:
        return tracker.register(file, now)
    return tracker.quarantine(FileRecord(file=file, state=FileState.QUARANTINED, reason=file.problem, done_at=iso(now)))
