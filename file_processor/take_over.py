"""What the first run of an epoch does with a table before anything else: compare what two kinds of replication brought.

DynamoDB replicates item by item and S3 object by object, each by itself and in no order. So after a fail-over the
ledger may be ahead of the timeline or behind it, history ahead of the ledger or behind it, and a commit may be there
without its data files. Nothing is written before all of it fits (docs/adr/0005).
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

from file_processor.commit import Commit
from file_processor.settling import Settlement
from file_processor.timeline import Timeline
from odpf.errors import TimelineViolation
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.ports import FileTracker, Ledger
from odpf.states import FileState
from odpf.table_state import TableState

_log = logging.getLogger(__name__)
_SAME_MOMENT = timedelta(minutes=1)
"""An event tells the time of its object a little later than S3 does; both are S3's own clock."""
_NAMED = 5


def is_due(lease: TableState, unsettled: Iterable[Commit], epoch: int) -> bool:
    """Whether the table has to be taken over: not yet in this epoch, or a commit of an earlier one came after that."""
    return lease.epoch < epoch or any(commit.note and commit.note.epoch < epoch for commit in unsettled)


class TakeOver:
    """Takes one table over in a new epoch: `verify` reads, `complete` writes."""

    def __init__(self, ledger: Ledger, tracker: FileTracker, settlement: Settlement, timeline: Timeline) -> None:
        self._ledger, self._tracker = ledger, tracker
        self._settlement, self._timeline = settlement, timeline

    def verify(self, lease: TableState, files: Sequence[LandedFile]) -> None:
        """Check that everything is there.

        Args:
            lease: the table as acquired.
            files: its pending files.

        Raises:
            TimelineViolation: what is missing or too much; nothing was written, and the next run looks again.
        """
        self._timeline.check_line()
        if missing := self._timeline.missing_files():
            raise TimelineViolation(
                f"{self._timeline.location} has commits without their data files: {_listed(missing)}. Nothing was "
                "written. Wait until the raw bucket is replicated; the next run looks again."
            )
        records = self._tracker.history(lease.source_table_name)
        history = [record for record in records if record.raw_table == lease.raw_table]
        known = {record.commit_instant for record in history if record.commit_instant}
        if lost := sorted(instant for instant in known if not self._timeline.has(instant)):
            raise TimelineViolation(
                f"History says that commits {_listed(lost)} applied files of {lease.raw_table}; the timeline at "
                f"{self._timeline.location} does not have them. Nothing was written. Wait until the raw bucket is "
                "replicated, or give the work back to the Region that has them; else rebuild the table."
            )
        if changed := _with_other_etags(files, history):
            raise TimelineViolation(
                f"{_listed(changed)}: the file was applied before, with another etag. Replicas have the etags of their "
                "originals only where DMS and both staging buckets encrypt with SSE-S3; with others every file would "
                "be applied twice. Nothing was written (docs/regions.md)."
            )

    def complete(self, lease: TableState, epoch: int) -> TableState:
        """Finish history for every commit, tell this Region's catalog, and record that the table is taken over.

        Raises:
            TimelineViolation: the record of a commit is not there.
        """
        self._timeline.drop_unfinished_services()
        commits = [commit for commit in self._timeline.commits() if commit.note and not commit.is_service]
        self._finish_history(lease, commits[::-1])
        changes = {"epoch": epoch, "seam": max(self._timeline.instants, default=""), "first_in_epoch": None}
        if commits:
            changes["catalog_digest"] = self._settlement.republish(lease, commits[0])
        _log.info("%s taken over in epoch %s, behind %s", lease.raw_table, epoch, changes["seam"] or "no commit")
        return self._ledger.advance(lease, lease.model_copy(update=changes))

    def _finish_history(self, lease: TableState, commits: Iterable[Commit]) -> None:
        """The ledger may have come over and the history of the same commit not: its files would be applied again."""
        for commit in commits:
            if commit.note is None:
                continue
            batch = self._settlement.stored(commit.note)
            files = {record.file for record in batch.records}
            if {file.file_id for file in files} - self._tracker.done(files):
                _log.warning("finishing history of file batch %s of %s", batch.batch_id, lease.raw_table)
                self._settlement.finish(lease, batch, commit)


def _with_other_etags(files: Sequence[LandedFile], history: Iterable[FileRecord]) -> list[str]:
    """Paths of pending files that are a finished one but for the etag: same key, size and time, so not overwritten."""
    done: dict[str, list[LandedFile]] = defaultdict(list)
    for record in history:
        if record.state is FileState.PROCESSED:
            done[record.file.key].append(record.file)

    def is_replica_of(file: LandedFile, old: LandedFile) -> bool:
        is_same = old.etag != file.etag and old.size == file.size
        return is_same and abs(file.last_modified - old.last_modified) < _SAME_MOMENT

    return [file.path for file in files if any(is_replica_of(file, old) for old in done[file.key])]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
