"""Key schemas of the DynamoDB tables, the one place that embedded AWS, tests and infrastructure make them from."""

from __future__ import annotations

from typing import Any, NamedTuple

from odpf.settings import Settings

BY_RUN = "by_run"
BY_DAY = "by_day"
IN_QUARANTINE = "in_quarantine"
EPOCH_ITEM = "#epoch"
"""Key of the one item of the processing tracker that people write; no raw table can be called so."""


class TableSchema(NamedTuple):
    """Keys of one table: partition key, sort key, and global secondary indexes {name: (partition, sort)}."""

    name: str
    partition_key: str
    sort_key: str | None = None
    indexes: dict[str, tuple[str, str]] = {}  # noqa: RUF012  a NamedTuple default, never changed

    def create_table(self, settings: Settings) -> dict[str, Any]:
        """Arguments of DynamoDB's CreateTable; every key is a string, capacity on demand."""
        keys = [key for key in (self.partition_key, self.sort_key) if key]
        indexed = [key for pair in self.indexes.values() for key in pair]
        arguments: dict[str, Any] = {
            "TableName": settings.table(self.name),
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [
                {"AttributeName": key, "AttributeType": "S"} for key in dict.fromkeys(keys + indexed)
            ],
            "KeySchema": _key_schema(self.partition_key, self.sort_key),
        }
        if self.indexes:
            arguments["GlobalSecondaryIndexes"] = [
                {"IndexName": name, "KeySchema": _key_schema(*pair), "Projection": {"ProjectionType": "ALL"}}
                for name, pair in self.indexes.items()
            ]
        return arguments


BATCH_CONFIG = TableSchema("batch_config", "refresh_cadence")
RAW_TABLE_CONFIG = TableSchema("raw_table_config", "refresh_cadence", "source_table_name")
CONFIG_DEPLOY_TRACKER = TableSchema("config_deploy_tracker", "deployment_id")
FILE_TRACKER = TableSchema("file_tracker", "source_table_name", "file_id")
FILE_TRACKER_HISTORY = TableSchema(
    "file_tracker_history",
    "source_table_name",
    "file_id",
    {IN_QUARANTINE: ("quarantined_of", "file_id")},  # sparse: only quarantined files have the attribute
)
PROCESSING_TRACKER = TableSchema("file_processing_tracker", "raw_table_name")
PROCESSING_TRACKER_HISTORY = TableSchema(
    "file_processing_tracker_history",
    "raw_table_name",
    "run_sort",
    {BY_RUN: ("run_id", "run_sort"), BY_DAY: ("run_day", "run_sort")},
)
TABLES = (
    BATCH_CONFIG,
    RAW_TABLE_CONFIG,
    CONFIG_DEPLOY_TRACKER,
    FILE_TRACKER,
    FILE_TRACKER_HISTORY,
    PROCESSING_TRACKER,
    PROCESSING_TRACKER_HISTORY,
)


def _key_schema(partition_key: str, sort_key: str | None) -> list[dict[str, str]]:
    schema = [{"AttributeName": partition_key, "KeyType": "HASH"}]
    return [*schema, {"AttributeName": sort_key, "KeyType": "RANGE"}] if sort_key else schema
