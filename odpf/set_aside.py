"""Tables that failed so often in a row that no run tries them by itself any more (R11). Pure."""

from __future__ import annotations

from collections.abc import Callable

from odpf.table_config import TableConfig
from odpf.table_state import TableState

IsOver = Callable[[str], bool]
"""Whether a run, told by its id, is over: then whoever took a table in it has ended."""

DIED = "The last job run that had it ended without giving it back: killed, out of memory, or timed out."


def failed_attempts(state: TableState, is_over: IsOver) -> int:
    """How many attempts in a row have failed; the one under way has not.

    Args:
        state: of the table.
        is_over: is asked only about the run that holds the table.
    """
    if state.attempts is None:
        return 0
    is_under_way = state.lease_owner is not None and not (state.run_id and is_over(state.run_id))
    return state.attempts.number - is_under_way


def is_set_aside(config: TableConfig, state: TableState | None, most_attempts: int, is_over: IsOver) -> bool:
    """Whether no run takes the table by itself, with the configuration that it has.

    Args:
        config: the table.
        state: its state; None when it was never run.
        most_attempts: `Settings.most_attempts`.
        is_over: see above; is not asked about tables that have not failed so often.
    """
    attempts = state.attempts if state else None
    if state is None or attempts is None or attempts.number < most_attempts or attempts.tried_with != config.digest:
        return False
    return failed_attempts(state, is_over) >= most_attempts


def why_set_aside(config: TableConfig, state: TableState) -> str:
    """Why, and what to do, for a table that is."""
    number = state.attempts.number if state.attempts else 0
    return (
        f"Set aside: the last {number} attempts failed, and no run tries it by itself any more. "
        f"{DIED if state.lease_owner else state.last_error or DIED} When the cause is gone: "
        f"odpf run {config.refresh_cadence} --table '{config.source_table_name}' --wait"
    )
