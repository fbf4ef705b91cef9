"""Events of refreshed tables, in memory."""

from __future__ import annotations

from odpf.table_refreshed import TableRefreshed


class MemoryRefreshEvents:
    """Keeps every event, repetitions included."""

    def __init__(self) -> None:
        self.events: list[TableRefreshed] = []

    def put(self, event: TableRefreshed) -> None:
        """Keep the event."""
        self.events.append(event)
