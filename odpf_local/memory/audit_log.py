"""Audit rows, in memory."""

from __future__ import annotations

from collections import defaultdict
from threading import RLock

from odpf.audit import AuditRow


class MemoryAuditLog:
    """Audit rows by (raw table, run_sort)."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._rows: dict[str, dict[str, AuditRow]] = defaultdict(dict)

    def append(self, row: AuditRow) -> AuditRow:
        """Add a row as the next attempt; the same one again is nothing new."""
        with self._lock:
            while self._rows[row.raw_table].setdefault(row.run_sort, row) != row:
                row = row.model_copy(update={"attempt": row.attempt + 1})
        return row

    def of_run(self, run_id: str) -> list[AuditRow]:
        """Rows of a run."""
        return [row for row in self._all() if row.run_id == run_id]

    def of_table(self, raw_table: str, since: str = "") -> list[AuditRow]:
        """Rows of a table, oldest first."""
        with self._lock:
            rows = self._rows.get(raw_table, {})
            return [rows[run_sort] for run_sort in sorted(rows) if run_sort >= since]

    def newest_of_table(self, raw_table: str, most: int) -> list[AuditRow]:
        """At most so many rows of a table, newest first."""
        return self.of_table(raw_table)[::-1][:most]

    def of_day(self, day: str) -> list[AuditRow]:
        """Rows of runs started on a UTC day."""
        return [row for row in self._all() if row.run_started_at.startswith(day)]

    def _all(self) -> list[AuditRow]:
        with self._lock:
            return sorted((row for rows in self._rows.values() for row in rows.values()), key=lambda row: row.run_sort)
