"""Moments as a person writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from odpf.errors import InvalidSettings


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
