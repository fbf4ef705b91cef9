"""The catalog, in memory."""

from __future__ import annotations

from threading import RLock

from odpf.errors import TerminalError
from odpf.ports import CatalogTable


class MemoryCatalog:
    """Databases and their tables; partitions published once stay, unless the table moves."""

    def __init__(self) -> None:
        self._lock = RLock()
        self.databases: dict[str, dict[str, CatalogTable]] = {}

    def ensure_database(self, database: str) -> None:
        """Make the database unless it is there."""
        with self._lock:
            self.databases.setdefault(database, {})

    def columns(self, database: str, table: str) -> frozenset[str] | None:
        """Names of a table's columns; None when there is no such table."""
        with self._lock:
            found = self.databases.get(database, {}).get(table)
            return frozenset(name for name, _ in found.columns) if found else None

    def publish(self, table: CatalogTable) -> bool:
        """Bring the catalog entry in line; True when something had to be written."""
        with self._lock:
            if table.database not in self.databases:
                raise TerminalError(f"There is no database {table.database}. Make it, then publish again.")
            tables = self.databases[table.database]
            before = tables.get(table.name)
            stay = before.partitions if before and before.location == table.location else ()
            partitions = {**dict(stay), **dict(table.partitions)}
            after = table._replace(partitions=tuple(sorted(partitions.items())))
            tables[table.name] = after
            return after != before

    def drop(self, database: str, name: str) -> bool:
        """Remove an entry, and no file of the table; False when there is none."""
        with self._lock:
            return self.databases.get(database, {}).pop(name, None) is not None
