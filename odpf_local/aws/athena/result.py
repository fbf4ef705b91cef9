"""A query's result as the Athena API hands it out: typed columns, every value as text."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.csv
from duckdb.sqltypes import DuckDBPyType

_INTEGERS = {
    "tinyint": ("tinyint", 3), "smallint": ("smallint", 5), "integer": ("integer", 10), "bigint": ("bigint", 19),
    "hugeint": ("bigint", 19), "utinyint": ("smallint", 5), "usmallint": ("integer", 10), "uinteger": ("bigint", 19),
    "ubigint": ("decimal", 20),
}  # fmt: skip
_OTHERS = {
    "boolean": ("boolean", 0), "float": ("float", 17), "double": ("double", 17), "date": ("date", 0),
    "timestamp": ("timestamp", 3), "timestamp_s": ("timestamp", 3), "timestamp_ms": ("timestamp", 3),
    "timestamp_ns": ("timestamp", 3), "timestamp with time zone": ("timestamp with time zone", 3), "time": ("time", 3),
    "blob": ("varbinary", 1073741824), "list": ("array", 0), "array": ("array", 0), "struct": ("row", 0),
    "map": ("map", 0),
}  # fmt: skip
_TEXT_LENGTH = 2147483647
_MOMENT = "'%Y-%m-%d %H:%M:%S.%f'"


class Column(NamedTuple):
    """Name and type of a result column."""

    name: str
    type: str = "varchar"
    precision: int = _TEXT_LENGTH
    scale: int = 0

    def info(self) -> dict[str, Any]:
        """Athena's ColumnInfo."""
        return {
            "CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": self.name, "Label": self.name,
            "Type": self.type, "Precision": self.precision, "Scale": self.scale, "Nullable": "UNKNOWN",
            "CaseSensitive": self.type in ("varchar", "char"),
        }  # fmt: skip


class Result(NamedTuple):
    """Columns, and a table of nullable texts; SHOW and DESCRIBE have no header row."""

    columns: tuple[Column, ...]
    texts: pa.Table
    header: bool = True

    def page(self, start: int, size: int) -> tuple[list[dict[str, Any]], int | None]:
        """At most `size` rows from row `start` on, the header counting as a row; and where the next page starts."""
        rows: list[list[str | None]] = []
        lead = 1 if self.header else 0
        if lead and start == 0:
            rows.append([column.name for column in self.columns])
        first = max(0, start - lead)
        values = self.texts.slice(first, size - len(rows))
        columns = [column.to_pylist() for column in values.columns]
        rows += [list(row) for row in zip(*columns, strict=True)]
        following = start + len(rows)
        end = self.texts.num_rows + lead
        return [_row(row) for row in rows], following if following < end else None

    def csv(self) -> bytes:
        """The result file: every value quoted, NULL as nothing."""
        sink = io.BytesIO()
        named = self.texts.rename_columns([column.name for column in self.columns])
        options = pyarrow.csv.WriteOptions(include_header=self.header, quoting_style="all_valid")
        pyarrow.csv.write_csv(named, sink, options)
        return sink.getvalue()


def of_texts(column: str, texts: list[str]) -> Result:
    """One column of texts without a header, as SHOW and DESCRIBE answer."""
    return Result((Column(column),), pa.table([pa.array(texts, pa.string())], names=[column]), header=False)


def of_relation(connection: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation) -> Result:
    """Run a bound query and keep its values as Athena writes them."""
    columns = tuple(_column(name, type_) for name, type_ in zip(relation.columns, relation.types, strict=True))
    table = relation.to_arrow_table().rename_columns([f"c{number}" for number in range(len(columns))])
    connection.register("odpf_result", table)
    texts = ", ".join(f"{_text(f'c{number}', type_)} AS c{number}" for number, type_ in enumerate(relation.types))
    return Result(columns, connection.sql(f"SELECT {texts} FROM odpf_result").to_arrow_table())  # noqa: S608  own names


def _row(values: list[str | None]) -> dict[str, Any]:
    return {"Data": [{} if value is None else {"VarCharValue": value} for value in values]}


def _column(name: str, type_: DuckDBPyType) -> Column:
    if type_.id == "decimal":
        sizes: dict[str, Any] = dict(type_.children)
        return Column(name, "decimal", sizes["precision"], sizes["scale"])
    athena = _INTEGERS.get(type_.id) or _OTHERS.get(type_.id)
    return Column(name, *athena) if athena else Column(name)


def _text(column: str, type_: DuckDBPyType) -> str:
    match type_.id:
        case "float" | "double":
            infinity = f"CASE WHEN {column} > 0 THEN 'Infinity' ELSE '-Infinity' END"
            special = f"WHEN isnan({column}) THEN 'NaN' WHEN isinf({column}) THEN {infinity}"
            return f"CASE {special} ELSE CAST({column} AS VARCHAR) END"
        case "decimal":  # DuckDB writes -.5 for a decimal(1,1)
            return f"regexp_replace(CAST({column} AS VARCHAR), '^(-?)\\.', '\\10.')"
        case "blob":
            return f"rtrim(regexp_replace(lower(hex({column})), '(..)', '\\1 ', 'g'))"
        case "timestamp" | "timestamp_s" | "timestamp_ms" | "timestamp_ns":
            return f"strftime(CAST({column} AS TIMESTAMP), {_MOMENT})"
        case "timestamp with time zone":
            return f"strftime({column} AT TIME ZONE 'UTC', {_MOMENT}) || ' UTC'"
        case _:
            return f"CAST({column} AS VARCHAR)"
