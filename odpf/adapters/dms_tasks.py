"""Table statistics of DMS tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from functools import cached_property
from typing import Any

import boto3

from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call
from odpf.table_load import TableLoad
from odpf.table_statistics import TableStatistics


class DmsReplicationTasks:
    """The tasks whose ARNs the settings name."""

    def __init__(self, session: boto3.Session, task_arns: Sequence[str]) -> None:
        self._session = session
        self._task_arns = task_arns

    @cached_property
    def _client(self) -> Any:
        """Made with the first question: most plans ask none."""
        return self._session.client("dms", config=CLIENT_CONFIG)

    def table_loads(self, schema_name: str, table_name: str) -> list[TableLoad]:
        """How far each task that has this source table is: one DescribeTableStatistics a task, filtered to the table."""
        return [load for arn in self._task_arns for load in self._of_task(arn, schema_name, table_name)]

    def statistics(self, schema_name: str, table_name: str) -> list[TableStatistics]:
        """What each task that has this source table has counted."""
        return [
            TableStatistics.model_validate(each)
            for arn in self._task_arns
            for each in self._asked(arn, schema_name, table_name)
        ]

    def _of_task(self, arn: str, schema_name: str, table_name: str) -> Iterator[TableLoad]:
        return (_load(arn, each) for each in self._asked(arn, schema_name, table_name))

    def _asked(self, arn: str, schema_name: str, table_name: str) -> Iterator[Mapping[str, Any]]:
        wanted = {"schema-name": schema_name, "table-name": table_name}
        filters = [{"Name": name, "Values": [value]} for name, value in wanted.items()]
        with aws_call(f"Asking DMS task {arn} for the statistics of {schema_name}.{table_name}"):
            answer = self._client.describe_table_statistics(ReplicationTaskArn=arn, Filters=filters)
        for each in answer.get("TableStatistics", []):
            if (each.get("SchemaName"), each.get("TableName")) == (schema_name, table_name):
                yield each


def _load(arn: str, statistics: Mapping[str, Any]) -> TableLoad:
    ended = statistics.get("FullLoadEndTime")
    return TableLoad(arn, str(statistics.get("TableState", "")), ended.astimezone(UTC) if ended else None)
