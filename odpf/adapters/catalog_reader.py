"""What the Glue Data Catalog says, as plain values."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.exceptions import ClientError

from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call, code_of

_ABSENT = "EntityNotFoundException"


class CatalogReader:
    """Reads databases and tables."""

    def __init__(self, session: boto3.Session) -> None:
        self._client = session.client("glue", config=CLIENT_CONFIG)

    def databases(self) -> list[str]:
        """Names of all databases."""
        with aws_call("Listing the catalog's databases"):
            pages = self._client.get_paginator("get_databases").paginate()
            return sorted(entry["Name"] for page in pages for entry in page["DatabaseList"])

    def has_database(self, name: str) -> bool:
        """Whether there is a database of this name."""
        with aws_call(f"Looking up {name} in the catalog"):
            try:
                self._client.get_database(Name=name)
            except ClientError as error:
                if code_of(error) != _ABSENT:
                    raise
                return False
        return True

    def tables(self, database: str) -> list[str]:
        """Names of a database's tables."""
        with aws_call(f"Listing the tables of {database}"):
            pages = self._client.get_paginator("get_tables").paginate(DatabaseName=database)
            return sorted(entry["Name"] for page in pages for entry in page["TableList"])

    def table(self, database: str, name: str) -> dict[str, Any] | None:
        """A table as GetTable describes it; None when there is none."""
        with aws_call(f"Looking up {database}.{name} in the catalog"):
            try:
                return {**self._client.get_table(DatabaseName=database, Name=name)["Table"]}
            except ClientError as error:
                if code_of(error) != _ABSENT:
                    raise
                return None
