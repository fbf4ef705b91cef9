"""Faults happen to requests inside the SDK's retries, as the services' own answers or as what the network does."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from odpf_local.aws_hook import FaultRule, Hook, Meter
from odpf_local.aws_hook.meter import Calls
from tests.aws_hook.emulator import hooked, planned, session
from tests.behaviours.builders import moto_aws

TABLE, KEY = "odpf_batch_config", {"refresh_cadence": {"S": "a"}}
ITEM = {**KEY, "v": {"S": "1"}}
PUT = ("dynamodb", "put_item", {"TableName": TABLE, "Item": ITEM})
WRITE = {"Put": {"TableName": TABLE, "Item": ITEM}}
OBJECT = {"Bucket": "odpf-raw", "Key": "k"}


@pytest.fixture
def moto(monkeypatch):
    with moto_aws(monkeypatch) as aws:
        yield aws.session


def dynamodb(moto, *faults, attempts=3):
    """A client of moto's DynamoDB and its meter."""
    client = moto.client("dynamodb", config=Config(retries={"mode": "standard", "total_max_attempts": attempts}))
    meter = Meter()
    Hook(meter, planned(*faults)).attach(client)
    return client, meter


def test_the_sdk_tries_a_throttled_request_again(moto):
    client, meter = dynamodb(moto, FaultRule(kind="throttle", nth=1))
    client.put_item(TableName=TABLE, Item=ITEM)
    assert client.get_item(TableName=TABLE, Key=KEY)["Item"] == ITEM
    assert meter.take_calls() == {("dynamodb", "PutItem"): Calls(1, 2), ("dynamodb", "GetItem"): Calls(1, 1)}
    assert meter.take() == {"dynamodb_write": 1, "dynamodb_read": 0.5}


def test_a_request_that_always_fails_is_not_done_and_costs_nothing(moto):
    client, meter = dynamodb(moto, FaultRule(kind="internal_error", service="dynamodb", operation="PutItem"))
    with pytest.raises(ClientError, match="InternalServerError"):
        client.put_item(TableName=TABLE, Item=ITEM)
    assert "Item" not in client.get_item(TableName=TABLE, Key=KEY)
    assert meter.take_calls()["dynamodb", "PutItem"] == Calls(1, 3)
    assert meter.take() == {"dynamodb_read": 0.5}


@pytest.mark.parametrize(
    ("kind", "raised"), [("lost_answer", ConnectionClosedError), ("lost_answer:timeout", ReadTimeoutError)]
)
def test_what_a_lost_answer_told_of_is_done(moto, kind, raised):
    client, _ = dynamodb(moto, FaultRule(kind=kind, nth=1), attempts=1)
    with pytest.raises(raised):
        change(client)
    assert client.get_item(TableName=TABLE, Key=KEY)["Item"] == ITEM


def test_the_retry_of_a_lost_conditional_update_meets_its_own_work(moto):
    client, meter = dynamodb(moto, FaultRule(kind="lost_answer", nth=1))
    with pytest.raises(client.exceptions.ConditionalCheckFailedException):
        change(client)
    assert client.get_item(TableName=TABLE, Key=KEY)["Item"] == ITEM
    assert meter.take_calls()["dynamodb", "UpdateItem"] == Calls(1, 2)


def change(client):
    client.update_item(
        TableName=TABLE,
        Key=KEY,
        UpdateExpression="SET v = :one",
        ConditionExpression="attribute_not_exists(v)",
        ExpressionAttributeValues={":one": {"S": "1"}},
    )


def test_a_lost_answer_over_the_wire_was_sent_once():
    seen = []

    class Service(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append(self.headers["X-Amz-Target"])
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        once = Config(retries={"mode": "standard", "total_max_attempts": 1})
        client = session().client("sqs", endpoint_url=f"http://127.0.0.1:{server.server_port}", config=once)
        Hook(configuration=planned("lost_answer")).attach(client)
        with pytest.raises(ConnectionClosedError):
            client.list_queues()
        thread.join()
        client.close()
    assert seen == ["AmazonSQS.ListQueues"]


def test_a_request_that_times_out_before_was_not_sent():
    client, emulator, _ = hooked("dynamodb", "timeout_before")
    with pytest.raises(ReadTimeoutError):
        client.put_item(TableName=TABLE, Item=ITEM)
    assert emulator.reached == []


def test_a_slow_request_is_sent_later():
    client, emulator, hook = hooked("dynamodb", "slow:2.5")
    waited = []
    hook.sleep = lambda seconds: waited.append((seconds, list(emulator.reached)))
    client.put_item(TableName=TABLE, Item=ITEM)
    assert waited == [(2.5, [])]
    assert emulator.reached == ["PutItem"]


@pytest.mark.parametrize(
    ("service", "method", "params", "code", "status"),
    [
        (*PUT, "ProvisionedThroughputExceededException", 400),
        ("dynamodb", "describe_table", {"TableName": TABLE}, "ThrottlingException", 400),
        ("s3", "put_object", OBJECT, "SlowDown", 503),
        ("s3", "head_object", OBJECT, "503", 503),
        ("glue", "start_job_run", {"JobName": "j"}, "ConcurrentRunsExceededException", 400),
        ("glue", "get_table", {"DatabaseName": "d", "Name": "t"}, "ThrottlingException", 400),
        ("sqs", "get_queue_url", {"QueueName": "q"}, "RequestThrottled", 400),
        ("stepfunctions", "list_state_machines", {}, "ThrottlingException", 400),
        ("scheduler", "list_schedules", {}, "ThrottlingException", 429),
        ("lambda", "invoke", {"FunctionName": "f"}, "TooManyRequestsException", 429),
        ("sns", "list_topics", {}, "Throttling", 400),
    ],
)
def test_a_service_throttles_in_its_own_words(service, method, params, code, status):
    client, emulator, _ = hooked(service, "throttle")
    assert refusal(client, method, params) == (code, status)
    assert emulator.reached == []


@pytest.mark.parametrize(
    ("kind", "call", "code", "status"),
    [
        ("internal_error", PUT, "InternalServerError", 500),
        ("internal_error", ("s3", "get_object", OBJECT), "InternalError", 500),
        ("unavailable", PUT, "ServiceUnavailable", 503),
        ("error:AccessDeniedException", PUT, "AccessDeniedException", 400),
        ("error:AccessDenied", ("s3", "get_object", OBJECT), "AccessDenied", 403),
        ("error:AccessDenied", ("s3", "head_object", OBJECT), "403", 403),
        ("transaction_conflict", PUT, "TransactionConflictException", 400),
    ],
)
def test_a_service_fails_in_its_own_words(kind, call, code, status):
    service, method, params = call
    client, _, _ = hooked(service, kind)
    assert refusal(client, method, params) == (code, status)


def refusal(client, method, params):
    with pytest.raises(ClientError) as refused:
        getattr(client, method)(**params)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_transaction_that_conflicts_is_cancelled_with_reasons(moto):
    client, _ = dynamodb(moto, "transaction_conflict")
    other = {"ConditionCheck": {"TableName": "odpf_file_tracker", "Key": KEY, "ConditionExpression": "a = b"}}
    with pytest.raises(client.exceptions.TransactionCanceledException) as cancelled:
        client.transact_write_items(TransactItems=[WRITE, other])
    reasons = cancelled.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["TransactionConflict", "None"]
    assert client.scan(TableName=TABLE)["Count"] == 0
