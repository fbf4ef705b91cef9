"""Take a table over, or leave it to the one who works on it.

A lease alone does not protect a Hudi table from a paused writer that wakes up, so a table whose owner did not
release it is taken only after that owner has ended (G5). No clock is compared between machines: the contender counts
its own seconds.

    owner        has ended when                              if it hangs
    job run      Glue says so                                stopped when its heart stood still for a whole lease
    invocation   its run is summarised (the state machine    taken when its heart stood still for the function's whole
                 awaited the answer)                         timeout, which no invocation outlives

Glue of this Region knows nothing of another Region's job runs, so it cannot say that they have ended. An operator
can: raising the epoch is the statement that no job run of an earlier epoch works any more. Hence

    this Region, any epoch          taken when its owner has ended: that Glue can say
    another Region, earlier epoch   void: that is what raising the epoch says
    another Region, same epoch      never taken
    lease of a later epoch          this run itself is the one that must stop
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Self

from file_processor.owners import Owner
from file_processor.work_size import TIMEOUT_SECONDS
from odpf.attempts import one_more
from odpf.clock import utc_now
from odpf.errors import EpochRaised, TableLocked
from odpf.failpoints import Failpoint, reached
from odpf.ports import JobRuns, Ledger
from odpf.settings import Settings
from odpf.states import Compute
from odpf.table_state import TableState

_STOP_SECONDS = 120.0


def _nobody_knows(_run_id: str) -> bool:
    return False


@dataclass(frozen=True)
class Contender:
    """A job run, or an invocation, that wants tables.

    Attributes:
        owner: its Glue job run id, or the text of its invocation (`owners.Owner`), written into the lease.
        epoch, region: those it was planned in.
        monotonic, sleep: the contender's own seconds.
        is_summarised: whether a run is over; without it invocations are always outwaited.
        is_patient: whether it may wait for hearts to stand still, and stop job runs. An invocation has neither the
            time nor the permission; the plan gives tables that others hold to Glue.
    """

    ledger: Ledger
    job_runs: JobRuns
    settings: Settings
    owner: str
    run_id: str
    epoch: int = 0
    region: str = ""
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    is_summarised: Callable[[str], bool] = _nobody_knows
    is_patient: bool = True
    _outwaited: set[str] = field(default_factory=set, init=False, repr=False)

    @classmethod
    def of_operator(
        cls,
        ledger: Ledger,
        job_runs: JobRuns,
        settings: Settings,
        region: str,
        seen: TableState,
        is_summarised: Callable[[str], bool] = _nobody_knows,
    ) -> Self:
        """One that is no job run and no invocation, in the epoch as it stands; Glue knows nobody of its name.

        Args:
            ledger: of the deployment.
            job_runs: of its one Glue job.
            settings: its own.
            region: this one.
            seen: the table that it wants; the run stays the one that had it last.
            is_summarised: as above.
        """
        return cls(
            ledger,
            job_runs,
            settings,
            owner=f"operator_{token_hex(16)}",
            run_id=seen.run_id or "none",
            epoch=ledger.epoch().number,
            region=region,
            is_summarised=is_summarised,
        )

    def check_epoch(self) -> None:
        """Make sure that no other Region has taken over: one consistent read, before anything that others would see.

        Raises:
            EpochRaised: this run must stop and write nothing more, not even give its tables back.
        """
        stands = self.ledger.epoch()
        if stands.number != self.epoch or not stands.active_in(self.region):
            raise EpochRaised(
                f"Job run {self.owner} was planned in epoch {self.epoch} in {self.region}; now the epoch is "
                f"{stands.number} and the active Region {stands.active_region}. Nothing more is written; the files wait "
                "for a run of the active Region."
            )

    def check_again(self) -> None:
        """`check_epoch` behind a commit and before a table is given back, where there was ever more than one Region."""
        if self.epoch:
            self.check_epoch()

    def holds(self, lease: TableState) -> bool:
        """Whether nobody has taken the table since: one consistent read."""
        stands = self.ledger.state(lease.raw_table)
        return stands is not None and (stands.lease_owner, stands.fence) == (lease.lease_owner, lease.fence)

    def take(
        self, raw_table: str, source_table_name: str, seen: TableState | None = None, tried_with: str = ""
    ) -> TableState:
        """Acquire the table if nobody owns it, its owner has ended, or its lease is of an earlier epoch.

        Args:
            raw_table: the table.
            source_table_name: what feeds it.
            seen: its state as the caller saw it; None to look. Whoever has taken it since has raised its fence, and a
                table is only taken as seen.
            tried_with: digest of the configuration that a run tries the table with; empty for what is no attempt.

        Raises:
            TableLocked: a live job run works on it, or one of another Region in the same epoch.
            EpochRaised: a later epoch has taken it.
        """
        never_run = TableState(raw_table=raw_table, source_table_name=source_table_name)
        seen = seen or self.ledger.state(raw_table) or never_run
        self._check_free(seen)
        region = self.region or None
        attempts = one_more(seen.attempts, tried_with) if tried_with else None
        lease = self.ledger.acquire(
            seen, self.owner, self.run_id, utc_now(), epoch=self.epoch, region=region, attempts=attempts
        )
        reached(Failpoint.ACQUIRED, raw_table)
        return lease

    def take_or_wait(self, raw_table: str, source_table_name: str, tried_with: str = "") -> TableState:
        """Look at a locked table once more: take it when its owner's heart stood still for long enough.

        Raises:
            TableLocked: the owner is alive, or could not be stopped.
        """
        seen = self.ledger.state(raw_table)
        if self.is_patient and seen and self._is_owned(seen) and not self._is_elsewhere(seen):
            self.outwait(Owner.parse(seen.lease_owner or ""))
        return self.take(raw_table, source_table_name, tried_with=tried_with)

    def outwait(self, owner: Owner) -> None:
        """Wait whether an owner is alive, and make sure that one whose heart stands still is no more."""
        if not self._has_ended(owner) and self._stands_still(owner):
            self.end(owner)

    def end(self, owner: Owner) -> None:
        """Stop a job run and wait until Glue says that it has ended, for at most two minutes.

        An invocation cannot be stopped: call it only for one that has outlived its timeout.
        """
        if owner.kind is Compute.LAMBDA:
            self._outwaited.add(owner.text)
            return
        self.job_runs.stop(owner.text)
        started = self.monotonic()
        while not self._has_ended(owner) and self.monotonic() - started < _STOP_SECONDS:
            self.sleep(1.0)

    def _check_free(self, seen: TableState) -> None:
        """Refuse a table of a later epoch, or with an owner that may be alive; see `take`."""
        raw_table = seen.raw_table
        if seen.lease_epoch > self.epoch:
            raise EpochRaised(
                f"{raw_table} was taken in epoch {seen.lease_epoch}, this run was planned in epoch {self.epoch}. "
                "It leaves the table alone; its files wait for a run of the active Region."
            )
        owner = Owner.parse(seen.lease_owner or "")
        if self._is_elsewhere(seen):
            raise TableLocked(
                f"{raw_table} is being written by {owner} in {seen.lease_region}, in this very epoch; "
                f"{self.region} cannot tell whether it has ended. Make sure that it has, then give the work to one "
                "Region: `odpf epoch raise` (docs/regions.md)."
            )
        if self._is_owned(seen) and not self._has_ended(owner):
            raise TableLocked(
                f"{raw_table} is being written by {owner} (run {seen.run_id}). Its pending files wait for the next run; "
                "if that writer hangs, its lease is taken over by a job run after it stopped beating."
            )

    def _is_owned(self, seen: TableState) -> bool:
        """Whether another job run holds a lease that still counts: raising the epoch ends nothing in this Region."""
        is_here = seen.lease_region in (None, self.region)
        return bool(seen.lease_owner) and seen.lease_owner != self.owner and (is_here or seen.lease_epoch == self.epoch)

    def _is_elsewhere(self, seen: TableState) -> bool:
        return self._is_owned(seen) and seen.lease_region not in (None, self.region)

    def _has_ended(self, owner: Owner) -> bool:
        if owner.kind is Compute.LAMBDA:
            return owner.text in self._outwaited or (owner.run_id is not None and self.is_summarised(owner.run_id))
        state = self.job_runs.state(owner.text)
        return state is None or state.terminal

    def _stands_still(self, owner: Owner) -> bool:
        """Whether the owner does not beat during one whole lease, or timeout, of our own seconds."""
        lease = self.settings.lease_seconds
        whole = max(lease, TIMEOUT_SECONDS) if owner.kind is Compute.LAMBDA else lease
        beats, started = self.ledger.heartbeat(owner.text), self.monotonic()
        while self.monotonic() - started < whole:
            self.sleep(min(self.settings.heartbeat_seconds, lease) / 2)
            if self.ledger.heartbeat(owner.text) != beats or self._has_ended(owner):
                return False
        return True
