"""Messages in the queues of SQS: counted, looked at, sent and removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import ClientError

from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call, code_of
from odpf.ports import QueuedMessage

MOST_AT_ONCE = 10
"""Messages in one request (Amazon SQS API, ReceiveMessage and the batch operations)."""
MOST_BYTES_AT_ONCE = 262_144
"""Of bodies and attributes together in one SendMessageBatch that every account takes; a longer message goes alone."""

_ABSENT = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
_LOOK_EVERYWHERE_SECONDS = 1
"""With a wait ReceiveMessage asks every server of a queue, else only some (SQS developer guide, "Short and long polling")."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SqsQueues:
    """Queues by name."""

    def __init__(self, session: boto3.Session) -> None:
        self._client = session.client("sqs", config=CLIENT_CONFIG)
        self._urls: dict[str, str] = {}

    def depth(self, queue: str) -> int | None:
        """About how many messages can be received; None when there is no such queue."""
        with aws_call(f"Looking at queue {queue}"):
            try:
                answer = self._client.get_queue_attributes(
                    QueueUrl=self._url(queue), AttributeNames=["ApproximateNumberOfMessages"]
                )
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return None
                raise
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def receive(self, queue: str, most: int, hidden_seconds: int) -> list[QueuedMessage]:
        """Up to `most` messages, hidden meanwhile; waits a second for the first."""
        with aws_call(f"Receiving messages of queue {queue}"):
            answer = self._client.receive_message(
                QueueUrl=self._url(queue),
                MaxNumberOfMessages=min(most, MOST_AT_ONCE),
                VisibilityTimeout=hidden_seconds,
                WaitTimeSeconds=_LOOK_EVERYWHERE_SECONDS,
                MessageSystemAttributeNames=[
                    "SentTimestamp",
                    "ApproximateFirstReceiveTimestamp",
                    "ApproximateReceiveCount",
                ],
                MessageAttributeNames=["All"],
            )
        return [_message(received) for received in answer.get("Messages", ())]

    def show(self, queue: str, messages: Iterable[QueuedMessage]) -> None:
        """Make messages visible again; what SQS says of single ones is that they are, or are gone."""
        for batch in _batches(messages):
            with aws_call(f"Making messages of queue {queue} visible again"):
                self._client.change_message_visibility_batch(
                    QueueUrl=self._url(queue),
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": message.receipt, "VisibilityTimeout": 0}
                        for number, message in enumerate(batch)
                    ],
                )

    def send(self, queue: str, messages: Iterable[QueuedMessage]) -> dict[str, str]:
        """Send messages, as many in a request as it holds; a request that was done and asked again sends them twice."""
        failed: dict[str, str] = {}
        for batch in _batches(messages, MOST_BYTES_AT_ONCE):
            with aws_call(f"Sending to queue {queue}"):
                answer = self._client.send_message_batch(
                    QueueUrl=self._url(queue),
                    Entries=[
                        {
                            "Id": str(number),
                            "MessageBody": message.body,
                            "MessageAttributes": {
                                name: {"DataType": "String", "StringValue": value}
                                for name, value in message.attributes.items()
                            },
                        }
                        for number, message in enumerate(batch)
                    ],
                )
            failed |= _failed(batch, answer)
        return failed

    def delete(self, queue: str, messages: Iterable[QueuedMessage]) -> dict[str, str]:
        """Remove messages by their receipts."""
        failed: dict[str, str] = {}
        for batch in _batches(messages):
            with aws_call(f"Removing messages of queue {queue}"):
                answer = self._client.delete_message_batch(
                    QueueUrl=self._url(queue),
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": message.receipt} for number, message in enumerate(batch)
                    ],
                )
            failed |= _failed(batch, answer)
        return failed

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            self._urls[queue] = self._client.get_queue_url(QueueName=queue)["QueueUrl"]
        return self._urls[queue]


def _message(received: Mapping[str, Any]) -> QueuedMessage:
    system = received.get("Attributes", {})
    first = system.get("ApproximateFirstReceiveTimestamp")
    texts = {name: value.get("StringValue") for name, value in received.get("MessageAttributes", {}).items()}
    return QueuedMessage(
        message_id=received["MessageId"],
        receipt=received["ReceiptHandle"],
        body=received["Body"],
        sent_at=_moment(system["SentTimestamp"]),
        first_received_at=_moment(first) if first else None,
        receptions=int(system["ApproximateReceiveCount"]),
        attributes={name: text for name, text in texts.items() if text is not None},
    )


def _moment(milliseconds: str) -> datetime:
    return _EPOCH + timedelta(milliseconds=int(milliseconds))


def _batches(messages: Iterable[QueuedMessage], most_bytes: int | None = None) -> Iterator[list[QueuedMessage]]:
    """Messages in the order given, in lists of one request each."""
    batch: list[QueuedMessage] = []
    size = 0
    for message in messages:
        length = _length(message)
        too_long = most_bytes is not None and size + length > most_bytes
        if batch and (too_long or len(batch) == MOST_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield batch


def _length(message: QueuedMessage) -> int:
    """Bytes that count: of the body, and of each attribute's name, type and value (Amazon SQS API, SendMessage)."""
    attributes = sum(len(f"{name}String{value}".encode()) for name, value in message.attributes.items())
    return len(message.body.encode()) + attributes


def _failed(batch: list[QueuedMessage], answer: Mapping[str, Any]) -> dict[str, str]:
    """What a batch operation says of the messages that it did not do, by their ids."""
    return {
        batch[int(entry["Id"])].message_id: f"{entry['Code']}: {entry.get('Message', '')}".removesuffix(": ")
        for entry in answer.get("Failed", ())
    }
