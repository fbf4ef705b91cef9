"""Limits that the services have and emulators do not: a call above one is refused as the service refuses it.

Sources: the services' API references as botocore 1.44.5 carries them (its service models: `max` of a shape, and the
texts of SendMessage, SendMessageBatch, PutEvents and Invoke); Step Functions quotas; the S3 user guide, "Object key
names" and the API of DeleteObjects; the Lambda quotas. What AWS raised of late: SQS messages from 256 KiB to 1 MiB
(2025), PutEvents from 256 KB to 1 MB a request (January 2026, exactly 1,048,576 bytes measured by others), asynchronous
Lambda payloads from 256 KB to 1 MB. A queue can have a lower limit of its own, which a client does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from odpf_local.aws_hook.call import Answer, Call, ServiceError
from odpf_local.aws_hook.dynamodb_limits import DYNAMODB_LIMITS
from odpf_local.aws_hook.limit import Limit, invalid, says, too_long

STATE_BYTES = 262_144
EXECUTION_NAME = 80
MESSAGE_BYTES = 1_048_576
ENTRIES = 10
EVENTS_BYTES = 1_048_576
KEY_BYTES = 1024
DELETED_OBJECTS = 1000
SYNCHRONOUS_BYTES, ASYNCHRONOUS_BYTES = 6_291_456, 1_048_576

_TIME_BYTES = 14
_MODEL = "botocore's service model"


def refusal(call: Call) -> ServiceError | None:
    """How the service refuses a call that is above one of its limits; None when it does not."""
    return next((refused for limit in LIMITS if (refused := limit.refused(call))), None)


def _text(member: str) -> Callable[[Call], Iterable[int]]:
    return lambda call: (len(str(call.params.get(member, "")).encode()),)


def _entries(call: Call) -> Iterable[int]:
    return (len(call.params["Entries"]),)


def _message(message: Answer) -> int:
    """The body, and of each attribute its name, type and value (SQS developer guide, "Message attributes")."""
    attributes = message.get("MessageAttributes", {}).items()
    values = (
        name.encode()
        + each["DataType"].encode()
        + (each.get("StringValue", "").encode() or each.get("BinaryValue", b""))
        for name, each in attributes
    )
    return len(message["MessageBody"].encode()) + sum(map(len, values))


def _event(entry: Answer) -> int:
    """EventBridge user guide, "Calculating PutEvents event entry size"."""
    texts = [entry.get(name, "") for name in ("Source", "DetailType", "Detail")] + list(entry.get("Resources", []))
    return sum(len(text.encode()) for text in texts) + (_TIME_BYTES if "Time" in entry else 0)


def _payload(*, waits: bool) -> Callable[[Call], Iterable[int]]:
    def measured(call: Call) -> Iterable[int]:
        return (call.body_bytes,) if (call.params.get("InvocationType") != "Event") is waits else ()

    return measured


LIMITS = (
    *DYNAMODB_LIMITS,
    Limit(
        "bytes of an execution's input",
        "stepfunctions",
        frozenset({"StartExecution", "StartSyncExecution"}),
        STATE_BYTES,
        _text("input"),
        too_long("input", STATE_BYTES),
        f"{_MODEL}, SensitiveData; Step Functions quotas (u)",
    ),
    Limit(
        "characters of an execution's name",
        "stepfunctions",
        frozenset({"StartExecution", "StartSyncExecution"}),
        EXECUTION_NAME,
        lambda call: (len(call.params.get("name", "")),),
        too_long("name", EXECUTION_NAME),
        f"{_MODEL}, Name",
    ),
    Limit(
        "bytes of a task's output",
        "stepfunctions",
        frozenset({"SendTaskSuccess"}),
        STATE_BYTES,
        _text("output"),
        too_long("output", STATE_BYTES),
        f"{_MODEL}, SensitiveData; Step Functions quotas (u)",
    ),
    Limit(
        "bytes of a message",
        "sqs",
        frozenset({"SendMessage"}),
        MESSAGE_BYTES,
        lambda call: (_message(call.params),),
        says(
            "InvalidParameterValue",
            f"One or more parameters are invalid. Reason: Message must be shorter than {MESSAGE_BYTES} bytes.",
        ),
        f"{_MODEL}, SendMessage",
    ),
    Limit(
        "messages of a batch",
        "sqs",
        frozenset({"SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"}),
        ENTRIES,
        _entries,
        says(
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {ENTRIES}. You have sent {{found}}.",
        ),
        f"{_MODEL}, TooManyEntriesInBatchRequest",
    ),
    Limit(
        "bytes of all messages of a batch",
        "sqs",
        frozenset({"SendMessageBatch"}),
        MESSAGE_BYTES,
        lambda call: (sum(map(_message, call.params["Entries"])),),
        says(
            "AWS.SimpleQueueService.BatchRequestTooLong",
            f"Batch requests cannot be longer than {MESSAGE_BYTES} bytes. You have sent {{found}} bytes.",
        ),
        f"{_MODEL}, SendMessageBatch",
    ),
    Limit(
        "events of a request",
        "events",
        frozenset({"PutEvents"}),
        ENTRIES,
        _entries,
        too_long("entries", ENTRIES),
        f"{_MODEL}, PutEventsRequestEntryList",
    ),
    Limit(
        "bytes of all events of a request",
        "events",
        frozenset({"PutEvents"}),
        EVENTS_BYTES,
        lambda call: (sum(map(_event, call.params["Entries"])),),
        invalid("Total size of the entries in the request is over the limit."),
        f"{_MODEL}, PutEvents",
    ),
    Limit(
        "bytes of an object's key",
        "s3",
        frozenset(),
        KEY_BYTES,
        _text("Key"),
        says("KeyTooLongError", "Your key is too long", Size="{found}", MaxSizeAllowed=str(KEY_BYTES)),
        "S3 user guide, Object key names",
    ),
    Limit(
        "keys of a DeleteObjects",
        "s3",
        frozenset({"DeleteObjects"}),
        DELETED_OBJECTS,
        lambda call: (len(call.params["Delete"]["Objects"]),),
        says(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
        ),
        "S3 API, DeleteObjects",
    ),
    Limit(
        "bytes of a synchronous invocation's payload",
        "lambda",
        frozenset({"Invoke"}),
        SYNCHRONOUS_BYTES,
        _payload(waits=True),
        says(
            "RequestEntityTooLargeException",
            f"Request must be smaller than {SYNCHRONOUS_BYTES} bytes for the InvokeFunction operation",
            413,
        ),
        f"{_MODEL}, Invoke; Lambda quotas",
    ),
    Limit(
        "bytes of an asynchronous invocation's payload",
        "lambda",
        frozenset({"Invoke"}),
        ASYNCHRONOUS_BYTES,
        _payload(waits=False),
        says(
            "RequestEntityTooLargeException",
            f"{{found}} byte payload is too large for the Event invocation type (limit {ASYNCHRONOUS_BYTES} bytes)",
            413,
        ),
        f"{_MODEL}, Invoke",
    ),
)
"""Each service's in the order in which it finds them."""
