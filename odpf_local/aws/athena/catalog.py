"""The Glue Data Catalog as Athena sees it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import pyarrow as pa

CATALOG = "awsdatacatalog"
INFORMATION_SCHEMA = "information_schema"


class CatalogColumn(NamedTuple):
    """A column with its Hive type; partition keys come last."""

    name: str
    type: str
    partition: bool


class Catalog(ABC):
    """Databases and tables of the catalog, read only."""

    @abstractmethod
    def databases(self) -> list[str]:
        """Names of all databases."""

    def has_database(self, name: str) -> bool:
        """Whether there is a database of this name."""
        return name in self.databases()

    @abstractmethod
    def tables(self, database: str) -> list[str]:
        """Names of a database's tables."""

    @abstractmethod
    def table(self, database: str, name: str) -> dict[str, Any] | None:
        """A table as GetTable describes it."""

    def columns(self, database: str, name: str) -> list[CatalogColumn]:
        """Columns in the order of `select *`."""
        table = self.table(database, name) or {}
        data = table.get("StorageDescriptor", {}).get("Columns", ())
        keys = table.get("PartitionKeys", ())
        return [
            CatalogColumn(column["Name"], column.get("Type", "string"), partition)
            for group, partition in ((data, False), (keys, True))
            for column in group
        ]

    def information_schema(self, view: str) -> pa.Table | None:
        """A view of information_schema, of the columns that clients ask for; None when there is no such view."""
        pairs = [(database, table) for database in self.databases() for table in self.tables(database)]
        match view:
            case "schemata":
                return _table(("catalog_name", "schema_name"), [(CATALOG, name) for name in self.databases()])
            case "tables":
                names = ("table_catalog", "table_schema", "table_name", "table_type")
                return _table(names, [(CATALOG, database, table, "BASE TABLE") for database, table in pairs])
            case "columns":
                return self._columns_view(pairs)
            case _:
                return None

    def _columns_view(self, pairs: list[tuple[str, str]]) -> pa.Table:
        names = (
            "table_catalog", "table_schema", "table_name", "column_name", "ordinal_position", "column_default",
            "is_nullable", "data_type", "comment", "extra_info",
        )  # fmt: skip
        rows = [
            (CATALOG, database, table, column.name, position, None, "YES", trino_type(column.type), None,
             "partition key" if column.partition else None)
            for database, table in pairs
            for position, column in enumerate(self.columns(database, table), 1)
        ]  # fmt: skip
        return _table(names, rows, integers=("ordinal_position",))


def trino_type(hive: str) -> str:
    """A Hive type of the catalog in Athena's words."""
    simple = {
        "string": "varchar",
        "int": "integer",
        "float": "real",
        "binary": "varbinary",
        "timestamp": "timestamp(3)",
    }
    return simple.get(hive, hive)


def _table(names: tuple[str, ...], rows: list[tuple[Any, ...]], integers: tuple[str, ...] = ()) -> pa.Table:
    return pa.table(
        {
            name: pa.array([row[number] for row in rows], pa.int64() if name in integers else pa.string())
            for number, name in enumerate(names)
        }
    )
