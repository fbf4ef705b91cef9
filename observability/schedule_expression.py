"""When a schedule of EventBridge Scheduler is due: `rate(...)`, `cron(...)`, `at(...)`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from aws_croniter import AwsCroniter

_RATE = re.compile(r"rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)")
_CRON = re.compile(r"cron\((.+)\)")
_AT = re.compile(r"at\((.+)\)")


def next_due(expression: str, zone: str, since: datetime, after: datetime) -> datetime | None:
    """The first moment later than `after`; None when there is none any more.

    Args:
        expression: as EventBridge Scheduler takes it.
        zone: the schedule's time zone; means nothing to a rate.
        since: when the schedule was made or changed; a rate counts from there, its first time is one period later.
        after: the last moment already dealt with.

    Raises:
        ValueError: not an expression that can be understood.
    """
    if (period := rate_period(expression)) is not None:
        if not period:
            raise ValueError(f"{expression}: the rate must be positive")
        return since + (max(0, (after - since) // period) + 1) * period
    if match := _CRON.fullmatch(expression):
        # The library reckons in UTC only: it gets the zone's wall clock as if it were UTC.
        wall_clock = after.astimezone(_zone(zone)).replace(tzinfo=UTC)
        found: datetime | None = AwsCroniter(match[1]).get_next(wall_clock)[0]
        return found.replace(tzinfo=_zone(zone)).astimezone(UTC) if found else None
    if match := _AT.fullmatch(expression):
        once = datetime.fromisoformat(match[1]).replace(tzinfo=_zone(zone)).astimezone(UTC)
        return once if once > after else None
    raise ValueError(f"{expression}: not rate(...), cron(...) or at(...)")


def rate_period(expression: str) -> timedelta | None:
    """The period of `rate(...)`; None for other expressions."""
    match = _RATE.fullmatch(expression)
    return timedelta(**{f"{match[2]}s": int(match[1])}) if match else None


def _zone(name: str) -> tzinfo:
    """UTC needs no time zone database, which a Lambda runtime may not have."""
    return UTC if name == "UTC" else ZoneInfo(name)
