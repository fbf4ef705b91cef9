"""The Lambda, on DynamoDB, with messages as Lambda gets them and as S3 and EventBridge make them (R4, R5)."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from lambdas import file_manager
from odpf.adapters.aws import Aws
from tests.behaviours.builders import moto_aws
from tests.file_manager.payloads import CHANGES, object_created, sqs_event, staged


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with moto_aws(monkeypatch) as built:
        file_manager._aws.cache_clear()
        yield built
    file_manager._aws.cache_clear()


def failed(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def ten_with_a_poison() -> dict[str, str]:
    bodies = {f"m{n}": staged(f"taxi_trips/table_1/2026013{n}-101530123.parquet") for n in range(10)}
    return bodies | {"m4": "poison"}


def test_a_poison_message_in_ten_nine_registered_one_reported(aws):
    answer = file_manager.handler(sqs_event(ten_with_a_poison()), None)
    assert failed(answer) == ["m4"]
    assert len(aws.tracker.pending("taxi_trips.table_1")) == 9


def test_the_same_batch_delivered_again_changes_nothing(aws):
    for _ in range(2):
        file_manager.handler(sqs_event(ten_with_a_poison()), None)
    assert len(aws.tracker.pending("taxi_trips.table_1")) == 9


def test_a_batch_of_poison_is_reported_message_by_message(aws):
    assert failed(file_manager.handler(sqs_event({"a": "poison", "b": "{}"}), None)) == ["a", "b"]


def test_a_table_that_is_not_there_is_reported_for_redelivery(aws):
    aws.session.client("dynamodb").delete_table(TableName="odpf_file_tracker")
    assert failed(file_manager.handler(sqs_event({"a": object_created()}), None)) == ["a"]


def test_what_was_done_and_what_failed_is_in_the_log_by_message(aws, caplog):
    file_manager.handler(sqs_event({"good": object_created(), "bad": "poison"}), None)
    said = {record.message_id: record for record in caplog.records}
    assert said["good"].registered == 1
    assert (said["bad"].levelname, said["bad"].error) == ("ERROR", "InvalidEvent")
    assert "not JSON" in said["bad"].getMessage()


def test_an_object_put_into_the_bucket_arrives_through_eventbridge_and_sqs(aws):
    events, sqs, s3 = (aws.session.client(name) for name in ("events", "sqs", "s3"))
    queue = sqs.create_queue(QueueName="odpf_staging_events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    s3.put_bucket_notification_configuration(
        Bucket="odpf-staging", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    events.put_rule(Name="r", EventPattern=json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created"]}))
    events.put_targets(Rule="r", Targets=[{"Id": "q", "Arn": arn}])
    key = f"internal_staging/taxi trips/tä+ble%201/{CHANGES}"
    s3.put_object(Bucket="odpf-staging", Key=key, Body=b"PAR1")
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    answer = file_manager.handler(sqs_event({m["MessageId"]: m["Body"] for m in messages}), None)
    (file,) = aws.tracker.all_pending()
    (entry,) = aws.objects.list("odpf-staging", "")
    assert failed(answer) == []
    assert (file.key, file.etag, file.size) == (key, entry.etag, entry.size)
