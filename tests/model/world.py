"""What the model is about: a table's ledger, file tracker and folder, and the runs at it, as values that can be compared.

One table alone, since nothing of the protocol spans tables. Files are numbers, and a file's number is its order
position, so that the high-water mark is the greatest number applied; instants are numbers in the order in which commits
were begun. A *hold* is one pass of one process through the steps of `file_processor.table_run`; its number is its place
in `World.runs`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

Files = frozenset[int]
NONE: Files = frozenset()


class Ledger(NamedTuple):
    """The table's item of the processing tracker; `token` is the hold whose acquisition stands there."""

    owner: str = ""
    fence: int = 0
    token: int = -1
    intent: bool = False
    mark: int = 0
    instant: int = 0


class Commit(NamedTuple):
    """A completed commit with what its note says; `hold` is known to the model alone."""

    instant: int
    files: Files
    fence: int
    follows: int
    hold: int


class Data(NamedTuple):
    """The data files of a commit, completed or not."""

    instant: int
    files: Files


class Run(NamedTuple):
    """One hold: where it stands, and what it keeps in its own memory.

    Attributes:
        at: its next step (`tests.model.protocol`).
        seen: owner and fence as it saw them.
        fence: of its lease.
        frozen: the files of its plan.
        known: those of them that history had before the table was taken; None to ask later.
        listed, had_folder: instants of unfinished commits, and whether anything was there, as listed.
        settling: what it is writing down now; None before its own commit.
        rest: commits of dead runs that are still to be written down.
        chunks: files that still have to go to history, one a transaction.
        batch: what it applies.
        instant: of its own commit, 0 before it began.
        settled, mark: of its lease.
        told: instants that it will tell in its audit row.
        just_done: files that it has written down.
    """

    owner: str
    at: str = "plan"
    seen: tuple[str, int] = ("", 0)
    fence: int = 0
    frozen: Files = NONE
    known: Files | None = None
    listed: Files = NONE
    had_folder: bool = False
    settling: Commit | None = None
    rest: tuple[Commit, ...] = ()
    chunks: tuple[int, ...] = ()
    batch: Files = NONE
    instant: int = 0
    settled: int = 0
    mark: int = 0
    told: Files = NONE
    just_done: Files = NONE


class Write(NamedTuple):
    """A request to DynamoDB; `fence` is the one that it is conditional on, `to` what it writes."""

    kind: str
    hold: int
    owner: str
    fence: int
    seen_owner: str = ""
    to: int = 0
    mark: int = 0
    files: Files = NONE


class Put(NamedTuple):
    """A request to S3 that is still under way though its run has given it up: data files, or the completed entry."""

    hold: int
    data: Data
    commit: Commit | None = None


class Budget(NamedTuple):
    """How often something may still happen."""

    lost_answers: int = 0
    failures: int = 0
    wrong_beliefs: int = 0
    restores: int = 0


class World(NamedTuple):
    """Everything at one moment.

    Attributes:
        waiting, done: files in the tracker and in its history.
        begun: (instant, hold) of commits that are announced and not completed.
        data: data files below the table.
        clock: the newest instant ever begun.
        ended: processes that take no step any more.
        believed: processes that are alive and that everybody takes for ended.
        coming, duplicates: files that may still land, and whose event may still come again.
        registering: files that the File Manager has not found in history and is about to make pending.
        late: a request that may still be carried out.
        holder, highest, told, noticed, shrunk, broken: what only an observer knows: the hold that took the table last
            and did not give it back, the greatest fence ever given, the commits that audit rows tell, whether a run
            has raised a TimelineViolation, whether rows that a reader saw went away, and the first broken guarantee.
    """

    ledger: Ledger
    waiting: Files
    done: Files
    commits: tuple[Commit, ...]
    begun: frozenset[tuple[int, int]]
    data: frozenset[Data]
    clock: int
    runs: tuple[Run, ...]
    ended: frozenset[str]
    believed: frozenset[str]
    coming: Files
    duplicates: Files
    registering: Files
    late: Write | Put | None
    budget: Budget
    holder: int | None = None
    highest: int = 0
    told: Files = NONE
    noticed: bool = False
    shrunk: bool = False
    broken: str = ""


@dataclass(frozen=True)
class Conditions:
    """One boolean for each condition of the protocol; a search without one of them finds what it is for.

    Attributes:
        has_ended: a table with an owner is taken only when that owner has ended (`Contender._check_free`).
        fence_as_seen, owner_as_seen: conditions of an acquisition (`DynamoLedger.acquire`).
        token: an acquisition without an answer is recognised by its token, not by its owner's name.
        owner_in_writes, fence_in_writes: conditions of every later write (`DynamoLedger._write`, `Finish._lease_check`).
        lease_in_intent, lease_in_chunks, lease_in_progress, lease_in_release: that each write has them.
        mark_not_back: progress does not set the high-water mark back (`DynamoLedger.advance`).
        timeline_first: what the ledger does not know is settled before files are chosen (`Recovery`).
        line_of_commits: ... and has to be one line behind the settled commit (`Timeline.unsettled`).
        below_the_settled: ... and nothing may have appeared below it.
        fence_raised: a fence found in the timeline is exceeded.
        known_of_free_alone: history is asked before the table is taken only if nobody owns it (`BatchRun._take_as_seen`).
        without_done, done_dropped: files that history has are not chosen, and no longer pending
            (`TableRun._pending_files`).
        dead_planned: a table that a dead run holds is planned without pending files, too (`plan_run`).
        intent_planned: so is a free one with an intent: a run has failed in the middle and given it back.
        load_spares_commits: clearing the folder for a first load stops at a completed commit
            (`Timeline.remove_unfinished`).
        hidden: rows are seen only through the completed entry (Hudi).
        rolled_back: who begins a commit rolls back what was begun before (Hudi; `roll_back`).
        newest, follows, fences, whole: what is looked at behind the own commit (`Timeline.check_newest`).
        spark_whole: `whole` of Spark's commits, too.
        settled_after_commit: files go to history behind their commit, not before it (`TableRun`).
        mark_before_files: without a commit, progress is recorded before files go to history (`Settlement.settle`).
        kept_after_failure: who cannot know how its commit ended keeps the table until its process ends
            (`BatchRun._hold`).
    """

    has_ended: bool = True
    fence_as_seen: bool = True
    owner_as_seen: bool = True
    token: bool = True
    owner_in_writes: bool = True
    fence_in_writes: bool = True
    lease_in_intent: bool = True
    lease_in_chunks: bool = True
    lease_in_progress: bool = True
    lease_in_release: bool = True
    mark_not_back: bool = True
    timeline_first: bool = True
    line_of_commits: bool = True
    below_the_settled: bool = True
    fence_raised: bool = True
    known_of_free_alone: bool = True
    without_done: bool = True
    done_dropped: bool = True
    dead_planned: bool = True
    intent_planned: bool = True
    load_spares_commits: bool = True
    hidden: bool = True
    rolled_back: bool = True
    newest: bool = True
    follows: bool = True
    fences: bool = True
    whole: bool = True
    spark_whole: bool = True
    settled_after_commit: bool = True
    mark_before_files: bool = True
    kept_after_failure: bool = True

    def without(self, *names: str) -> Conditions:
        """The protocol with some conditions removed."""
        return replace(self, **dict.fromkeys(names, False))


NAMES = tuple(each.name for each in fields(Conditions))


@dataclass(frozen=True)
class Surroundings:
    """What may happen in a search; everything is bounded and nothing is random.

    Attributes:
        owners: the process of each hold; two of one name are one process.
        loaded: whether the table has its first load, file 1, already.
        remains: whether a first load has died in the middle of its commit, and was given back.
        waiting, coming: files that have landed, and that may land at any time.
        duplicates: files whose event comes once more.
        idle: files without effect: deletes of absent keys, changes that a history has.
        lost_answers: writes that are carried out and whose answer is lost; the SDK sends them again.
        late_requests: whether one of those is carried out once more, at any later time.
        failures: errors (no answer in the end, an engine's) after which the run gives the table back.
        stragglers: whether a failed engine's request to S3 may be carried out later while its process lives.
        wrong_beliefs: processes that are taken for ended and are not.
        dies: whether a process may end in the middle of its work; else everybody comes to look at its own commit.
        restores: how often the ledger goes back to its beginning while nobody works.
        spark: whether a writer rolls back whatever it finds, and does not look for its data files; else as Arrow does.
    """

    owners: tuple[str, ...] = ("A", "B")
    loaded: bool = False
    remains: bool = False
    waiting: Files = frozenset({1})
    coming: Files = NONE
    duplicates: Files = NONE
    idle: Files = NONE
    lost_answers: int = 0
    late_requests: bool = False
    failures: int = 0
    stragglers: bool = False
    wrong_beliefs: int = 0
    dies: bool = True
    restores: int = 0
    spark: bool = False

    @property
    def is_right_about_ends(self) -> bool:
        """Whether what is taken for ended has ended, and no process comes to one table twice."""
        return not self.wrong_beliefs and len(set(self.owners)) == len(self.owners)

    @property
    def beginning(self) -> World:
        """A table never run, one with a first load and nothing else, or one whose first load died."""
        load = Commit(1, frozenset({1}), 1, 0, -1)
        was_written = self.loaded or self.remains
        return World(
            ledger=Ledger(fence=1, mark=1, instant=1) if self.loaded else Ledger(fence=int(self.remains)),
            waiting=self.waiting,
            done=load.files if self.loaded else NONE,
            commits=(load,) if self.loaded else (),
            begun=frozenset({(1, -1)} if self.remains else ()),
            data=frozenset({Data(1, load.files)} if was_written else ()),
            clock=int(was_written),
            runs=tuple(Run(owner) for owner in self.owners),
            ended=frozenset(),
            believed=frozenset(),
            coming=self.coming,
            duplicates=self.duplicates,
            registering=NONE,
            late=None,
            budget=Budget(self.lost_answers, self.failures, self.wrong_beliefs, self.restores),
        )


class Rules(NamedTuple):
    """What holds in one search."""

    conditions: Conditions = Conditions()
    surroundings: Surroundings = Surroundings()


Step = tuple[str, World]
"""What happens, as a sentence, and the world after it."""


def with_run(world: World, number: int, **changes: Any) -> World:
    """The world with another state of one hold."""
    runs = world.runs
    return world._replace(runs=(*runs[:number], runs[number]._replace(**changes), *runs[number + 1 :]))


def is_alive(world: World, run: Run) -> bool:
    """Whether a hold may still take a step."""
    return run.owner not in world.ended and run.at != "over"
