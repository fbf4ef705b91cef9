"""Take a table over, or leave it to the one who works on it.

A lease alone does not protect a Hudi table from a paused writer that wakes up, so a table whose owner did not
release it is taken only after that owner has ended (G5): its Glue run is in a terminal state, and if its heartbeat
stood still for a whole lease it is stopped first. No clock is compared between machines: the contender counts its
own seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from odpf.clock import utc_now
from odpf.errors import TableLocked
from odpf.ports import JobRuns, Ledger
from odpf.settings import Settings
from odpf.table_state import TableState

_STOP_SECONDS = 120.0


class Contender(NamedTuple):
    """A job run that wants tables.

    Attributes:
        owner: its Glue job run id, written into the lease.
        monotonic, sleep: the contender's own seconds.
    """

    ledger: Ledger
    job_runs: JobRuns
    settings: Settings
    owner: str
    run_id: str
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def take(self, raw_table: str, source_table_name: str) -> TableState:
        """Acquire the table if nobody owns it or its owner has ended.

        Raises:
            TableLocked: a live job run works on it.
        """
        seen = self.ledger.state(raw_table) or TableState(raw_table=raw_table, source_table_name=source_table_name)
        if seen.lease_owner and seen.lease_owner != self.owner and not self._has_ended(seen.lease_owner):
            raise TableLocked(
                f"{raw_table} is being written by job run {seen.lease_owner} (run {seen.run_id}). Its pending files wait "
                "for the next run; if that job run hangs, its lease is taken over after it stopped beating."
            )
        return self.ledger.acquire(seen, self.owner, self.run_id, utc_now())

    def take_or_wait(self, raw_table: str, source_table_name: str) -> TableState:
        """Look at a locked table once more: take it when its owner's heart stood still for a whole lease.

        Raises:
            TableLocked: the owner is alive, or could not be stopped.
        """
        seen = self.ledger.state(raw_table)
        owner = seen.lease_owner if seen else None
        if owner and owner != self.owner and not self._has_ended(owner) and self._stands_still(owner):
            self.job_runs.stop(owner)
            self._await_end(owner)
        return self.take(raw_table, source_table_name)

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
