"""The Athena API in front of the engine, in place of moto's canned answers."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

from moto.athena.responses import AthenaResponse
from moto.s3.models import s3_backends

from odpf_local.aws.athena.catalog import trino_type
from odpf_local.aws.athena.engine import Engine
from odpf_local.aws.athena.execution import Execution
from odpf_local.aws.athena.failure import QueryFailed
from odpf_local.aws.athena.moto_catalog import MotoCatalog
from odpf_local.aws.athena.result import Result
from odpf_local.aws.replacement import replaced

log = logging.getLogger(__name__)
Answer = str | tuple[str, dict[str, int]]
_RESULTS_KEPT = 50
_MOST_ROWS = 1000
# A client's next look comes a second later: waiting a moment for a short query saves it that second.
_PATIENCE_SECONDS = 0.5


class AthenaService:
    """Query executions of one account and region."""

    def __init__(self, endpoint_url: str, account: str, region: str, results_bucket: str) -> None:
        storage = {
            "aws_endpoint": endpoint_url,
            "aws_allow_http": "true",
            "aws_region": region,
            "aws_access_key_id": "embedded",
            "aws_secret_access_key": "embedded",
        }
        self._catalog = MotoCatalog(account, region)
        self._engine = Engine(self._catalog, storage)
        self._objects = s3_backends[account]["aws"]
        self._default_output = f"s3://{results_bucket}/athena-results"
        self._executions: dict[str, Execution] = {}
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="athena")

    @contextmanager
    def behind_api(self) -> Iterator[None]:
        """Answer the Athena API."""
        actions = {
            "start_query_execution": self._start,
            "get_query_execution": self._get,
            "batch_get_query_execution": self._batch_get,
            "list_query_executions": self._list,
            "stop_query_execution": self._stop,
            "get_query_results": self._results,
            "get_query_runtime_statistics": self._statistics,
            "list_databases": self._list_databases,
            "get_database": self._get_database,
            "list_table_metadata": self._list_tables,
            "get_table_metadata": self._get_table,
        }
        with ExitStack() as replacements:
            for name, action in actions.items():
                # moto looks for plain functions of the class
                replacements.enter_context(replaced(AthenaResponse, name, lambda request, a=action: a(request)))
            yield

    def stop(self) -> None:
        """Cancel what runs."""
        for execution in self._executions.values():
            execution.cancel()
        self._pool.shutdown(wait=True)

    def _start(self, request: AthenaResponse) -> Answer:
        get = request._get_param
        workgroup = get("WorkGroup") or "primary"
        if not request.athena_backend.get_work_group(workgroup):
            return _invalid(f"WorkGroup {workgroup} is not found.")
        output = (get("ResultConfiguration") or {}).get("OutputLocation") or self._default_output
        parameters = get("ExecutionParameters") or []
        execution = Execution(get("QueryString"), get("QueryExecutionContext") or {}, parameters, output, workgroup)
        self._executions[execution.id] = execution
        self._forget_old_results()
        self._pool.submit(self._execute, execution)
        return json.dumps({"QueryExecutionId": execution.id})

    def _execute(self, execution: Execution) -> None:
        try:
            execution.run(self._answer)
        except QueryFailed as failure:
            execution.end("FAILED", str(failure))
        except Exception as error:
            # A fault of the embedded engine is the query's failure; the query must not stay RUNNING.
            log.exception("query %s: %s", execution.id, execution.sql)
            execution.end("FAILED", f"GENERIC_INTERNAL_ERROR: {error}")

    def _answer(self, execution: Execution) -> Result:
        result = self._engine.run(execution.sql, execution.database, execution.parameters, execution.interruptible)
        bucket, _, key = execution.output.removeprefix("s3://").partition("/")
        if bucket not in self._objects.buckets:
            raise QueryFailed(f"Unable to verify/create output bucket {bucket}")
        self._objects.put_object(bucket, key, result.csv())
        return result

    def _get(self, request: AthenaResponse) -> Answer:
        execution = self._executions.get(request._get_param("QueryExecutionId"))
        if execution is None:
            return _unknown(request)
        execution.wait(_PATIENCE_SECONDS)
        return json.dumps({"QueryExecution": execution.describe()})

    def _batch_get(self, request: AthenaResponse) -> Answer:
        wanted = request._get_param("QueryExecutionIds") or []
        known = [self._executions[each].describe() for each in wanted if each in self._executions]
        missing = [{"QueryExecutionId": each} for each in wanted if each not in self._executions]
        return json.dumps({"QueryExecutions": known, "UnprocessedQueryExecutionIds": missing})

    def _list(self, request: AthenaResponse) -> Answer:
        workgroup = request._get_param("WorkGroup") or "primary"
        newest_first = reversed([each.id for each in self._executions.values() if each.workgroup == workgroup])
        return json.dumps({"QueryExecutionIds": list(newest_first)})

    def _stop(self, request: AthenaResponse) -> Answer:
        execution = self._executions.get(request._get_param("QueryExecutionId"))
        if execution is None:
            return _unknown(request)
        execution.cancel()
        return "{}"

    def _results(self, request: AthenaResponse) -> Answer:
        execution = self._executions.get(request._get_param("QueryExecutionId"))
        if execution is None:
            return _unknown(request)
        if execution.state != "SUCCEEDED":
            return _invalid(f"Query has not yet finished successfully. Current state: {execution.state}")
        if execution.result is None:
            return _invalid(f"The result of {execution.id} is no longer kept here; read {execution.output}.")
        size = min(int(request._get_param("MaxResults") or _MOST_ROWS), _MOST_ROWS)
        rows, following = execution.result.page(int(request._get_param("NextToken") or 0), size)
        info = [column.info() for column in execution.result.columns]
        answer: dict[str, Any] = {
            "UpdateCount": 0,
            "ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": info}},
        }
        return json.dumps(answer | ({"NextToken": str(following)} if following is not None else {}))

    def _statistics(self, request: AthenaResponse) -> Answer:
        execution = self._executions.get(request._get_param("QueryExecutionId"))
        return json.dumps({"QueryRuntimeStatistics": execution.statistics()}) if execution else _unknown(request)

    def _list_databases(self, _: AthenaResponse) -> Answer:
        return json.dumps({"DatabaseList": [{"Name": name} for name in self._catalog.databases()]})

    def _get_database(self, request: AthenaResponse) -> Answer:
        name = request._get_param("DatabaseName").lower()
        if name not in self._catalog.databases():
            return _metadata_missing(f"Database {name} not found.")
        return json.dumps({"Database": {"Name": name}})

    def _list_tables(self, request: AthenaResponse) -> Answer:
        database = request._get_param("DatabaseName").lower()
        tables = [self._metadata(database, name) for name in self._catalog.tables(database)]
        return json.dumps({"TableMetadataList": tables})

    def _get_table(self, request: AthenaResponse) -> Answer:
        database, name = (request._get_param(each).lower() for each in ("DatabaseName", "TableName"))
        if self._catalog.table(database, name) is None:
            return _metadata_missing(f"Table {name} not found.")
        return json.dumps({"TableMetadata": self._metadata(database, name)})

    def _metadata(self, database: str, name: str) -> dict[str, Any]:
        columns = self._catalog.columns(database, name)
        described = {
            group: [
                {"Name": column.name, "Type": trino_type(column.type)} for column in columns if column.partition is flag
            ]
            for group, flag in (("Columns", False), ("PartitionKeys", True))
        }
        return {"Name": name, "TableType": "EXTERNAL_TABLE", "Parameters": {}, **described}

    def _forget_old_results(self) -> None:
        """Results are whole tables: keep those somebody may still be paging through."""
        for execution in list(self._executions.values())[:-_RESULTS_KEPT]:
            execution.result = None


def _invalid(message: str) -> Answer:
    return json.dumps({"__type": "InvalidRequestException", "Message": message}), {"status": 400}


def _unknown(request: AthenaResponse) -> Answer:
    return _invalid(f"QueryExecution {request._get_param('QueryExecutionId')} was not found")


def _metadata_missing(message: str) -> Answer:
    return json.dumps({"__type": "MetadataException", "Message": f"EntityNotFoundException: {message}"}), {
        "status": 400
    }
