"""The event source mapping between an SQS queue and a Lambda function."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from itertools import islice
from threading import Event, Thread
from typing import Any

from moto.sqs.models import Message, Queue, sqs_backends

from odpf_local.aws.function_call import FunctionError
from odpf_local.aws.functions import Functions
from odpf_local.aws.replacement import replaced

log = logging.getLogger(__name__)
_WAIT_SECONDS = 0.2  # a message that becomes visible again wakes nobody


def undisturbed_deletes() -> AbstractContextManager[None]:
    """Deleting a message never drops one that arrives at the same time (moto rebuilds the list without its lock)."""
    original = Queue.delete_message

    def delete_message(queue: Queue, receipt_handle: str) -> None:
        with queue._messages_lock:
            original(queue, receipt_handle)

    return replaced(Queue, "delete_message", delete_message)


class QueuePoller:
    """Hands a queue's messages to a function in batches and deletes what succeeded.

    What the function names in `batchItemFailures`, or all when it raises, comes again after the queue's visibility
    timeout; the queue's redrive policy ends that in its dead-letter queue.
    """

    def __init__(
        self, account: str, region: str, queue_name: str, functions: Functions, function: str, batch: int
    ) -> None:
        self._region = region
        self._queue: Queue = sqs_backends[account][region].get_queue(queue_name)
        self._functions = functions
        self._function = function
        self._batch = batch
        self._most_receives: int = (self._queue.redrive_policy or {})["maxReceiveCount"]
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"poll {queue_name}", daemon=True)

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch at hand and end."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                messages = self._receive()
                if messages:
                    self._deliver(messages)
            except Exception:
                # The poller outlives anything that goes wrong with one batch: its messages come again.
                log.exception("%s: a batch could not be delivered", self._queue.name)
                self._stopping.wait(1)

    def _receive(self) -> list[Message]:
        """The next messages that may be delivered; waits a moment when there is none.

        It looks no further than it must. ReceiveMessage as moto does it looks at every message of the queue several
        times, which with thousands of them is slower than they arrive.
        """
        queue: Any = self._queue
        with queue._messages_lock:
            deliverable = (message for message in queue._messages if message.visible and not message.delayed)
            messages = list(islice(deliverable, self._batch))
            if not messages:
                queue._messages_lock.wait(_WAIT_SECONDS)
                return []
            dead = [each for each in messages if each.approximate_receive_count >= self._most_receives]
            queue._messages = [each for each in queue._messages if each not in dead] if dead else queue._messages
            alive = [each for each in messages if each not in dead]
            for message in alive:
                queue.pending_messages.add(message)
                message.mark_received(visibility_timeout=int(queue.visibility_timeout))
        for message in dead:
            queue.dead_letter_queue.add_message(message)
        return alive

    def _deliver(self, messages: list[Message]) -> None:
        event = {"Records": [self._record(message) for message in messages]}
        try:
            answer = self._functions.invoke(self._function, event)
        except FunctionError:  # logged by Functions; the whole batch comes again
            return
        failed = {item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures", ())}
        if failed - {message.id for message in messages}:
            return  # as Lambda: a failure that names no message of the batch fails all of it
        self._delete({message.id for message in messages} - failed)

    def _delete(self, ids: set[str]) -> None:
        """Remove the messages in one pass; moto's own way is one pass per message."""
        queue: Any = self._queue
        with queue._messages_lock:
            gone = [message for message in queue._messages if message.id in ids]
            queue._messages = [message for message in queue._messages if message.id not in ids]
            for message in gone:
                queue.pending_messages.discard(message)
                queue.deleted_messages.update(message.all_receipt_handles)

    def _record(self, message: Message) -> dict[str, Any]:
        return {
            "messageId": message.id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": str(message.approximate_receive_count),
                "SentTimestamp": str(message.sent_timestamp),
                "SenderId": message.sender_id,
                "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
            },
            "messageAttributes": {},
            "md5OfBody": message.body_md5,
            "eventSource": "aws:sqs",
            "eventSourceARN": self._queue.queue_arn,
            "awsRegion": self._region,
        }
