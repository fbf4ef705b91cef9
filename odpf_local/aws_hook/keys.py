"""Primary keys of the framework's DynamoDB tables, told from a table's name alone: a request does not say its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from odpf.tables import TABLES, TableSchema


def schema_of(table: str) -> TableSchema | None:
    """The schema of a table of some deployment, whatever its prefix; None for tables of others.

    Args:
        table: name or ARN.
    """
    return next((schema for schema in TABLES if table.endswith(schema.name)), None)


def key_of(table: str, item: Mapping[str, Any]) -> tuple[str, str]:
    """What two actions on one item have in common.

    Args:
        table: of the item.
        item: the item or its key; of a table with an unknown schema only keys can be compared.
    """
    schema = schema_of(table)
    names = [name for name in (schema.partition_key, schema.sort_key) if name] if schema else sorted(item)
    return table, str([item.get(name) for name in names])


def key_values(table: str, item: Mapping[str, Any]) -> list[str]:
    """The texts of a primary key, of an unknown schema all texts of the item or key."""
    schema = schema_of(table)
    names = (schema.partition_key, schema.sort_key) if schema else tuple(item)
    return [str(item[name]["S"]) for name in names if name and "S" in item.get(name, {})]


def partition_attributes(table: str, item: Mapping[str, Any]) -> list[str]:
    """Attributes of an item or key that are a partition key, of the table or of an index."""
    schema = schema_of(table)
    if schema is None:
        return []
    return [name for name in (schema.partition_key, *(pair[0] for pair in schema.indexes.values())) if name in item]


def sort_attributes(table: str, item: Mapping[str, Any]) -> list[str]:
    """Attributes of an item or key that are a sort key, of the table or of an index."""
    schema = schema_of(table)
    if schema is None:
        return []
    names = dict.fromkeys((schema.sort_key, *(pair[1] for pair in schema.indexes.values())))
    return [name for name in names if name and name in item]
