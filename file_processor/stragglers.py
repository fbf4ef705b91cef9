"""What a writer that lost its table has still written into it: found, and taken back out (G5, R7).

A take-over makes sure that the former owner has ended, so this is the second net, for what cannot happen: a process that Glue calls
ended and that goes on. It can change nothing in ledger and history, where its fence is too low. In the table it can

    complete a commit late      it follows a commit that its successor's follows as well, with a lower fence: a straggler
    begin one and not end it    below its successor's: Hudi refuses to roll back what is not the newest, and so every write
    roll its successor back     the successor finds its own commit without its files, and withdraws it
    leave data files behind     of no commit; Hudi would show them once their instant is older than the archived ones

All commits of ODPF are one line, in which each names the one that it follows. What stands beside the line is withdrawn as long as
nobody has built on it, and the files of its batch are applied by whoever holds the table.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from file_processor.commit import Commit
from file_processor.file_batch import CommitNote
from file_processor.timeline import Timeline
from odpf.errors import TimelineViolation
from odpf.table_state import TableState

_log = logging.getLogger(__name__)
_WRITES = ("commit", "deltacommit", "replacecommit", "clustering")


def beside_the_line(commits: Sequence[Commit], settled: str) -> list[Commit]:
    """Commits that have a rival in the line of the settled one: it follows the same commit, with a greater fence. Oldest first.

    Both are of one epoch, in which one Region alone writes, as fences are compared within a Region. What is neither in the line nor has a rival in it is no straggler; `Timeline.unsettled` says what it is.

    Args:
        commits: those with ODPF's note, oldest first.
        settled: the newest instant that the ledger knows; empty without one.
    """
    notes = {commit.instant: commit.note for commit in commits if commit.note}
    line = _line(notes, settled)
    rivals = {(notes[instant].epoch, notes[instant].follows): notes[instant].fence for instant in line}
    return [
        commit
        for commit in commits
        if (note := commit.note)
        and commit.instant not in line
        and note.fence < rivals.get((note.epoch, note.follows), 0)
    ]


def _line(notes: Mapping[str, CommitNote], settled: str) -> set[str]:
    """Instants from the settled commit back as far as notes tell what they follow, and on from it."""
    line, at = set(), settled
    while at in notes and at not in line:
        line.add(at)
        at = notes[at].follows or ""
    at, fence = settled, notes[settled].fence if settled in notes else 0
    while nexts := [(n.fence, i) for i, n in notes.items() if i > at and n.follows == at and n.fence >= fence]:
        fence, at = max(nexts)
        line.add(at)
    return line


class Stragglers:
    """Looks after one table's timeline; whoever calls it holds the table, or has lost it and means its own commit."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def take_out(self, lease: TableState) -> list[str]:
        """Withdraw every commit beside the line; returns what was done, for people.

        As long as the listing has as many commits as there were at the last look, and nothing newer, no commit is read.

        Args:
            lease: the table as its owner has it.

        Raises:
            TimelineViolation: another commit was built on one of them.
        """
        said = self._clear_begun()
        settled = lease.commit_instant or ""
        newer = [each.instant for each in self._timeline.commits(settled) if not each.is_service]
        older = sum(instant <= settled for instant in self._timeline.instants)
        if not newer and (lease.active_commits is None or older <= lease.active_commits):
            return said
        commits = [each for each in self._timeline.commits() if each.note and not each.is_service]
        return [*said, *(self.withdraw(each) for each in beside_the_line(commits[::-1], settled))]

    def _clear_begun(self) -> list[str]:
        """Remove what was begun below the newest commit and not ended."""
        newest = max(self._timeline.instants, default="")
        below = [each for each in self._timeline.pending if each.action in _WRITES and each.instant < newest]
        if not below:
            return []
        self._timeline.roll_back(below)
        self._timeline.drop_unfinished_services()  # rollbacks of it that Hudi has begun, and would end in vain
        self._timeline.refresh()
        said = f"Commits {', '.join(each.instant for each in below)}, begun by a writer that had lost the table, were removed."
        _log.warning("%s: %s", self._timeline.location, said)
        return [said]

    def withdraw(self, commit: Commit) -> str:
        """Take one commit out; returns what was done, for people.

        Raises:
            TimelineViolation: another commit was built on it.
        """
        built = [
            other.instant
            for other in self._timeline.commits(commit.instant)
            if any(before == commit.instant for _, before in other.predecessors)
        ]
        if built:
            raise TimelineViolation(
                f"Commit {commit.instant} of {self._timeline.location} was made by a writer that had lost the table, and "
                f"{', '.join(built)} was built on it. Nothing more is written. Build the table anew: odpf resnapshot"
            )
        self._timeline.withdraw(commit)
        said = f"Commit {commit.instant} was taken back out; its files are applied by whoever holds the table."
        _log.warning("%s: %s", self._timeline.location, said)
        return said

    def remove_orphans(self, seam: str | None) -> None:
        """Remove data files of no commit, begun or made.

        Args:
            seam: that of the lease; files up to it may be replicas of another Region, whose commit is still on its way.
        """
        orphans = self._timeline.orphans(seam or "")
        if orphans:
            _log.warning("removing %d data files of no commit of %s", len(orphans), self._timeline.location)
            self._timeline.remove_files(orphans)
