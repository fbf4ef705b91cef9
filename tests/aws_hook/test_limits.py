"""What a service takes at its limit it is sent, and one more is refused in its words without being sent."""

from __future__ import annotations

from functools import cache

import pytest
from botocore.exceptions import ClientError

from odpf_local.aws_hook import Hook, HookConfiguration
from odpf_local.aws_hook.call import Call
from odpf_local.aws_hook.limits import LIMITS, refusal
from tests.aws_hook.emulator import hooked
from tests.behaviours.builders import moto_aws

TABLE, FILES = "odpf_batch_config", "odpf_file_tracker"
ITEM = 409_600
QUEUE = "https://sqs.eu-west-1.amazonaws.com/1/q"
ARN = "arn:aws:states:eu-west-1:123456789012:stateMachine:m"


def item(size, key="a"):
    """Of so many bytes."""
    return {"refresh_cadence": {"S": key}, "t": {"S": "x" * (size - len("refresh_cadence") - len(key) - len("t"))}}


def key(name="a"):
    return {"refresh_cadence": {"S": name}}


def put(size, name="a"):
    return {"Put": {"TableName": TABLE, "Item": item(size, name)}}


def update(size):
    assigned = item(size)["t"]
    return {
        "TableName": TABLE,
        "Key": key(),
        "UpdateExpression": "SET #t = :t REMOVE gone",
        "ExpressionAttributeNames": {"#t": "t"},
        "ExpressionAttributeValues": {":t": assigned},
    }


def check(name):
    return {"ConditionCheck": {"TableName": TABLE, "Key": key(name), "ConditionExpression": "attribute_exists(t)"}}


def names(number, tables=(TABLE,)):
    """Keys dealt out to tables."""
    return {table: [key(f"k{n}") for n in range(place, number, len(tables))] for place, table in enumerate(tables)}


def deletes(number, tables=(TABLE,)):
    return {
        table: [{"DeleteRequest": {"Key": key}} for key in keys if key] for table, keys in names(number, tables).items()
    }


def messages(number, size):
    """Of so many bytes together."""
    first = {"Id": "0", "MessageBody": "x" * (size - number + 1)}
    return [first, *({"Id": str(n), "MessageBody": "x"} for n in range(1, number))]


def event(size):
    return {"Source": "ab", "DetailType": "cd", "Time": 0, "Resources": ["ef"], "Detail": "x" * (size - 20)}


# (service, what) of a limit: (client method, parameters of a call that has so much of it, code and words of the refusal)
SAMPLES = {
    ("dynamodb", "actions of a transaction"): (
        "transact_write_items",
        lambda n: {"TransactItems": [check(f"k{m}") for m in range(n)]},
        ("ValidationException", "Member must have length less than or equal to 100"),
    ),
    ("dynamodb", "requests of a batch for one table"): (
        "batch_write_item",
        lambda n: {"RequestItems": deletes(n)},
        ("ValidationException", "Map value must satisfy constraint: [Member must have length less than or equal to 25"),
    ),
    ("dynamodb", "requests of a batch"): (
        "batch_write_item",
        lambda n: {"RequestItems": deletes(n, (TABLE, "other"))},
        ("ValidationException", "Too many items requested for the BatchWriteItem call"),
    ),
    ("dynamodb", "keys of a batch for one table"): (
        "batch_get_item",
        lambda n: {"RequestItems": {table: {"Keys": keys} for table, keys in names(n).items()}},
        ("ValidationException", "Member must have length less than or equal to 100"),
    ),
    ("dynamodb", "keys of a batch"): (
        "batch_get_item",
        lambda n: {"RequestItems": {table: {"Keys": keys} for table, keys in names(n, (TABLE, "other")).items()}},
        ("ValidationException", "Too many items requested for the BatchGetItem call"),
    ),
    ("dynamodb", "actions of a transaction on one item"): (
        "transact_write_items",
        lambda n: {"TransactItems": [put(100), check("b"), *[check("a")] * (n - 1)]},
        ("ValidationException", "Transaction request cannot include multiple operations on one item"),
    ),
    ("dynamodb", "requests of a batch for one item"): (
        "batch_write_item",
        lambda n: {"RequestItems": {TABLE: [{"PutRequest": {"Item": item(100)}}] * n}},
        ("ValidationException", "Provided list of item keys contains duplicates"),
    ),
    ("dynamodb", "bytes of a partition key"): (
        "get_item",
        lambda n: {"TableName": TABLE, "Key": key("k" * n)},
        ("ValidationException", "Size of hashkey has exceeded the maximum size limit of2048 bytes"),
    ),
    ("dynamodb", "bytes of a sort key"): (
        "get_item",
        lambda n: {"TableName": FILES, "Key": {"source_table_name": {"S": "t"}, "file_id": {"S": "k" * n}}},
        ("ValidationException", "Aggregated size of all range keys has exceeded the size limit of 1024 bytes"),
    ),
    ("dynamodb", "bytes of an item"): (
        "put_item",
        lambda n: {"TableName": TABLE, "Item": item(n)},
        ("ValidationException", "Item size has exceeded the maximum allowed size"),
    ),
    ("dynamodb", "bytes of an updated item"): (
        "update_item",
        update,
        ("ValidationException", "Item size to update has exceeded the maximum allowed size"),
    ),
    ("dynamodb", "bytes of all items of a transaction"): (
        "transact_write_items",
        lambda n: {"TransactItems": [*(put(ITEM, str(m)) for m in range(10)), put(n - 10 * ITEM)]},
        ("ValidationException", "4 MB"),
    ),
    ("dynamodb", "bytes of an item updated in a transaction"): (
        "transact_write_items",
        lambda n: {"TransactItems": [check("b"), {"Update": update(n)}]},
        ("TransactionCanceledException", "[None, ValidationError]"),
    ),
    ("stepfunctions", "bytes of an execution's input"): (
        "start_execution",
        lambda n: {"stateMachineArn": ARN, "input": "é" * (n // 2) + "x" * (n % 2)},
        ("ValidationException", "'input' failed to satisfy constraint"),
    ),
    ("stepfunctions", "characters of an execution's name"): (
        "start_execution",
        lambda n: {"stateMachineArn": ARN, "name": "é" * n},
        ("ValidationException", "'name' failed to satisfy constraint"),
    ),
    ("stepfunctions", "bytes of a task's output"): (
        "send_task_success",
        lambda n: {"taskToken": "t", "output": "x" * n},
        ("ValidationException", "'output' failed to satisfy constraint"),
    ),
    ("sqs", "bytes of a message"): (
        "send_message",
        lambda n: {
            "QueueUrl": QUEUE,
            "MessageBody": "x" * (n - 8),
            "MessageAttributes": {"k": {"DataType": "String", "StringValue": "v"}},
        },
        ("InvalidParameterValue", "Message must be shorter than 1048576 bytes"),
    ),
    ("sqs", "messages of a batch"): (
        "send_message_batch",
        lambda n: {"QueueUrl": QUEUE, "Entries": messages(n, 100)},
        ("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "You have sent 11."),
    ),
    ("sqs", "bytes of all messages of a batch"): (
        "send_message_batch",
        lambda n: {"QueueUrl": QUEUE, "Entries": messages(3, n)},
        ("AWS.SimpleQueueService.BatchRequestTooLong", "You have sent 1048577 bytes."),
    ),
    ("events", "events of a request"): (
        "put_events",
        lambda n: {"Entries": [event(100)] * n},
        ("ValidationException", "Member must have length less than or equal to 10"),
    ),
    ("events", "bytes of all events of a request"): (
        "put_events",
        lambda n: {"Entries": [event(1000), event(n - 1000)]},
        ("ValidationException", "Total size of the entries in the request is over the limit."),
    ),
    ("s3", "bytes of an object's key"): (
        "put_object",
        lambda n: {"Bucket": "odpf-raw", "Key": "k" * n},
        ("KeyTooLongError", "Your key is too long"),
    ),
    ("s3", "keys of a DeleteObjects"): (
        "delete_objects",
        lambda n: {"Bucket": "odpf-raw", "Delete": {"Objects": [{"Key": str(m)} for m in range(n)]}},
        ("MalformedXML", "The XML you provided was not well-formed"),
    ),
    ("lambda", "bytes of a synchronous invocation's payload"): (
        "invoke",
        lambda n: {"FunctionName": "f", "Payload": b"x" * n},
        ("RequestEntityTooLargeException", "Request must be smaller than 6291456 bytes"),
    ),
    ("lambda", "bytes of an asynchronous invocation's payload"): (
        "invoke",
        lambda n: {"FunctionName": "f", "Payload": b"x" * n, "InvocationType": "Event"},
        ("RequestEntityTooLargeException", "1048577 byte payload is too large for the Event invocation type"),
    ),
}
REQUEST = ("dynamodb", "bytes of a request")  # told by its length alone, so that no test needs one of 16 MB


@cache
def limited(service):
    client, emulator, _ = hooked(service, limits=True)
    return client, emulator


def test_every_limit_has_a_sample():
    assert {(limit.service, limit.what) for limit in LIMITS} == {*SAMPLES, REQUEST}


@pytest.mark.parametrize(
    "limit", [limit for limit in LIMITS if limit.what != REQUEST[1]], ids=lambda limit: f"{limit.service} {limit.what}"
)
def test_at_a_limit_a_call_reaches_the_service_and_above_it_none_does(limit):
    client, emulator = limited(limit.service)
    method, sample, (code, words) = SAMPLES[limit.service, limit.what]
    emulator.reached.clear()
    getattr(client, method)(**sample(limit.most))
    assert len(emulator.reached) == 1

    with pytest.raises(ClientError) as refused:
        getattr(client, method)(**sample(limit.most + 1))

    assert len(emulator.reached) == 1
    assert refused.value.response["Error"]["Code"] == code
    assert words in refused.value.response["Error"]["Message"]


def test_a_request_to_dynamodb_has_16_mebibytes_at_most():
    most = Call("dynamodb", "BatchWriteItem", {"RequestItems": {}}, 16 * 1024 * 1024)
    assert refusal(most) is None
    assert refusal(most._replace(body_bytes=most.body_bytes + 1)).status == 413


def test_a_refusal_has_the_fields_that_the_service_gives_it():
    client, _ = limited("s3")
    with pytest.raises(ClientError) as refused:
        client.get_object(Bucket="odpf-raw", Key="k" * 1025)
    assert refused.value.response["Error"]["Size"] == "1025"
    client, _ = limited("dynamodb")
    with pytest.raises(client.exceptions.TransactionCanceledException) as refused:
        client.transact_write_items(TransactItems=[check("b"), {"Update": update(ITEM + 1)}])
    assert [reason["Code"] for reason in refused.value.response["CancellationReasons"]] == ["None", "ValidationError"]


def test_what_is_refused_is_not_done_by_an_emulator_in_the_process(monkeypatch):
    with moto_aws(monkeypatch) as aws:
        client = aws.session.client("dynamodb")
        Hook(configuration=HookConfiguration(limits=True)).attach(client)
        with pytest.raises(ClientError, match="ValidationException"):
            client.transact_write_items(TransactItems=[put(400_000, str(n)) for n in range(11)])
        assert client.scan(TableName=TABLE)["Count"] == 0


def test_without_limits_everything_is_sent():
    client, emulator, _ = hooked("dynamodb")
    client.put_item(TableName=TABLE, Item=item(ITEM + 1))
    assert emulator.reached == ["PutItem"]


def test_items_and_keys_of_every_form_are_measured():
    client, emulator, _ = hooked("dynamodb", limits=True)
    big = {"refresh_cadence": {"S": "a"}, "b": {"B": b"x" * 200_000}, "s": {"SS": ["y" * 209_600]}}
    run_id = {"raw_table_name": {"S": "t"}, "run_sort": {"S": "s"}, "run_id": {"S": "r" * 2049}}
    for ask in (
        lambda: client.put_item(TableName=TABLE, Item=big),
        lambda: client.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": big}}]}),
        lambda: client.put_item(TableName="odpf_file_processing_tracker_history", Item=run_id),
        lambda: client.get_item(TableName="of_others", Key={"pk": {"S": "k" * 2049}}),
    ):
        with pytest.raises(ClientError, match="exceeded"):
            ask()
    assert emulator.reached == []
