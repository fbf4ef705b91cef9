"""Events of refreshed and of drifted tables, in memory."""

from __future__ import annotations

from odpf.table_drifted import TableDrifted
from odpf.table_refreshed import TableRefreshed


class MemoryRefreshEvents:
    """Keeps every event, repetitions included."""

    def __init__(self) -> None:
        self.events: list[TableRefreshed] = []
        self.drifted: list[TableDrifted] = []

    def put(self, event: TableRefreshed) -> None:
        """Keep the event."""
        self.events.append(event)

    def put_drift(self, event: TableDrifted) -> None:
        """Keep the event."""
        self.drifted.append(event)
