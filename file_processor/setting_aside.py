"""Which tables a run leaves alone, because they failed again and again (R11): told in its summary, tried by nobody. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from odpf.audit import TableResult
from odpf.landed_file import LandedFile
from odpf.run_request import RunRequest
from odpf.set_aside import DIED, IsOver, is_set_aside, why_set_aside
from odpf.states import Outcome, RefreshStatus
from odpf.table_config import TableConfig
from odpf.table_state import TableState


class Trial(NamedTuple):
    """What decides whether a table is tried once more.

    Attributes:
        most_attempts: `Settings.most_attempts`.
        now: the moment of the plan.
        request: what the run was started with.
        is_over: whether a run is over.
    """

    most_attempts: int
    now: datetime
    request: RunRequest
    is_over: IsOver


def left_alone(
    config: TableConfig, state: TableState | None, files: Sequence[LandedFile], trial: Trial
) -> TableResult | None:
    """The result of a table that this run does not try; None where it does.

    Args:
        config: the table.
        state: its state; None when it was never run.
        files: what waits for it.
        trial: what decides.
    """
    request = trial.request
    if state is None or state.attempts is None or request.tables:
        return None
    if is_set_aside(config, state, trial.most_attempts, trial.is_over):
        return (
            None if request.with_set_aside else _result(config, files, Outcome.SET_ASIDE, why_set_aside(config, state))
        )
    if request.scheduled and state.attempts.tried_with == config.digest and state.attempts.has_to_wait(trial.now):
        why = (
            f"{state.last_error or DIED} It is tried again at {state.attempts.next_at}, after {state.attempts.number} "
            f"attempts in a row; at once by: odpf run {config.refresh_cadence} --table '{config.source_table_name}' --wait"
        )
        return _result(config, files, Outcome.REFRESH_ERROR, why)
    return None


def _result(config: TableConfig, files: Sequence[LandedFile], outcome: Outcome, why: str) -> TableResult:
    return TableResult(
        source_table_name=config.source_table_name,
        raw_database_name=config.raw_database_name,
        raw_table_name=config.raw_table_name,
        outcome=outcome,
        refresh_status=RefreshStatus.ERROR,
        error=why,
        files=len(files),
        bytes=sum(file.size for file in files),
    )
