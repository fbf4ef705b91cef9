"""Which refresh cadence a table goes into: the more often its rows change the shorter, large tables one step longer. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from config_manager.found_table import FoundTable

BUSY_PER_HOUR = 60.0
"""Changes an hour from which a table goes into the shortest cadence: one a minute."""
QUIET_PER_HOUR = 1.0
"""Changes an hour below which it goes into the longest."""
LARGE_BYTES = 50_000_000_000
"""From here every refresh of a copy_on_write table may rewrite much, so it is done one step more rarely."""


class OfferedCadence(NamedTuple):
    """A cadence to choose: its schedule, and how many seconds lie between two runs."""

    refresh_cadence: str
    schedule: str
    seconds: float


class Choice(NamedTuple):
    """A cadence, and why."""

    refresh_cadence: str
    reason: str


def choose(table: FoundTable, offered: Sequence[OfferedCadence]) -> Choice:
    """Choose a cadence for a table; `offered` has at least one, in any order."""
    steps = sorted(offered, key=lambda cadence: (cadence.seconds, cadence.refresh_cadence))
    step, reason = _by_changes(table, len(steps) - 1)
    if (table.bytes or 0) >= LARGE_BYTES and step < len(steps) - 1:
        step, reason = step + 1, f"{reason}; large, so one step more rarely"
    return Choice(steps[step].refresh_cadence, reason)


def _by_changes(table: FoundTable, longest: int) -> tuple[int, str]:
    rate, told = table.changes
    if rate is None:
        return longest // 2, told
    if rate >= BUSY_PER_HOUR:
        return 0, told
    return (longest if rate < QUIET_PER_HOUR else (longest + 1) // 2), told
