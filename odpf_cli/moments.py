"""Moments as a person writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from odpf.errors import InvalidSettings

_SPAN = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def moment_or_none(text: str) -> datetime | None:
    """A moment with its time zone, in UTC; None where the text is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def moment_of(option: str, text: str) -> datetime:
    """A moment with its time zone, in UTC.

    Raises:
        InvalidSettings: it is none; `option` is named.
    """
    moment = moment_or_none(text)
    if moment is None:
        raise InvalidSettings(f"{option} {text!r} is no moment with its time zone, such as 2026-01-31T10:15:00Z.")
    return moment


def span_of(option: str, text: str, now: datetime) -> datetime:
    """When a span began that lasts until now: `7d`, `24h`, `90m`, or a moment.

    Raises:
        InvalidSettings: it is neither, or lies ahead; `option` is named.
    """
    found = _SPAN.fullmatch(text.strip())
    began = now - timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else moment_or_none(text)
    if began is None or began >= now:
        raise InvalidSettings(f"{option} {text!r} is no span such as 7d, 24h, 90m, and no moment before now.")
    return began
