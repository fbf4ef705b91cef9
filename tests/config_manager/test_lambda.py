"""The Lambda: manifests by SQS, one bad message failing alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lambdas import config_manager
from tests.behaviours.builders import moto_aws
from tests.config_manager.builders import cadence, table

BODY = (Path(__file__).parents[1] / "events" / "config_manifest_created.json").read_text()


def records(*bodies: str) -> dict:
    return {
        "Records": [
            {"messageId": f"m{n}", "body": body, "eventSource": "aws:sqs", "receiptHandle": "r", "attributes": {}}
            for n, body in enumerate(bodies)
        ]
    }


@pytest.fixture
def aws(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    config_manager._aws.cache_clear()
    with moto_aws(monkeypatch) as built:
        s3 = built.session.client("s3")
        s3.create_bucket(Bucket="odpf-artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        machines = built.session.client("stepfunctions")
        machines.create_state_machine(
            name="odpf_refresh_cadence", definition="{}", roleArn="arn:aws:iam::123456789012:role/odpf"
        )
        yield built
    config_manager._aws.cache_clear()


def put(aws, *tables) -> None:
    content = {"cadences": [cadence()], "tables": list(tables)}
    aws.objects.put("odpf-artifacts", "config/shop.json", json.dumps(content).encode())


def test_a_manifest_is_applied(aws):
    put(aws, table())
    assert config_manager.handler(records(BODY, BODY), None) == {"batchItemFailures": []}
    assert [item["source_table_name"] for item in aws.config.tables()] == ["shop.orders"]
    assert [record["status"] for record in aws.config.deployments()] == ["applied"]


def test_a_refused_manifest_is_done_and_a_message_that_is_no_event_fails_alone(aws):
    put(aws, table(engine="flink"))
    assert config_manager.handler(records("junk", BODY), None) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert aws.config.tables() == []
    assert [record["status"] for record in aws.config.deployments()] == ["refused"]


def test_a_service_that_is_not_there_makes_the_message_come_again(aws):
    put(aws, table())
    aws.session.client("dynamodb").delete_table(TableName="odpf_batch_config")
    assert config_manager.handler(records(BODY), None)["batchItemFailures"] == [{"itemIdentifier": "m0"}]
