"""Take a table over, or leave it to the one who works on it.

A lease alone does not protect a Hudi table from a paused writer that wakes up, so a table whose owner did not
release it is taken only after that owner has ended (G5): its Glue run is in a terminal state, and if its heartbeat
stood still for a whole lease it is stopped first. No clock is compared between machines: the contender counts its
own seconds.

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
from typing import NamedTuple

from odpf.clock import utc_now
from odpf.errors import EpochRaised, TableLocked
from odpf.ports import JobRuns, Ledger
from odpf.settings import Settings
from odpf.table_state import TableState

_STOP_SECONDS = 120.0


class Contender(NamedTuple):
    """A job run that wants tables.

    Attributes:
        owner: its Glue job run id, written into the lease.
        epoch, region: those it was planned in.
        monotonic, sleep: the contender's own seconds.
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

    def take(self, raw_table: str, source_table_name: str) -> TableState:
        """Acquire the table if nobody owns it, its owner has ended, or its lease is of an earlier epoch.

        Raises:
            TableLocked: a live job run works on it, or one of another Region in the same epoch.
            EpochRaised: a later epoch has taken it.
        """
        seen = self.ledger.state(raw_table) or TableState(raw_table=raw_table, source_table_name=source_table_name)
        if seen.lease_epoch > self.epoch:
            raise EpochRaised(
                f"{raw_table} was taken in epoch {seen.lease_epoch}, this run was planned in epoch {self.epoch}. "
                "It leaves the table alone; its files wait for a run of the active Region."
            )
        if self._is_elsewhere(seen):
            raise TableLocked(
                f"{raw_table} is being written by job run {seen.lease_owner} in {seen.lease_region}, in this very epoch; "
                f"{self.region} cannot tell whether it has ended. Make sure that it has, then give the work to one "
                "Region: `odpf epoch raise` (docs/regions.md)."
            )
        if self._is_owned(seen) and not self._has_ended(seen.lease_owner or ""):
            raise TableLocked(
                f"{raw_table} is being written by job run {seen.lease_owner} (run {seen.run_id}). Its pending files wait "
                "for the next run; if that job run hangs, its lease is taken over after it stopped beating."
            )
        region = self.region or None
        return self.ledger.acquire(seen, self.owner, self.run_id, utc_now(), epoch=self.epoch, region=region)

    def take_or_wait(self, raw_table: str, source_table_name: str) -> TableState:
        """Look at a locked table once more: take it when its owner's heart stood still for a whole lease.

        Raises:
            TableLocked: the owner is alive, or could not be stopped.
        """
        seen = self.ledger.state(raw_table)
        owner = seen.lease_owner if seen and self._is_owned(seen) and not self._is_elsewhere(seen) else None
        if owner and not self._has_ended(owner) and self._stands_still(owner):
            self.job_runs.stop(owner)
            self._await_end(owner)
        return self.take(raw_table, source_table_name)

    def _is_owned(self, seen: TableState) -> bool:
        """Whether another job run holds a lease that still counts: raising the epoch ends nothing in this Region."""
        is_here = seen.lease_region in (None, self.region)
        return bool(seen.lease_owner) and seen.lease_owner != self.owner and (is_here or seen.lease_epoch == self.epoch)

    def _is_elsewhere(self, seen: TableState) -> bool:
        return self._is_owned(seen) and seen.lease_region not in (None, self.region)

    def _has_ended(self, owner: str) -> bool:
        state = self.job_runs.state(owner)
        return state is None or state.terminal

    def _stands_still(self, owner: str) -> bool:
        """Whether the owner does not beat during one whole lease of our own seconds."""
        beats, started = self.ledger.heartbeat(owner), self.monotonic()
        while self.monotonic() - started < self.settings.lease_seconds:
            self.sleep(min(self.settings.heartbeat_seconds, self.settings.lease_seconds) / 2)
            if self.ledger.heartbeat(owner) != beats or self._has_ended(owner):
                return False
        return True

    def _await_end(self, owner: str) -> None:
        started = self.monotonic()
        while not self._has_ended(owner) and self.monotonic() - started < _STOP_SECONDS:
            self.sleep(1.0)
