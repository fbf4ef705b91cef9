"""Schedules, in memory."""

from __future__ import annotations

from threading import RLock


class MemorySchedules:
    """Schedule expression by cadence; nothing fires."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._expressions: dict[str, str] = {}

    def current(self) -> dict[str, str]:
        """Schedule expression by cadence."""
        with self._lock:
            return dict(self._expressions)

    def put(self, refresh_cadence: str, expression: str) -> None:
        """Make or change a cadence's schedule."""
        with self._lock:
            self._expressions[refresh_cadence] = expression

    def remove(self, refresh_cadence: str) -> None:
        """Remove a cadence's schedule; none is fine."""
        with self._lock:
            self._expressions.pop(refresh_cadence, None)
