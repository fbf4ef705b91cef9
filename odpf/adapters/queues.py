"""How many messages wait in the queues of SQS."""

from __future__ import annotations

import boto3
from botocore.exceptions import ClientError

from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call, code_of

_ABSENT = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})


class SqsQueues:
    """Queues by name."""

    def __init__(self, session: boto3.Session) -> None:
        self._client = session.client("sqs", config=CLIENT_CONFIG)

    def depth(self, queue: str) -> int | None:
        """About how many messages can be received; None when there is no such queue."""
        with aws_call(f"Looking at queue {queue}"):
            try:
                url = self._client.get_queue_url(QueueName=queue)["QueueUrl"]
                answer = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return None
                raise
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])
