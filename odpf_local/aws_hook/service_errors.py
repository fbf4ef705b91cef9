"""How each service says that it is asked too often, or fails itself (its API reference, "Common errors" and its own).

Codes and statuses are what the SDK decides about retries by; of services that are not named here the most common ones.
"""

from __future__ import annotations

from odpf.errors import TerminalError
from odpf_local.aws_hook.call import Call, ServiceError, cancelled
from odpf_local.aws_hook.faults import FaultRule, Kind

_RATE = ServiceError("ThrottlingException", "Rate exceeded")
_THROTTLED = {
    "athena": ServiceError("TooManyRequestsException", "Rate exceeded"),
    "dynamodb": ServiceError(
        "ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
        "provisioning level with the UpdateTable API.",
    ),
    "lambda": ServiceError("TooManyRequestsException", "Rate Exceeded.", 429, {"Reason": "CallerRateLimitExceeded"}),
    "s3": ServiceError("SlowDown", "Please reduce your request rate.", 503),
    "scheduler": _RATE._replace(status=429),
    "sns": ServiceError("Throttling", "Rate exceeded"),
    "sqs": ServiceError("RequestThrottled", "Request is throttled."),
    "sts": ServiceError("Throttling", "Rate exceeded"),
}
_OF_ITEMS = frozenset({"BatchGetItem", "BatchWriteItem", "Query", "Scan", "TransactGetItems", "TransactWriteItems"})
_OF_ITEMS |= {"GetItem", "PutItem", "UpdateItem", "DeleteItem"}
_TOO_MANY_RUNS = ServiceError("ConcurrentRunsExceededException", "Concurrent runs exceeded for the job")
_FAILED = {
    "athena": "InternalServerException",
    "dynamodb": "InternalServerError",
    "events": "InternalException",
    "glue": "InternalServiceException",
    "lambda": "ServiceException",
    "s3": "InternalError",
    "scheduler": "InternalServerException",
}
_STATUSES = {
    "AccessDenied": 403,
    "ConditionalRequestConflict": 409,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "OperationAborted": 409,
    "PreconditionFailed": 412,
}
"""Of errors whose status is not 400: S3 tells by it what a HEAD has no body for."""


def error_of(rule: FaultRule, call: Call) -> ServiceError:
    """What a service says to a call when a rule strikes whose kind is an error."""
    match rule.what:
        case Kind.THROTTLE:
            return throttled(call)
        case Kind.INTERNAL_ERROR:
            code = _FAILED.get(call.service, "InternalFailure")
            return ServiceError(code, "We encountered an internal error. Please try again.", 500)
        case Kind.UNAVAILABLE:
            return ServiceError("ServiceUnavailable", "Service is unable to handle request.", 503)
        case Kind.TRANSACTION_CONFLICT:
            return conflict(call)
        case Kind.ERROR:
            code, status = rule.argument, _STATUSES.get(rule.argument, 400)
            return ServiceError(code, f"{code}, injected by ODPF's AWS hook.", status)
        case _:
            raise TerminalError(f"{rule.kind} is no error of a service. Ask only for kinds that are.")


def throttled(call: Call) -> ServiceError:
    """What a service says to one call too many."""
    if call.service == "glue" and call.operation == "StartJobRun":
        return _TOO_MANY_RUNS
    if call.service == "dynamodb" and call.operation not in _OF_ITEMS:
        return _RATE
    return _THROTTLED.get(call.service, _RATE)


def conflict(call: Call) -> ServiceError:
    """What DynamoDB says when another transaction has the (first) item (developer guide, "Transaction conflicts")."""
    message = "Transaction is ongoing for the item"
    if "TransactItems" in call.params:
        return cancelled(call, {0: ("TransactionConflict", message)})
    return ServiceError("TransactionConflictException", message)
