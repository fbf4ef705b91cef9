"""The watch as the embedded AWS has it: a function to invoke, a topic to subscribe to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from lambdas import watch
from odpf.adapters.aws import Aws
from odpf_local.aws.instance import EmbeddedAws, Options


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    options = Options(handlers={"watch": "lambdas.watch.handler"}, job_script=Path(__file__), spark=False)
    watch.watch.cache_clear()
    with EmbeddedAws(tmp_path_factory.mktemp("watched"), options=options) as started:
        yield started
    watch.watch.cache_clear()


@pytest.fixture
def client(instance: EmbeddedAws) -> Any:
    return lambda service: boto3.client(service, endpoint_url=instance.endpoint_url)


def watched(client: Any) -> dict[str, int]:
    answer = client("lambda").invoke(FunctionName="odpf_watch", Payload="{}")
    found: dict[str, int] = json.load(answer["Payload"])
    return found


def inbox(client: Any, name: str, **policy: list[str]) -> str:
    """A queue that is subscribed to the topic with a filter."""
    sqs, sns = client("sqs"), client("sns")
    (topic,) = [t["TopicArn"] for t in sns.list_topics()["Topics"] if t["TopicArn"].endswith(":odpf_notices")]
    url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"FilterPolicy": json.dumps(policy)})
    return url


def received(client: Any, url: str) -> list[dict[str, Any]]:
    messages = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


def test_what_is_wrong_is_told_once_to_those_who_want_to_know(instance: EmbeddedAws, client: Any) -> None:
    mine, other = inbox(client, "mine", kind=["table_failed"]), inbox(client, "other", refresh_cadence=["daily"])
    assert watched(client) == {"findings": 0, "begun": 0, "over": 0}
    broken = {"refresh_cadence": "hourly", "source_table_name": "shop.orders", "raw_database_name": "raw"}
    Aws(instance.settings).config.put_tables([broken])
    assert [watched(client) for _ in range(2)] == [
        {"findings": 1, "begun": 1, "over": 0},
        {"findings": 1, "begun": 0, "over": 0},
    ]
    (notice,) = received(client, mine)
    assert notice["Subject"] == "ODPF odpf: shop.orders (hourly) failed"
    assert notice["MessageAttributes"]["refresh_cadence"]["Value"] == "hourly"
    assert "`odpf config apply PATH`" in notice["Message"]
    assert received(client, other) == []


def test_the_topic_is_this_instances_own_business(instance: EmbeddedAws) -> None:
    assert "ODPF_ALARM_TOPIC_ARN" not in instance.environment()
