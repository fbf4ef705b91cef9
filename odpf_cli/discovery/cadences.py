"""The cadences that tables are proposed for: those given, else those deployed, else three of our own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from config_manager.cadence_choice import OfferedCadence
from observability.schedule_expression import next_due, rate_period
from odpf.config_problems import problems_of
from odpf.errors import InvalidConfiguration
from odpf.table_config import CadenceConfig

OF_OUR_OWN = ("10_min_refresh=rate(10 minutes)", "hourly_refresh=rate(1 hour)", "daily_refresh=cron(0 3 * * ? *)")
_SOME_DAY = datetime(2026, 1, 5, tzinfo=UTC)
_UTC = "UTC"


def offered(given: Sequence[str], deployed: Mapping[str, str | None]) -> tuple[OfferedCadence, ...]:
    """The cadences to choose from.

    Args:
        given: `NAME` of a deployed cadence, or `NAME=rate(...)`, `NAME=cron(...)`.
        deployed: schedules by name of cadence.

    Raises:
        InvalidConfiguration: a cadence without a name, or without a schedule.
    """
    scheduled = [f"{name}={schedule}" for name, schedule in deployed.items() if schedule]
    return tuple(_offered(text, deployed) for text in given or scheduled or OF_OUR_OWN)


def new_cadences(chosen: Iterable[OfferedCadence], deployed: Mapping[str, str | None]) -> list[dict[str, str]]:
    """Entries for the cadences that are not deployed as they were offered."""
    return [
        {"refresh_cadence": each.refresh_cadence, "schedule": each.schedule}
        for each in chosen
        if deployed.get(each.refresh_cadence) != each.schedule
    ]


def _offered(text: str, deployed: Mapping[str, str | None]) -> OfferedCadence:
    name, _, schedule = (part.strip() for part in text.partition("="))
    schedule = schedule or deployed.get(name) or ""
    if not schedule:
        raise InvalidConfiguration(
            f"Cadence {text!r} has no schedule, so how often it runs is unknown. Write --cadence '{name or 'hourly'}=rate(1 hour)'."
        )
    try:
        CadenceConfig(refresh_cadence=name, schedule=schedule)
    except ValidationError as error:
        told = "; ".join(f"{key}: {message}" for key, message in problems_of(error, CadenceConfig))
        raise InvalidConfiguration(f"Cadence {text!r} is not valid: {told}.") from None
    return OfferedCadence(name, schedule, _seconds(schedule))


def _seconds(schedule: str) -> float:
    """Between two runs: of a cron expression on an ordinary Monday."""
    if period := rate_period(schedule):
        return period.total_seconds()
    first = next_due(schedule, _UTC, _SOME_DAY, _SOME_DAY)
    second = next_due(schedule, _UTC, _SOME_DAY, first) if first else None
    return (second - first).total_seconds() if first and second else float("inf")
