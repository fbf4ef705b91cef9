"""Begin a generation of a table without a load: what an operator does when a DMS task was made anew.

The sequences of a new task may start below those that the table has stored, and its changes would all be late. A
generation stands before the sequence in an order position, so in the next one they are newer than everything there is.
Rows stay until a change meets them: this is no reload.
"""

from __future__ import annotations

from datetime import datetime

from file_processor.lease import Contender
from odpf.clock import iso, utc_now
from odpf.errors import LeaseLost, TableLocked, TerminalError
from odpf.states import RefreshStatus
from odpf.table_state import TableState

_LEAST_GENERATION = 2
"""A change file can belong to a generation before only where there is one (choosing.py); 0 is a table without a load."""


def bump_generation(contender: Contender, raw_table: str, begins: datetime) -> TableState:
    """Raise the table's generation by taking, advancing and releasing it as any owner does.

    Whoever dies in between holds nothing up: Glue knows no job run of that name, so the next run takes the table.

    Args:
        contender: an owner that is no job run, of the epoch as it stands.
        raw_table: `<database>.<table>`.
        begins: change files put before this moment of S3's clock belong to the generation that ends.

    Raises:
        TerminalError: the table has no commit, or `begins` lies before its newest load began.
        TableLocked: a run holds the table, or has to finish what it committed.
        EpochRaised: another Region writes.
    """
    seen = contender.ledger.state(raw_table)
    if seen is None or not seen.exists:
        raise TerminalError(
            f"{raw_table} has no commit yet, so there is nothing that changes could be late against. Nothing was changed."
        )
    refuse_unfinished(seen)
    if seen.load_started_at and begins < datetime.fromisoformat(seen.load_started_at):
        raise TerminalError(
            f"Generation {seen.generation} of {raw_table} began at {seen.load_started_at}; the next one cannot begin before "
            "that. Nothing was changed; give a later --since, or none."
        )
    contender.check_epoch()
    lease = contender.take(raw_table, seen.source_table_name, seen)
    try:
        reached = contender.ledger.advance(lease, lease.model_copy(update=_next(seen, begins)))
    except LeaseLost:
        raise TableLocked(f"A run took {raw_table} at the same moment. Try again when that run has ended.") from None
    try:
        return contender.ledger.release(
            reached,
            seen.refresh_status or RefreshStatus.COMPLETED,
            seen.last_error,
            utc_now(),
            attempts=seen.attempts,
        )
    except LeaseLost:  # a run has it by now, and goes on in the new generation
        return reached


def refuse_unfinished(seen: TableState) -> None:
    """Leave a table alone that somebody works on, or has to finish.

    Raises:
        TableLocked: a run holds the table, or has to finish what it committed.
    """
    if seen.lease_owner:
        raise TableLocked(
            f"{seen.raw_table} is held by {seen.lease_owner} (run {seen.run_id}). Nothing was changed. Wait for that run to end; "
            "if it died, the next run of the cadence finishes what it left: odpf run CADENCE --wait"
        )
    if seen.intent is not None:
        raise TableLocked(
            f"{seen.raw_table} may have a commit that is not in the ledger yet (run {seen.run_id}). Nothing was changed. Let a "
            "run finish it first: odpf run CADENCE --wait"
        )


def _next(seen: TableState, begins: datetime) -> dict[str, object]:
    """The high-water mark stays: it never goes back, and every position of the new generation is above it."""
    return {
        "generation": max(seen.generation + 1, _LEAST_GENERATION),
        "floor": "",
        "load_started_at": iso(begins),
    }
