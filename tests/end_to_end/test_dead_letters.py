"""What was set aside comes back: a poisoned message, and the event of a file that could not be delivered (R4, R5, V3)."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from tests.end_to_end.lake import ARTIFACTS, Answer, Lake
from tests.end_to_end.source import Source, rows
from tests.end_to_end.test_arrivals import PENDING, QUEUE, event_of, no_events, send
from tests.end_to_end.waiting import eventually

pytestmark = pytest.mark.soak  # a message is set aside after five tries

DEAD, CONFIG_DEAD = f"{QUEUE}_dlq", "odpf_config_events_dlq"
POISON = '{"source": "somebody.else", "detail": {"poisoned": "dead letters"}}'
UNDELIVERED = {"RULE_ARN": "arn:aws:events:rule", "ERROR_CODE": "NO_PERMISSIONS", "ERROR_MESSAGE": "not authorised"}


class Redriven(NamedTuple):
    """What the commands said, in the order they were given."""

    source: Source
    poison: str
    event: str
    first: Answer
    again: Answer
    unknown: Answer
    redrive: Answer
    came_back: dict[str, Any]
    second: Answer
    refused: Answer
    deleted: Answer
    last: Answer


@pytest.fixture(scope="module")
def redriven(lake: Lake) -> Redriven:
    source = Source("dead.letters")
    with no_events(lake):
        lake.put(*source.load(rows(2)))
    send(lake, POISON)
    event = put_undelivered(lake, event_of(lake, source.files[0]))
    other = put_undelivered(lake, no_manifest(), CONFIG_DEAD)
    poison = set_aside(lake, POISON)
    first, again = (lake.odpf("dead-letters", "list", "--limit", "100") for _ in range(2))
    unknown = lake.odpf("dead-letters", "redrive", "--message-id", event, "--message-id", "nobody", "--yes")
    refused = lake.odpf("dead-letters", "delete", "--message-id", event, "--yes")

    redrive = lake.odpf("dead-letters", "redrive", "--message-id", event, "--message-id", poison, "--yes")
    eventually(lambda: lake.items(PENDING, source.name))
    back = set_aside(lake, POISON)
    listed = lake.odpf("dead-letters", "list", "--queue", QUEUE, "--limit", "100")
    came_back = by_id(listed)[back]

    doubled = put_undelivered(lake, event_of(lake, source.files[0]))
    second = lake.odpf("dead-letters", "redrive", "--message-id", doubled, "--message-id", other, "--yes")
    deleted = lake.odpf("dead-letters", "delete", "--message-id", back, "--yes")
    last = lake.odpf("dead-letters", "list", "--limit", "100")
    return Redriven(source, poison, event, first, again, unknown, redrive, came_back, second, refused, deleted, last)


def put_undelivered(lake: Lake, event: str, queue: str = DEAD) -> str:
    """Put an event among the dead letters as EventBridge does that could not deliver it; the message's id."""
    sqs = lake.client("sqs")
    said = {name: {"DataType": "String", "StringValue": value} for name, value in UNDELIVERED.items()}
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    message_id: str = sqs.send_message(QueueUrl=url, MessageBody=event, MessageAttributes=said)["MessageId"]
    return message_id


def no_manifest() -> str:
    """The event of an object that the Configuration Manager does nothing about."""
    detail = {"bucket": {"name": ARTIFACTS}, "object": {"key": "config/notes.txt"}}
    return json.dumps({"detail-type": "Object Created", "source": "aws.s3", "detail": detail})


def set_aside(lake: Lake, body: str) -> str:
    """Wait until a message is a dead letter, among those of other tests; its id."""
    sqs = lake.client("sqs")
    url = sqs.get_queue_url(QueueName=DEAD)["QueueUrl"]

    def found() -> list[str]:
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", ())
        return [message["MessageId"] for message in received if message["Body"] == body]

    return eventually(found, 120)[0]


def by_id(answer: Answer) -> dict[str, dict[str, Any]]:
    return {each["message_id"]: each for each in answer.document["messages"]}


def test_the_list_tells_what_they_are_of_and_looking_changes_nothing(redriven: Redriven) -> None:
    found = by_id(redriven.first)
    assert (redriven.first.status, found[redriven.poison]["kind"]) == (0, "unusable")
    event = found[redriven.event]
    assert (event["kind"], event["not_delivered"]) == ("landed_file", "NO_PERMISSIONS: not authorised")
    assert [(file["source_table_name"], file["registered"]) for file in event["files"]] == [("dead.letters", False)]
    assert {*found} == {*by_id(redriven.again)}


def test_with_an_unknown_id_nothing_is_sent_and_what_is_not_registered_is_not_deleted(redriven: Redriven) -> None:
    assert (redriven.unknown.status, redriven.unknown.document["kind"]) == (1, "NotADeadLetter")
    assert (redriven.refused.status, "redrive --message-id" in redriven.refused.document["error"]) == (1, True)


def test_a_redrive_brings_the_file_into_the_tracker_once(lake: Lake, redriven: Redriven) -> None:
    assert redriven.redrive.status == 0
    assert {each["result"] for each in redriven.redrive.document["messages"]} == {"sent_back"}
    assert redriven.second.status == 0
    (item,) = lake.items(PENDING, redriven.source.name)
    assert item["path"].endswith(redriven.source.files[0])


def test_the_poisoned_message_comes_back_and_can_be_deleted(redriven: Redriven) -> None:
    assert "cannot be used" in redriven.redrive.document["warnings"][0]
    assert (redriven.came_back["kind"], redriven.came_back["times_sent_back"]) == ("unusable", 1)
    assert redriven.deleted.status == 0
    assert POISON not in [each["body_begins"] for each in redriven.last.document["messages"]]
