"""A lake in this process: Athena's SQL over Arrow tables, answered as the embedded AWS answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from odpf_local.aws.athena import result
from odpf_local.aws.athena.engine import prepare
from odpf_local.aws.athena.statement import parse

HIVE = {
    "int8": "int",
    "int16": "int",
    "int32": "int",
    "int64": "bigint",
    "float": "float",
    "double": "double",
    "bool": "boolean",
    "string": "string",
    "binary": "binary",
    "date32[day]": "date",
    "timestamp[us]": "timestamp",
}


class DuckLake:
    """Raw tables by `<database>.<table>`."""

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self.tables = dict(tables)

    def run(self, sql: str) -> Sequence[Sequence[object]]:
        statement = parse(sql, "default")
        with duckdb.connect(":memory:") as connection:
            prepare(connection)
            for table in statement.tables:
                connection.register(table.internal, self.tables[f"{table.database}.{table.name}"])
            found = result.of_relation(connection, connection.sql(statement.duckdb))
        return list(zip(*(column.to_pylist() for column in found.texts.columns), strict=True))

    def columns(self, name: str) -> list[tuple[str, str]]:
        """Names and types as the catalog has them."""
        return [(field.name, hive_type(field.type)) for field in self.tables[name].schema]


def hive_type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    return HIVE[str(kind)]


def glue_table(lake: DuckLake, name: str) -> dict[str, object]:
    """A table as GetTable describes it."""
    return {"StorageDescriptor": {"Columns": [{"Name": each, "Type": kind} for each, kind in lake.columns(name)]}}
