"""What AWS tells its policy evaluation about a request and the emulator does not: resources of calls, keys of events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions, iam_evaluator

_levels: ContextVar[Sequence[str]] = ContextVar("levels", default=())
_JOBS = {"JobName", "JobUpdate", "Command"}


def add() -> None:
    """Put the facts where the emulator looks for them at each request."""
    known_resource, known_context = iam_actions.extract_resource_arn, iam_actions.request_tag_context
    known_enforce = iam_evaluator.enforce

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> Any:
        query, region, account = rest
        start = f"arn:aws:{service}:{region}:{account}"
        _levels.set(_catalog(json.loads(body or b"{}"), start) if service == "glue" else ())
        if service == "scheduler" and path.startswith("/schedules/"):
            return _schedule(path, query, body, start)
        return known_resource(service, method, path, headers, body, *rest)

    def enforce(key: str, action: str, service: str, region: str, resource_arn: str = "*", **more: Any) -> Any:
        for arn in _levels.get() or (resource_arn,):
            if denied := known_enforce(key, action, service, region, resource_arn=arn, **more):
                return denied
        return None

    def request_tag_context(service: str, action: str, body: bytes, params: Any) -> Any:
        context = known_context(service, action, body, params)
        if action == "events:PutEvents":
            entry = json.loads(body)["Entries"][0]
            context = {**context, "events:source": entry["Source"], "events:detail-type": entry["DetailType"]}
        return context

    iam_actions.extract_resource_arn = extract_resource_arn
    iam_actions.request_tag_context = request_tag_context
    iam_evaluator.enforce = enforce


def _catalog(request: Mapping[str, Any], start: str) -> list[str]:
    """Catalog, database and table of a Data Catalog request: all must be allowed (Glue guide, "Resource ARNs")."""
    if request.keys() & _JOBS:
        return []
    in_database = request.get("DatabaseName")
    database = in_database or request.get("DatabaseInput", {}).get("Name") or request.get("Name")
    if not database:
        return []
    arns = [f"{start}:catalog", f"{start}:database/{database}"]
    table = request.get("TableName") or request.get("TableInput", {}).get("Name") or request.get("Name")
    if in_database and table:
        arns.append(f"{start}:table/{database}/{table}")
    return arns


def _schedule(path: str, query: Mapping[str, Any], body: bytes, start: str) -> str:
    """A schedule, in its group; the emulator takes every one to be in the group `default`."""
    given = query.get("groupName", "")
    group = (given[0] if isinstance(given, list) else given) or json.loads(body or b"{}").get("GroupName", "default")
    return f"{start}:schedule/{group}/{path.split('/')[2]}"
