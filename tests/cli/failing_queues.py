"""Queues that fail as they are told to, and what happens to their messages meanwhile."""

from __future__ import annotations

from file_manager.register import register_message
from odpf_local.memory.queues import MemoryQueues
from tests.cli.builders import NOW

QUEUE, CONFIG = "odpf_staging_events", "odpf_config_events"
DEAD, DEAD_CONFIG = f"{QUEUE}_dlq", f"{CONFIG}_dlq"


class FailingQueues(MemoryQueues):
    """Raises once, after some good requests, or says of every message that it was not done; by the kind of request."""

    def __init__(self, settings):
        super().__init__(settings)
        self.raises = {}
        self.good_requests = 0
        self.refuses = {}

    def send(self, queue, messages):
        return self._failure("send", messages) or super().send(queue, messages)

    def delete(self, queue, messages):
        return self._failure("delete", messages) or super().delete(queue, messages)

    def _failure(self, kind, messages):
        if kind in self.raises:
            if not self.good_requests:
                raise self.raises.pop(kind)
            self.good_requests -= 1
        return {each.message_id: self.refuses[kind] for each in messages} if kind in self.refuses else None


def deliver(aws):
    """What the File Manager does with the messages of its queue; all of them succeed."""
    while messages := aws.queues.receive(QUEUE, 10, 60):
        for message in messages:
            register_message(message.body, aws.settings.staging_places, aws.tracker, NOW)
        aws.queues.delete(QUEUE, messages)


def set_aside(aws):
    """What SQS does with messages that fail every time."""
    while messages := aws.queues.receive(QUEUE, 10, 60):
        for message in messages:
            aws.queues.put(DEAD, message.body, message.attributes)
        aws.queues.delete(QUEUE, messages)
