"""What `odpf_file_tracker_history` keeps of a file that is done."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from odpf.landed_file import LandedFile
from odpf.states import FileState


class FileRecord(BaseModel):
    """A landed file with what became of it.

    Attributes:
        batch_id: the file batch that applied it, None when quarantined before any.
        generation: of the table when it was applied.
        commit_instant: the Hudi instant that has its rows; None when its batch needed no commit.
        first_sequence, last_sequence: smallest and greatest change sequence in it, None without rows.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: LandedFile
    state: FileState
    reason: str | None = None
    raw_table: str | None = None
    batch_id: str | None = None
    run_id: str | None = None
    generation: int | None = None
    commit_instant: str | None = None
    rows: int | None = None
    first_sequence: str | None = None
    last_sequence: str | None = None
    done_at: str | None = None
