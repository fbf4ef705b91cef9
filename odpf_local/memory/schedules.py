"""Schedules, in memory."""

from __future__ import annotations

from threading import RLock


class MemorySchedules:
    """Schedule expression by name; nothing fires."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._expressions: dict[str, str] = {}

    def current(self) -> dict[str, str]:
        """Schedule expression by name."""
        with self._lock:
            return dict(self._expressions)

    def put(self, name: str, expression: str) -> None:
        """Make or change a schedule."""
        with self._lock:
            self._expressions[name] = expression

    def remove(self, name: str) -> None:
        """Remove a schedule; none is fine."""
        with self._lock:
            self._expressions.pop(name, None)
