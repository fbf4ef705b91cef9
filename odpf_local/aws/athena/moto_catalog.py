"""The catalog of the embedded AWS: moto's Glue, in this process."""

from __future__ import annotations

from typing import Any

from moto.glue.models import glue_backends

from odpf_local.aws.athena.catalog import Catalog


class MotoCatalog(Catalog):
    """Databases and tables of moto's Glue."""

    def __init__(self, account: str, region: str) -> None:
        self._glue = glue_backends[account][region]

    def databases(self) -> list[str]:
        """Names of all databases."""
        return sorted(self._glue.databases)

    def tables(self, database: str) -> list[str]:
        """Names of a database's tables."""
        return sorted(self._glue.databases[database].tables) if database in self._glue.databases else []

    def table(self, database: str, name: str) -> dict[str, Any] | None:
        """A table as GetTable describes it."""
        found = self._glue.databases.get(database)
        table = found.tables.get(name) if found else None
        return table.as_dict() if table else None
