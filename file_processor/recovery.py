"""Finish what a dead run left in the middle, and take a table over in a new epoch: before anything new is applied."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence

from file_processor.commit import Commit
from file_processor.lease import Contender
from file_processor.settling import Settled, Settlement
from file_processor.stragglers import Stragglers
from file_processor.take_over import TakeOver, is_due
from file_processor.timeline import Timeline
from odpf.errors import EpochRaised
from odpf.landed_file import LandedFile
from odpf.ports import FileTracker
from odpf.table_state import TableState

_log = logging.getLogger(__name__)

Step = tuple[TableState, Settled | None]
"""The lease after a step, and the file batch that is in the ledger now, if it was one."""


class Recovery:
    """Brings ledger and timeline of one table together (R6, R16, R17)."""

    def __init__(self, contender: Contender, tracker: FileTracker, settlement: Settlement, timeline: Timeline) -> None:
        self._contender, self._settlement, self._timeline = contender, settlement, timeline
        self._take_over = TakeOver(contender.ledger, tracker, settlement, timeline)

    def steps(self, lease: TableState, files: Sequence[LandedFile]) -> Iterator[Step]:
        """Finish the ledger of commits that it does not know, without applying anything again.

        The first run of an epoch takes the table over: it looks first whether everything is there.

        Args:
            lease: the table as acquired.
            files: its pending files.

        Raises:
            TimelineViolation: ledger, history and timeline do not fit; nothing was written.
            EpochRaised: another Region has taken over.
        """
        unsettled, epoch = self._timeline.unsettled(lease.commit_instant), self._contender.epoch
        if any(commit.note and commit.note.epoch > epoch for commit in unsettled):
            raise EpochRaised(
                f"{self._timeline.location} has a commit of a later epoch than {epoch}, in which this run was planned. "
                "It leaves the table alone; its files wait for a run of the active Region."
            )
        takes_over = is_due(lease, unsettled, epoch)
        if takes_over:
            self._take_over.verify(lease, files)
        elif lease.seam is not None and lease.first_in_epoch:
            self._timeline.check_seam(lease.seam, lease.first_in_epoch)
        for step in self._finish(lease, unsettled):
            lease = step[0]
            yield step
        if takes_over:
            self._contender.check_epoch()
            yield self._take_over.complete(lease, epoch), None

    def _finish(self, lease: TableState, unsettled: Iterable[Commit]) -> Iterator[Step]:
        for commit in unsettled:
            note = commit.note
            if note is None:
                continue
            self._contender.check_epoch()
            _log.warning(
                "finishing file batch %s of %s, committed by run %s", note.batch_id, lease.raw_table, note.run_id
            )
            # Of an earlier epoch its files may still be replicated; of this one a writer that had lost the table removed them.
            if note.epoch == self._contender.epoch and not self._timeline.is_whole(commit):
                Stragglers(self._timeline).withdraw(commit)
                continue
            self._timeline.check_whole(commit)
            if note.fence >= lease.fence:
                lease = self._contender.ledger.raise_fence(lease, note.fence)
                yield lease, None
            lease, settled = self._settlement.settle(lease, self._settlement.stored(note), commit, recovered=True)
            yield lease, settled
