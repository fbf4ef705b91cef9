"""A raw table as the Glue Data Catalog describes it to Athena and Spark, as values; no calls here.

The shape is the one that Hudi's AwsGlueCatalogSyncTool makes, without its `last_commit_time_sync`, which would be
another table version with every commit and which no reader asks for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from odpf.errors import TerminalError
from odpf.ports import CatalogTable

SCHEMA_PART_CHARACTERS = 4000
"""Length of one `spark.sql.sources.schema.part.N` (Spark's spark.sql.sources.schemaStringLengthThreshold)."""

META_COLUMNS = (
    "_hoodie_commit_time",
    "_hoodie_commit_seqno",
    "_hoodie_record_key",
    "_hoodie_partition_path",
    "_hoodie_file_name",
)
"""Hudi's own, in front of the table's in every entry."""
_SPARK_VERSION = "3.5.4"
_READ_OPTIMIZED = "org.apache.hudi.hadoop.HoodieParquetInputFormat"
_REAL_TIME = "org.apache.hudi.hadoop.realtime.HoodieParquetRealtimeInputFormat"
_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_JSON_TYPES = {
    "bigint": "long",
    "binary": "binary",
    "boolean": "boolean",
    "date": "date",
    "double": "double",
    "float": "float",
    "int": "integer",
    "smallint": "short",
    "string": "string",
    "timestamp": "timestamp",
    "tinyint": "byte",
}
"""Spark's JSON name by simple name; the simple names are Hive's too."""
_DECIMAL = re.compile(r"^decimal\(\d{1,2},\d{1,2}\)$")


class View(NamedTuple):
    """One name under which a raw table is read: merge_on_read has three, copy_on_write one."""

    name: str
    input_format: str
    read_optimized: bool


def views(table: CatalogTable) -> list[View]:
    """The catalog entries of a raw table; the one with its own name always shows the newest snapshot."""
    if not table.merge_on_read:
        return [View(table.name, _READ_OPTIMIZED, read_optimized=False)]
    return [
        View(table.name, _REAL_TIME, read_optimized=False),
        View(f"{table.name}_rt", _REAL_TIME, read_optimized=False),
        View(f"{table.name}_ro", _READ_OPTIMIZED, read_optimized=True),
    ]


def table_input(table: CatalogTable, view: View) -> dict[str, Any]:
    """Glue's TableInput of a view."""
    return {
        "Name": view.name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": _parameters(table),
        "PartitionKeys": [_column(name, spark_type) for name, spark_type in _partition_columns(table)],
        "StorageDescriptor": _storage(table, view, table.location),
    }


def partition_inputs(table: CatalogTable, view: View) -> dict[str, dict[str, Any]]:
    """Glue's PartitionInput by partition value; a path that is no URI is below the table's location."""
    return {
        value: {
            "Values": [value],
            "StorageDescriptor": _storage(table, view, path if "://" in path else f"{table.location}/{path}"),
        }
        for value, path in table.partitions
    }


def merged(stands: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The wanted TableInput with what people added to the entry that stands: parameters, texts, column comments."""
    comments = {column["Name"]: column["Comment"] for column in _columns_of(stands) if "Comment" in column}
    storage = dict(wanted["StorageDescriptor"])
    storage["Columns"] = [
        {**column, "Comment": comments[column["Name"]]} if column["Name"] in comments else column
        for column in storage["Columns"]
    ]
    kept = {name: stands[name] for name in ("Description", "Owner", "Retention") if name in stands}
    parameters = {
        name: value
        for name, value in stands.get("Parameters", {}).items()
        if not name.startswith("spark.sql.sources.schema.")  # a shorter schema has fewer parts
    }
    return {
        **kept,
        **wanted,
        "StorageDescriptor": storage,
        "Parameters": {**parameters, **wanted["Parameters"]},
    }


def same_table(stands: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the entry that stands already says what is wanted, whatever else it says."""
    parameters = stands.get("Parameters", {})
    return (
        stands.get("TableType") == wanted["TableType"]
        and all(parameters.get(name) == value for name, value in wanted["Parameters"].items())
        and same_partition_keys(stands, wanted)
        and _said(stands["StorageDescriptor"]) == _said(wanted["StorageDescriptor"])
    )


def same_columns(stands: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the columns agree; partitions have copies of them."""
    return _named(_columns_of(stands)) == _named(_columns_of(wanted))


def same_partition_keys(stands: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether the partition keys agree."""
    return _named(stands.get("PartitionKeys", [])) == _named(wanted["PartitionKeys"])


def _parameters(table: CatalogTable) -> dict[str, str]:
    schema = _spark_schema(table)
    parts = [schema[i : i + SCHEMA_PART_CHARACTERS] for i in range(0, len(schema), SCHEMA_PART_CHARACTERS)]
    parameters = {
        "EXTERNAL": "TRUE",
        "hudi.metadata-listing-enabled": "FALSE",
        "spark.sql.create.version": _SPARK_VERSION,
        "spark.sql.sources.provider": "hudi",
        "spark.sql.sources.schema.numParts": str(len(parts)),
        **{f"spark.sql.sources.schema.part.{number}": part for number, part in enumerate(parts)},
    }
    if table.partition_key:
        parameters["spark.sql.sources.schema.numPartCols"] = "1"
        parameters["spark.sql.sources.schema.partCol.0"] = table.partition_key
    return parameters


def _spark_schema(table: CatalogTable) -> str:
    """Spark's StructType as JSON, the partition column last."""
    columns = [*_data_columns(table), *_partition_columns(table)]
    fields = [
        {"name": name, "type": _json_type(spark_type), "nullable": True, "metadata": {}} for name, spark_type in columns
    ]
    return json.dumps({"type": "struct", "fields": fields}, separators=(",", ":"), ensure_ascii=False)


def _data_columns(table: CatalogTable) -> list[tuple[str, str]]:
    own = [(name, kind) for name, kind in table.columns if name not in (*META_COLUMNS, table.partition_key)]
    return [(name, "string") for name in META_COLUMNS] + own


def _partition_columns(table: CatalogTable) -> list[tuple[str, str]]:
    return [(name, kind) for name, kind in table.columns if name == table.partition_key]


def _storage(table: CatalogTable, view: View, location: str) -> dict[str, Any]:
    return {
        "Columns": [_column(name, spark_type) for name, spark_type in _data_columns(table)],
        "Location": location,
        "InputFormat": view.input_format,
        "OutputFormat": _OUTPUT,
        "SerdeInfo": {
            "SerializationLibrary": _SERDE,
            "Parameters": {
                "hoodie.query.as.ro.table": "true" if view.read_optimized else "false",
                "path": table.location,
                "serialization.format": "1",
            },
        },
    }


def _column(name: str, spark_type: str) -> dict[str, str]:
    _json_type(spark_type)
    return {"Name": name, "Type": spark_type}


def _json_type(spark_type: str) -> str:
    if _DECIMAL.match(spark_type):
        return spark_type
    try:
        return _JSON_TYPES[spark_type]
    except KeyError:
        raise TerminalError(
            f"The catalog has no type for Spark's {spark_type!r}. Convert the column before it is written."
        ) from None


def _said(storage: Mapping[str, Any]) -> tuple[Any, ...]:
    serde = storage["SerdeInfo"]
    return (
        _named(storage["Columns"]),
        *(storage.get(name) for name in ("Location", "InputFormat", "OutputFormat")),
        serde.get("SerializationLibrary"),
        serde.get("Parameters"),
    )


def _columns_of(table: Mapping[str, Any]) -> list[dict[str, str]]:
    return list(table["StorageDescriptor"]["Columns"])


def _named(columns: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(column["Name"], column["Type"]) for column in columns]
