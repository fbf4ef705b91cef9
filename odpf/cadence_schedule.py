"""What starts runs of a cadence by itself: the names of its schedules, and what they start the state machine with. Pure."""

from __future__ import annotations

from typing import Any

from odpf.run_request import RunRequest

_MAINTENANCE = ".maintenance"
"""No cadence's name has a dot, so no other cadence's schedule has this name."""


def maintenance_schedule_name(refresh_cadence: str) -> str:
    """Name of the schedule of a cadence's maintenance; that of its refresh is the cadence itself."""
    return f"{refresh_cadence}{_MAINTENANCE}"


def scheduled_input(schedule: str) -> dict[str, Any]:
    """What a schedule of this name starts the state machine with."""
    cadence = schedule.removesuffix(_MAINTENANCE)
    request = RunRequest(refresh_cadence=cadence, maintenance=cadence != schedule, scheduled=True)
    return request.execution_input()
