"""Notices, in memory."""

from __future__ import annotations

from odpf.notice import Notice


class MemoryNotices:
    """Keeps every notice, repetitions included."""

    def __init__(self) -> None:
        self.published: list[Notice] = []

    def publish(self, notice: Notice) -> None:
        """Keep the notice."""
        self.published.append(notice)
