"""From an HTTP request to what IAM is asked for it: actions, resources, and the condition keys that policies here use.

The names are those of the Service Authorization Reference. A request that is not described here is an error, so that
nothing passes unseen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from odpf.errors import TerminalError
from odpf_local.aws.s3_calls import S3Request, s3_calls

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_SCHEDULER = "scheduler.amazonaws.com"


class Call(NamedTuple):
    """One question to IAM: may this action be done on this resource; `context` are condition keys and their values."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


class UnknownCall(TerminalError):
    """A request whose permissions nobody has written down."""


class Request(NamedTuple):
    """A request to AWS and how it was answered; header names are in lower case, the path is decoded."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    status: int = 200

    @property
    def operation(self) -> str:
        """The operation of the JSON and query protocols; empty where method and path tell it."""
        if target := self.headers.get("x-amz-target"):
            return target.rpartition(".")[2]
        return self.form.get("Action", "")

    @property
    def form(self) -> dict[str, str]:
        """The fields of the query protocol."""
        is_form = "x-www-form-urlencoded" in self.headers.get("content-type", "")
        return dict(parse_qsl(self.body.decode())) if is_form else {}

    @property
    def document(self) -> dict[str, Any]:
        """The JSON body."""
        found: dict[str, Any] = json.loads(self.body or b"{}")
        return found


class Arns(NamedTuple):
    """Makes ARNs of one account and Region."""

    account: str
    region: str

    def of(self, service: str, resource: str) -> str:
        """The ARN of a resource."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def calls(request: Request, account: str) -> list[Call]:
    """What IAM is asked when the request is made; nothing for what everybody may.

    Args:
        request: signed, so that it tells service and Region.
        account: of the resources.

    Raises:
        UnknownCall: the request is not described here.
    """
    scope = _SCOPE.search(request.headers.get("authorization", ""))
    if scope is None:
        raise UnknownCall(f"{request.method} {request.path} is not signed, so it does not tell its service.")
    region, service = scope.groups()
    asked = _SERVICES.get(service)
    if asked is None:
        raise _unknown(service, request)
    try:
        return asked(request, Arns(account, region))
    except KeyError as missing:
        raise _unknown(service, request, missing) from None


def _unknown(service: str, request: Request, missing: object = None) -> UnknownCall:
    what = f"{service} {request.operation or f'{request.method} {request.path} {dict(request.query)}'}"
    why = f" ({missing})" if missing is not None else ""
    return UnknownCall(f"Nobody wrote down what IAM is asked for {what}{why}. Add it to odpf_local/aws/calls.py.")


def _s3(request: Request, _arns: Arns) -> list[Call]:
    found = s3_calls(S3Request(request.method, request.path, request.query, request.headers, request.body))
    asked = [
        Call(f"s3:{action}", f"arn:aws:s3:::{resource}", (("s3:prefix", prefix),) if prefix is not None else ())
        for action, resource, prefix in found
    ]
    # Whoever may not list is told 403, not 404; S3 asks with the key as the prefix (Amazon S3 API, GetObject).
    not_there = 404
    reading = request.method in ("GET", "HEAD") and request.status == not_there
    for call in [call for call in asked if call.action == "s3:GetObject" and reading]:
        bucket, _, key = call.resource.partition("/")
        asked.append(Call("s3:ListBucket", bucket, (("s3:prefix", key),)))
    return asked


_ONE_TABLE = frozenset({"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "DescribeTable"})
_TRANSACTED = {"Put": "PutItem", "Delete": "DeleteItem", "Update": "UpdateItem", "ConditionCheck": "ConditionCheckItem"}


def _dynamodb(request: Request, arns: Arns) -> list[Call]:
    operation, given = request.operation, request.document

    def on(action: str, table: str, index: str | None = None) -> Call:
        resource = f"table/{table}/index/{index}" if index else f"table/{table}"
        return Call(f"dynamodb:{action}", arns.of("dynamodb", resource))

    if operation in _ONE_TABLE:
        asked = on(operation, given["TableName"], given.get("IndexName"))
        return [asked._replace(context=_leading_key(given["Key"])) if operation == "UpdateItem" else asked]
    if operation in ("BatchGetItem", "BatchWriteItem"):
        return [on(operation, table) for table in given["RequestItems"]]
    # A transaction is authorised action by action (DynamoDB developer guide, "IAM and transactions").
    actions = {"TransactWriteItems": _TRANSACTED, "TransactGetItems": {"Get": "GetItem"}}[operation]
    parts = [(kind, part) for item in given["TransactItems"] for kind, part in item.items()]
    return list(dict.fromkeys(on(actions[kind], part["TableName"]) for kind, part in parts))


def _leading_key(key: Mapping[str, Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    """The condition key that can hold an update to some items; told where the partition key is the only one."""
    values = [value for each in key.values() for value in each.values()]
    return (("dynamodb:LeadingKeys", values[0]),) if len(values) == 1 else ()


_JOB = frozenset({"StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun", "GetJob"})
_DATABASE_OF: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "GetDatabase": lambda given: given["Name"],
    "CreateDatabase": lambda given: given["DatabaseInput"]["Name"],
    "GetDatabases": lambda given: "*",  # noqa: ARG005
}
_TABLE_OF: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "GetTable": lambda given: given["Name"],
    "GetTables": lambda given: "*",  # noqa: ARG005
    "CreateTable": lambda given: given["TableInput"]["Name"],
    "UpdateTable": lambda given: given["TableInput"]["Name"],
    "GetPartitions": lambda given: given["TableName"],
    "BatchGetPartition": lambda given: given["TableName"],
    "BatchCreatePartition": lambda given: given["TableName"],
    "BatchUpdatePartition": lambda given: given["TableName"],
}


def _glue(request: Request, arns: Arns) -> list[Call]:
    """Catalog operations ask for every level from the catalog down (Glue developer guide, "Resource ARNs")."""
    operation, given = request.operation, request.document
    if operation in _JOB:
        resources = [f"job/{given['JobName']}"]
    elif operation in _DATABASE_OF:
        resources = ["catalog", f"database/{_DATABASE_OF[operation](given)}"]
    else:
        database, table = given["DatabaseName"], _TABLE_OF[operation](given)
        resources = ["catalog", f"database/{database}", f"table/{database}/{table}"]
    return [Call(f"glue:{operation}", arns.of("glue", resource)) for resource in resources]


_STATES = {
    "StartExecution": "stateMachineArn",
    "ListExecutions": "stateMachineArn",
    "DescribeStateMachine": "stateMachineArn",
    "DescribeExecution": "executionArn",
    "GetExecutionHistory": "executionArn",
    "StopExecution": "executionArn",
}


def _states(request: Request, _arns: Arns) -> list[Call]:
    if request.operation == "ListStateMachines":
        return [Call("states:ListStateMachines", "*")]
    return [Call(f"states:{request.operation}", request.document[_STATES[request.operation]])]


def _events(request: Request, arns: Arns) -> list[Call]:
    entries: Iterable[Mapping[str, Any]] = {"PutEvents": request.document["Entries"]}[request.operation]
    return list(
        dict.fromkeys(
            Call(
                "events:PutEvents",
                arns.of("events", f"event-bus/{entry.get('EventBusName', 'default')}"),
                (("events:source", entry["Source"]), ("events:detail-type", entry["DetailType"])),
            )
            for entry in entries
        )
    )


_QUEUE = frozenset(
    {"SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes", "GetQueueUrl"}
)
_QUEUE_BATCHES = {
    "SendMessageBatch": "SendMessage",
    "DeleteMessageBatch": "DeleteMessage",
    "ChangeMessageVisibilityBatch": "ChangeMessageVisibility",
}


def _sqs(request: Request, arns: Arns) -> list[Call]:
    operation, given = request.operation, request.document
    action = _QUEUE_BATCHES.get(operation, operation)
    if action not in _QUEUE:
        raise KeyError(operation)
    name = given["QueueName"] if operation == "GetQueueUrl" else given["QueueUrl"].rpartition("/")[2]
    return [Call(f"sqs:{action}", arns.of("sqs", name))]


_SCHEDULE = {"POST": "CreateSchedule", "PUT": "UpdateSchedule", "GET": "GetSchedule", "DELETE": "DeleteSchedule"}
_SCHEDULE_GROUP = {"POST": "CreateScheduleGroup", "GET": "GetScheduleGroup", "DELETE": "DeleteScheduleGroup"}


def _scheduler(request: Request, arns: Arns) -> list[Call]:
    kind, _, name = request.path.strip("/").partition("/")
    if kind == "schedule-groups":
        return [Call(f"scheduler:{_SCHEDULE_GROUP[request.method]}", arns.of("scheduler", f"schedule-group/{name}"))]
    if kind != "schedules":
        raise KeyError(kind)
    if not name:
        return [Call({"GET": "scheduler:ListSchedules"}[request.method], "*")]
    given = request.document
    group = given.get("GroupName") or request.query.get("groupName", "default")
    asked = [Call(f"scheduler:{_SCHEDULE[request.method]}", arns.of("scheduler", f"schedule/{group}/{name}"))]
    if role := given.get("Target", {}).get("RoleArn"):
        asked.append(Call("iam:PassRole", role, (("iam:PassedToService", _SCHEDULER),)))
    return asked


_INVOKED = re.compile(r"/2015-03-31/functions/(?:arn:[^/]*:function:)?([^/:]+(?::[^/]+)?)/invocations")


def _lambda(request: Request, arns: Arns) -> list[Call]:
    invoked = _INVOKED.fullmatch(unquote(request.path))
    if invoked is None:
        raise KeyError(request.path)
    qualifier = request.query.get("Qualifier")
    name = f"{invoked[1]}:{qualifier}" if qualifier else invoked[1]
    return [Call("lambda:InvokeFunction", arns.of("lambda", f"function:{name}"))]


def _sns(request: Request, _arns: Arns) -> list[Call]:
    return [Call({"Publish": "sns:Publish"}[request.operation], request.form["TopicArn"])]


def _sts(request: Request, _arns: Arns) -> list[Call]:
    """Asking who one is needs no permission (STS API, GetCallerIdentity)."""
    nothing: dict[str, list[Call]] = {"GetCallerIdentity": []}
    return nothing[request.operation]


def _dms(request: Request, _arns: Arns) -> list[Call]:
    named = {"DescribeTableStatistics": "ReplicationTaskArn"}[request.operation]
    return [Call(f"dms:{request.operation}", request.document[named])]


def _secretsmanager(request: Request, arns: Arns) -> list[Call]:
    """A secret's ARN ends with six characters of the service's own, which its name does not tell."""
    secret = request.document[{"GetSecretValue": "SecretId"}[request.operation]]
    resource = secret if secret.startswith("arn:") else arns.of("secretsmanager", f"secret:{secret}-000000")
    return [Call(f"secretsmanager:{request.operation}", resource)]


_OF_A_QUERY = frozenset({"StartQueryExecution", "GetQueryExecution", "GetQueryResults", "StopQueryExecution"})


def _athena(request: Request, arns: Arns) -> list[Call]:
    """What is asked of a query by its id is asked of its work group, which only the start of it names."""
    if request.operation not in _OF_A_QUERY:
        raise KeyError(request.operation)
    group = request.document.get("WorkGroup", "primary")
    return [Call(f"athena:{request.operation}", arns.of("athena", f"workgroup/{group}"))]


def _logs(request: Request, arns: Arns) -> list[Call]:
    """Where streams are read a group's ARN ends in `:*` (CloudWatch Logs user guide, "Resources and operations")."""
    group = {"FilterLogEvents": "logGroupName"}[request.operation]
    return [Call(f"logs:{request.operation}", arns.of("logs", f"log-group:{request.document[group]}:*"))]


_SERVICES: dict[str, Callable[[Request, Arns], list[Call]]] = {
    "s3": _s3,
    "dynamodb": _dynamodb,
    "glue": _glue,
    "states": _states,
    "events": _events,
    "sqs": _sqs,
    "scheduler": _scheduler,
    "lambda": _lambda,
    "logs": _logs,
    "sns": _sns,
    "sts": _sts,
    "athena": _athena,
    "dms": _dms,
    "secretsmanager": _secretsmanager,
}
