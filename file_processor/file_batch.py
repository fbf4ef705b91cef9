"""A file batch as it is written down before its commit: enough to finish the ledger without doing anything again."""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, ValidationError

from file_processor.choosing import CycleKind
from file_processor.schema import Schema
from file_processor.schema_change import SchemaChange
from odpf.counts import Counts
from odpf.errors import TimelineViolation
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.table_config import TableConfig

FILE_BATCH_VERSION = 1


class FileBatch(BaseModel):
    """One file batch, stored as `batches/<raw table>/<batch id>.json` in the artifacts bucket.

    Attributes:
        records: its files as history will have them, the quarantined ones too.
        high_water_mark: greatest order position after the batch.
        counts: known before the commit, since what is stored was asked before it.
        rows: whether there is anything to commit.
        schema_changes: where files differed from the table's columns, and what was made of it.
    """

    # A release that was taken back reads what the newer one wrote.
    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int = FILE_BATCH_VERSION
    batch_id: str
    raw_table: str
    run_id: str
    kind: CycleKind
    generation: int
    floor: str
    load_started_at: str | None
    load_id: str | None
    high_water_mark: str | None
    last_change_at: str | None
    schema_after: Schema
    records: tuple[FileRecord, ...]
    counts: Counts
    rows: int
    warnings: tuple[str, ...] = ()
    schema_changes: tuple[SchemaChange, ...] = ()

    @classmethod
    def from_bytes(cls, content: bytes) -> FileBatch:
        """Decode.

        Raises:
            TimelineViolation: another release's format; what the commit holds is not guessed.
        """
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            raise TimelineViolation(
                f"The table's newest commit was made by another release, whose file batch this one cannot read: {error}. "
                "Finish the run with the release that began it."
            ) from None


class CommitNote(BaseModel):
    """What a Hudi commit carries of its file batch, under the key `odpf.batch`.

    Attributes:
        epoch: in which it was made.
        follows: instant of ODPF's commit before it, empty for the table's first; None in commits of releases that did
            not say. The commits of a table are one line; one that is not in it was made by somebody else.
        uri: the object that holds the file batch, empty where the note has it itself.
        file_batch: the file batch, unless it is too large for a commit's metadata.
        absent: the table's columns that the source no longer has, so that each is told once.
        excluded: columns of the newest files that were left out, so that one that is renamed is missed.
        hash_check: tells the key that columns were hashed with, here or before, from another; None where none ever was.
        properties: ETag of the table's property file, where the writer had looked into it and found nothing amiss.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int = FILE_BATCH_VERSION
    batch_id: str
    fence: int
    run_id: str
    uri: str = ""
    file_batch: FileBatch | None = None
    high_water_mark: str | None
    properties: str | None = None
    epoch: int = 0
    follows: str | None = None
    absent: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    hash_check: str | None = None


def batch_id(files: tuple[LandedFile, ...], config: TableConfig, generation: int) -> str:
    """Digest of the ordered file ids, the generation and the configuration: the same work has the same id."""
    parts = [config.model_dump_json(), str(generation), *(file.file_id for file in files)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
