"""What starts runs of a cadence by itself: the names of its schedules, and the input of the state machine. Pure."""

from __future__ import annotations

from typing import Any

from odpf.rebuild import Rebuild

_MAINTENANCE = ".maintenance"
"""No cadence's name has a dot, so no other cadence's schedule has this name."""


def maintenance_schedule_name(refresh_cadence: str) -> str:
    """Name of the schedule of a cadence's maintenance; that of its refresh is the cadence itself."""
    return f"{refresh_cadence}{_MAINTENANCE}"


def execution_input(
    refresh_cadence: str, *, maintenance: bool = False, rebuild: Rebuild | None = None
) -> dict[str, Any]:
    """What an execution of the state machine is started with; without `maintenance` and `rebuild` it refreshes."""
    other = {"maintenance": True} if maintenance else {}
    asked = {"rebuild": rebuild.model_dump(mode="json")} if rebuild else {}
    return {"refresh_cadence": refresh_cadence, **other, **asked}


def scheduled_input(schedule: str) -> dict[str, Any]:
    """What a schedule of this name starts the state machine with."""
    cadence = schedule.removesuffix(_MAINTENANCE)
    return execution_input(cadence, maintenance=cadence != schedule)
