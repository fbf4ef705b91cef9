"""What a store says when a table's lease or progress is not what the caller believes."""

from __future__ import annotations

from odpf.epoch import Epoch
from odpf.errors import EpochRaised, LeaseLost, TableLocked, TimelineViolation
from odpf.table_state import TableState


def lease_lost(lease: TableState) -> LeaseLost:
    """Somebody else has taken the table since."""
    return LeaseLost(
        f"{lease.lease_owner} no longer holds {lease.raw_table} with fence {lease.fence}; nothing was recorded. "
        "The run that took it over completes the work."
    )


def table_locked(raw_table: str, owner: str | None) -> TableLocked:
    """The table is not as it was seen before the attempt to take it."""
    holder = f"{owner} holds it" if owner else "another run held it meanwhile"
    return TableLocked(f"{raw_table} was not taken: {holder}. Its files are applied by that run or the next.")


def epoch_raised(seen: Epoch, stands: Epoch) -> EpochRaised:
    """The epoch is not the one that was seen before the attempt to raise it."""
    return EpochRaised(
        f"The epoch is {stands.number} (active Region {stands.active_region}, raised {stands.raised_at} by "
        f"{stands.raised_by}), not {seen.number}; nothing was changed. Look at `odpf epoch show` before raising it again."
    )


def would_go_back(raw_table: str, stands: str | None, wanted: str | None) -> TimelineViolation:
    """The high-water mark never goes back."""
    return TimelineViolation(
        f"The high-water mark of {raw_table} is {stands!r} and would go back to {wanted!r}; nothing was recorded. "
        "Compare the table's Hudi timeline with its state before it is written again."
    )
