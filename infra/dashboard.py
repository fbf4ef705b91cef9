"""The dashboard: searches instead of lists, so that new cadences and tables appear by themselves."""

from __future__ import annotations

import json
from typing import Any

from infra.names import NAMES

_WIDTH, _HEIGHT, _COLUMNS = 8, 6, 24
_BY_CADENCE = "{ODPF,deployment,refresh_cadence}"
_BY_TABLE = "{ODPF,deployment,refresh_cadence,source_table_name}"
_DEPLOYMENT = 'deployment="${Deployment}"'


def body() -> str:
    """The dashboard's JSON, with `${Prefix}`, `${AWS::Region}` and `${Deployment}` for CloudFormation to fill in."""
    widgets = [
        _search("Freshness lag per cadence", "FreshnessLag", _BY_CADENCE, "Maximum", "s"),
        _search("Freshness lag, the most lagging tables", "FreshnessLag", _BY_TABLE, "Maximum", "s"),
        _search("Oldest pending file", "OldestPendingFile", _BY_CADENCE, "Maximum", "s"),
        _search("Pending files", "PendingFiles", _BY_CADENCE, "Maximum"),
        _search("Pending bytes", "PendingBytes", _BY_CADENCE, "Maximum", "bytes"),
        _search("Rows read", "RowsRead", _BY_CADENCE, "Sum"),
        _kinds(
            "Rows by what became of them",
            ("Inserted", "Updated", "Deleted", "Collapsed", "Late", "Unchanged", "Quarantined"),
            "Rows",
        ),
        _kinds(
            "Tables of runs", ("Completed", "FailedInRun", "SkippedLocked", "WaitingForFullLoad", "SetAside"), "Tables"
        ),
        _search("Files quarantined", "FilesQuarantined", _BY_CADENCE, "Sum"),
        _search("Run seconds", "RunSeconds", _BY_CADENCE, "Maximum", "s"),
        _search("DPU seconds", "DpuSeconds", _BY_CADENCE, "Sum"),
        _invocations(),
        _queues(),
    ]
    placed = [
        {
            **widget,
            "x": n * _WIDTH % _COLUMNS,
            "y": n * _WIDTH // _COLUMNS * _HEIGHT,
            "width": _WIDTH,
            "height": _HEIGHT,
        }
        for n, widget in enumerate(widgets)
    ]
    return json.dumps({"widgets": placed})


def _search(title: str, metric: str, schema: str, statistic: str, label: str = "") -> dict[str, Any]:
    expression = f"SEARCH('{schema} MetricName=\"{metric}\" {_DEPLOYMENT}', '{statistic}', 300)"
    return _widget(title, [[{"expression": f"SORT({expression}, MAX, DESC, 20)", "id": "found"}]], label)


def _kinds(title: str, kinds: tuple[str, ...], noun: str) -> dict[str, Any]:
    metrics = [
        ["ODPF", f"{noun}{kind}", "deployment", "${Deployment}", {"stat": "Sum", "label": kind}] for kind in kinds
    ]
    return _widget(title, metrics)


def _invocations() -> dict[str, Any]:
    """The function that processes batches of small tables; its seconds are what they cost."""
    name = NAMES.function_name("process_batch")
    metrics = [
        ["AWS/Lambda", metric, "FunctionName", name, {"stat": "Sum", "label": metric}]
        for metric in ("Invocations", "Errors", "Throttles")
    ]
    longest = {"stat": "Maximum", "label": "Longest, ms", "yAxis": "right"}
    return _widget("Batches on Lambda", [*metrics, ["AWS/Lambda", "Duration", "FunctionName", name, longest]])


def _queues() -> dict[str, Any]:
    names = (NAMES.staging_queue, NAMES.config_queue)
    metrics = [
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", f"{name}{suffix}", {"stat": "Maximum"}]
        for name in names
        for suffix in ("", "_dlq")
    ]
    return _widget("Messages in queues and dead-letter queues", metrics)


def _widget(title: str, metrics: list[Any], label: str = "") -> dict[str, Any]:
    properties: dict[str, Any] = {
        "title": title,
        "region": "${AWS::Region}",
        "metrics": metrics,
        "period": 300,
        "view": "timeSeries",
    }
    if label:
        properties["yAxis"] = {"left": {"label": label, "min": 0}}
    return {"type": "metric", "properties": properties}
