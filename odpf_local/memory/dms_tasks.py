"""DMS tasks whose table statistics a test sets."""

from __future__ import annotations

from datetime import datetime
from threading import RLock

from odpf.errors import OdpfError
from odpf.table_load import TableLoad
from odpf.table_statistics import TableStatistics


class MemoryDmsTasks:
    """Statistics by task and table; `unreachable` is raised by every question, `asked` counts them."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._loads: dict[tuple[str, str, str], TableLoad] = {}
        self.counted: list[TableStatistics] = []
        self.unreachable: OdpfError | None = None
        self.asked = 0

    def set(
        self, schema_name: str, table_name: str, state: str, ended_at: datetime | None = None, task_arn: str = "task"
    ) -> None:
        """Say what a task would answer about a table."""
        with self._lock:
            self._loads[task_arn, schema_name, table_name] = TableLoad(task_arn, state, ended_at)

    def table_loads(self, schema_name: str, table_name: str) -> list[TableLoad]:
        """What was set, of every task that has the table."""
        with self._lock:
            self.asked += 1
            if self.unreachable:
                raise self.unreachable
            return [load for (_, *names), load in self._loads.items() if names == [schema_name, table_name]]

    def statistics(self, schema_name: str, table_name: str) -> list[TableStatistics]:
        """What a test has counted."""
        return [each for each in self.counted if (each.schema_name, each.table_name) == (schema_name, table_name)]
