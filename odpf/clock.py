"""The one place that asks for the time of day."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now, with time zone UTC."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """UTC as ISO 8601 with microseconds and `Z`, so that texts sort as times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
