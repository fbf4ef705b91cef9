"""What `odpf unlock` does: a take-over as any run makes it, by an owner that gives the table back at once (G5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from file_processor.lease import Contender
from file_processor.owners import Owner
from odpf.clock import utc_now
from odpf.errors import TableLocked
from odpf.ports import JobRuns, Ledger
from odpf.settings import Settings
from odpf.states import Compute, JobRunState, RefreshStatus
from odpf.table_state import TableState

RELEASED = "An operator has freed the table (odpf unlock); the next run goes on from where its former owner was."


class Holder(NamedTuple):
    """Who holds a table.

    Attributes:
        state: the table as it was seen.
        owner: read from it.
        job_run: what Glue says of the owner; None of an invocation, and of a job run that Glue does not know.
        has_ended: whether it can write nothing any more.
    """

    state: TableState
    owner: Owner
    job_run: JobRunState | None
    has_ended: bool

    def told(self) -> str:
        """In a sentence."""
        known = f"Glue says {self.job_run}" if self.job_run else "Glue knows no such job run"
        if self.owner.kind is Compute.LAMBDA:
            known = "its run is over" if self.has_ended else "its run is not over"
        return f"{self.state.raw_table} is held by {self.owner} (run {self.state.run_id}): {known}."


class Unlocking(NamedTuple):
    """Frees tables of one deployment."""

    settings: Settings
    ledger: Ledger
    job_runs: JobRuns
    region: str
    is_over: Callable[[str], bool]

    def holder(self, raw_table: str) -> Holder | None:
        """Who holds a table; None when nobody does."""
        state = self.ledger.state(raw_table)
        if state is None or not state.lease_owner:
            return None
        owner = Owner.parse(state.lease_owner)
        if owner.kind is Compute.LAMBDA:
            return Holder(state, owner, None, owner.run_id is not None and self.is_over(owner.run_id))
        job_run = self.job_runs.state(owner.text)
        return Holder(state, owner, job_run, job_run is None or job_run.terminal)

    def free(self, holder: Holder, *, stop: bool) -> TableState:
        """Take the table when its owner has ended, and give it back.

        Args:
            holder: who held it when it was looked at.
            stop: whether a job run that works is stopped; else it has to stand still for a whole lease.

        Raises:
            TableLocked: the owner is alive, or could not be stopped; or somebody else has taken the table since.
            EpochRaised: another Region writes.
        """
        seen = holder.state
        contender = Contender.of_operator(
            self.ledger, self.job_runs, self.settings, self.region, seen, is_summarised=self.is_over
        )
        contender.check_epoch()
        if not stop:
            contender.outwait(holder.owner)
        elif not holder.has_ended:
            if holder.owner.kind is Compute.LAMBDA:
                raise TableLocked(
                    f"{holder.owner} cannot be stopped, and ends by itself within its function's timeout. Nothing was "
                    "changed. Without --stop this command waits for that."
                )
            contender.end(holder.owner)
        lease = contender.take(seen.raw_table, seen.source_table_name, seen)
        return contender.ledger.release(lease, RefreshStatus.ERROR, RELEASED, utc_now(), attempts=lease.attempts)
