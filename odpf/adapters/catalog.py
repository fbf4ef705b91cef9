"""The Glue Data Catalog, brought in line only where it differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import boto3
from botocore.exceptions import ClientError

from odpf.adapters.catalog_table import (
    META_COLUMNS,
    View,
    merged,
    partition_inputs,
    same_columns,
    same_partition_keys,
    same_table,
    table_input,
    views,
)
from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.dynamo import chunks
from odpf.adapters.failures import aws_call, code_of
from odpf.errors import TransientError
from odpf.ports import CatalogTable

PARTITIONS_AT_ONCE = 100
"""Partitions in one BatchCreatePartition or BatchUpdatePartition (Glue API)."""

_DELETED_AT_ONCE = 25
"""Partitions in one BatchDeletePartition (Glue API)."""

_ABSENT = "EntityNotFoundException"
_EXISTS = "AlreadyExistsException"


class GlueCatalog:
    """Tables and partitions of raw databases; publishing removes nothing but the partitions of a table that moves."""

    def __init__(self, session: boto3.Session) -> None:
        self._client = session.client("glue", config=CLIENT_CONFIG)

    def ensure_database(self, database: str) -> None:
        """Make the database unless it is there."""
        with aws_call(f"Making database {database}"):
            try:
                self._client.get_database(Name=database)
            except ClientError as error:
                _pass_only(error, _ABSENT)
                self._make_database(database)

    def columns(self, database: str, table: str) -> frozenset[str] | None:
        """Names of a table's columns, the partition's too and Hudi's not; None when there is no such table."""
        with aws_call(f"Looking up {database}.{table} in the catalog"):
            found = self._table(database, table)
        if found is None:
            return None
        described = (*found["StorageDescriptor"]["Columns"], *found.get("PartitionKeys", ()))
        return frozenset(each["Name"] for each in described).difference(META_COLUMNS)

    def publish(self, table: CatalogTable) -> bool:
        """Bring every view of the table in line; True when something had to be written."""
        with aws_call(f"Publishing {table.database}.{table.name} in the Glue Data Catalog"):
            written = [self._publish_view(table, view) for view in views(table)]
        return any(written)

    def drop(self, database: str, name: str) -> bool:
        """Remove an entry, and no file of the table; False when there is none."""
        with aws_call(f"Dropping {database}.{name} from the Glue Data Catalog"):
            try:
                self._client.delete_table(DatabaseName=database, Name=name)
            except ClientError as error:
                _pass_only(error, _ABSENT)
                return False
        return True

    def _publish_view(self, table: CatalogTable, view: View) -> bool:
        """Write what differs, the table's own entry last.

        Columns are compared by the table's entry, so an update that fails half-way is made whole by the next one.
        A new table comes first: partitions need it.
        """
        wanted = table_input(table, view)
        stands = self._table(table.database, view.name)
        if stands is None:
            self._create(table.database, wanted)
            stands = wanted
        written = stands is wanted
        moved = stands["StorageDescriptor"].get("Location") != wanted["StorageDescriptor"]["Location"]
        if moved and not same_partition_keys(stands, wanted):  # which cannot change above partitions
            self._drop_partitions(table.database, view.name, self._partition_values(table.database, view.name))
            self._client.update_table(DatabaseName=table.database, TableInput=_input(merged(stands, wanted)))
        written |= self._publish_partitions(table, view, renew=moved or not same_columns(stands, wanted), moved=moved)
        if not same_table(stands, wanted):
            self._client.update_table(DatabaseName=table.database, TableInput=_input(merged(stands, wanted)))
            written = True
        return written

    def _publish_partitions(self, table: CatalogTable, view: View, *, renew: bool, moved: bool) -> bool:
        """Add partitions that are missing; give the others the table's columns and place; none stays where it was."""
        if table.partition_key is None:
            return False
        wanted = partition_inputs(table, view)
        there = self._partition_values(table.database, view.name)
        missing = [entry for value, entry in wanted.items() if value not in there]
        for some in chunks(missing, PARTITIONS_AT_ONCE):
            answer = self._client.batch_create_partition(
                DatabaseName=table.database, TableName=view.name, PartitionInputList=_inputs(some)
            )
            _check(answer.get("Errors", []), _EXISTS)
        stale = [(value, wanted[value]) for value in there if value in wanted] if renew else []
        for some_stale in chunks(stale, PARTITIONS_AT_ONCE):
            entries: Any = [{"PartitionValueList": [value], "PartitionInput": entry} for value, entry in some_stale]
            updated = self._client.batch_update_partition(
                DatabaseName=table.database, TableName=view.name, Entries=entries
            )
            _check(updated.get("Errors", []))
        left = [value for value in there if value not in wanted] if moved else []
        self._drop_partitions(table.database, view.name, left)
        return bool(missing or stale or left)

    def _drop_partitions(self, database: str, name: str, values: Iterable[str]) -> None:
        for some in chunks(values, _DELETED_AT_ONCE):
            deleted = self._client.batch_delete_partition(
                DatabaseName=database, TableName=name, PartitionsToDelete=[{"Values": [value]} for value in some]
            )
            _check(deleted.get("Errors", []))

    def _table(self, database: str, name: str) -> dict[str, Any] | None:
        try:
            return {**self._client.get_table(DatabaseName=database, Name=name)["Table"]}
        except ClientError as error:
            _pass_only(error, _ABSENT)
            return None

    def _create(self, database: str, wanted: Mapping[str, Any]) -> None:
        try:
            self._client.create_table(DatabaseName=database, TableInput=_input(wanted))
        except ClientError as error:
            _pass_only(error, _EXISTS)  # our own, whose answer was lost
            self._client.update_table(DatabaseName=database, TableInput=_input(wanted))

    def _make_database(self, database: str) -> None:
        try:
            self._client.create_database(DatabaseInput={"Name": database})
        except ClientError as error:
            _pass_only(error, _EXISTS)

    def _partition_values(self, database: str, name: str) -> list[str]:
        pages = self._client.get_paginator("get_partitions").paginate(
            DatabaseName=database, TableName=name, ExcludeColumnSchema=True
        )
        return [entry["Values"][0] for page in pages for entry in page["Partitions"]]


def _pass_only(error: ClientError, code: str) -> None:
    if code_of(error) != code:
        raise error


def _check(errors: Sequence[Mapping[str, Any]], ignored: str = "") -> None:
    """Refuse to go on when Glue left entries of a batch out."""
    real = [error for error in errors if error.get("ErrorDetail", {}).get("ErrorCode") != ignored]
    if real:
        raise TransientError(f"Glue refused {len(real)} partitions, the first: {real[0]}. The next run adds them.")


def _input(table: Mapping[str, Any]) -> Any:
    """For the type checker: plain values where boto3's stubs want their own dictionaries."""
    return dict(table)


def _inputs(entries: Sequence[Mapping[str, Any]]) -> Any:
    return list(entries)
