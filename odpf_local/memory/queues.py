"""Queues in memory, whose messages a test puts there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import count, islice

from odpf.errors import TerminalError
from odpf.ports import QueuedMessage
from odpf.settings import Settings

SENT_AT = datetime(2026, 1, 31, 10, 15, tzinfo=UTC)


class MemoryQueues:
    """The deployment's queues and their dead-letter queues, all empty at first.

    Attributes:
        depths: how many messages are said to wait beside those that do; a queue that is not in it does not exist.
    """

    def __init__(self, settings: Settings) -> None:
        queues = (settings.staging_queue, settings.config_queue)
        self.depths = {name: 0 for queue in queues for name in (queue, f"{queue}_dlq")}
        self._messages: dict[str, dict[str, QueuedMessage]] = defaultdict(dict)
        self._hidden: set[str] = set()
        self._numbers: Counter[str] = Counter()
        self._ids = count(1)

    def put(
        self, queue: str, body: str, attributes: Mapping[str, str] | None = None, sent_at: datetime = SENT_AT
    ) -> str:
        """Send one message as somebody else does; its id."""
        message_id = f"00000000-0000-4000-8000-{next(self._ids):012d}"
        self._messages[queue][message_id] = QueuedMessage(
            message_id, "", body, sent_at, None, 0, dict(attributes or {})
        )
        return message_id

    def bodies(self, queue: str) -> list[str]:
        """Bodies of all its messages, hidden ones too, in the order they were sent."""
        return [message.body for message in self._messages[queue].values()]

    def end_of_hiding(self) -> None:
        """Time passes: what was received and not removed is visible again."""
        self._hidden.clear()

    def depth(self, queue: str) -> int | None:
        """Visible messages and what was set; None for other queues."""
        told = self.depths.get(queue)
        return None if told is None else told + len(self._visible(queue))

    def receive(self, queue: str, most: int, hidden_seconds: int) -> list[QueuedMessage]:
        """Up to `most` messages, hidden until they are shown or time passes."""
        self._existing(queue)
        received = [self._received(message) for message in islice(self._visible(queue), min(most, 10))]
        self._messages[queue] |= {message.message_id: message for message in received}
        if hidden_seconds:
            self._hidden |= {message.message_id for message in received}
        return received

    def show(self, queue: str, messages: Iterable[QueuedMessage]) -> None:
        """Make messages visible again."""
        self._existing(queue)
        self._hidden -= {message.message_id for message in messages}

    def send(self, queue: str, messages: Iterable[QueuedMessage]) -> dict[str, str]:
        """Send bodies and attributes."""
        self._existing(queue)
        for message in messages:
            self.put(queue, message.body, message.attributes)
        return {}

    def delete(self, queue: str, messages: Iterable[QueuedMessage]) -> dict[str, str]:
        """Remove messages by their newest receipts."""
        self._existing(queue)
        stayed: dict[str, str] = {}
        for message in messages:
            there = self._messages[queue].get(message.message_id)
            if there is not None and there.receipt != message.receipt:
                stayed[message.message_id] = "ReceiptHandleIsInvalid"
            elif there is not None:
                del self._messages[queue][message.message_id]
        return stayed

    def _existing(self, queue: str) -> None:
        if queue not in self.depths:
            raise TerminalError(f"There is no queue {queue}. Deploy it, or check ODPF_PREFIX, then run again.")

    def _visible(self, queue: str) -> list[QueuedMessage]:
        return [message for message in self._messages[queue].values() if message.message_id not in self._hidden]

    def _received(self, message: QueuedMessage) -> QueuedMessage:
        self._numbers[message.message_id] += 1
        times = self._numbers[message.message_id]
        return message._replace(
            receipt=f"{message.message_id}#{times}",
            first_received_at=message.first_received_at or message.sent_at,
            receptions=times,
        )
