"""Dead-letter queues: messages looked at, sent back and removed, so that none is ever in no queue.

A message is received, which hides it for a while; sent to the queue it came from; and removed here only when that queue
has taken it. Whatever dies in between leaves it in both queues, which is harmless: the same file registered twice is one
file, and a manifest applied twice changes nothing. What was received and is not removed is made visible again.

SQS has a task of its own for this, StartMessageMoveTask, which is not used:

- it moves all messages or none, so a selection would need this loop beside it, and both would have to be right;
- it is for messages that a queue has set aside, and here are those that EventBridge could not deliver, too (Amazon SQS API);
- it cannot mark what it moves, and the mark tells a message that comes back from one that was never sent back;
- it runs by itself, and says how many messages went, not which.

Three requests move ten messages, some hundred a second. Who prefers the task (*Start DLQ redrive* in the SQS console) can use
it beside this: each moves what the other has not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from enum import StrEnum
from typing import NamedTuple

from odpf.errors import OdpfError, TerminalError
from odpf.ports import QueuedMessage, Queues
from odpf_cli.dead_letters_contents import dead_letters_of, redriven, to_send_back

HIDDEN_SECONDS = 120
"""How long a received message stays hidden if this program dies; enough to look through thousands for one."""
_AT_ONCE = 10
_NOTHING_NEW = 3
"""So many answers in a row without a new message: what was hidden first is visible again, and the rest was seen."""


class NotADeadLetter(TerminalError):
    """No dead letter has the id that was asked for."""


class Result(StrEnum):
    """What became of one message."""

    SENT_BACK = "sent_back"
    SENT_AND_STILL_HERE = "sent_back_and_still_here"
    NOT_SENT = "not_sent"
    CAME_BACK = "came_back"
    DELETED = "deleted"
    NOT_DELETED = "not_deleted"

    @property
    def is_good(self) -> bool:
        """Whether it is what was asked for."""
        return self in (Result.SENT_BACK, Result.DELETED)


class Handled(NamedTuple):
    """One message, the queue it came from, and what became of it; `why` says it of one that is still here."""

    source: str
    message: QueuedMessage
    result: Result
    why: str | None = None


class DeadLetterQueues(NamedTuple):
    """The dead-letter queues of some queues."""

    queues: Queues
    sources: tuple[str, ...]

    def peek(self, most: int) -> list[tuple[str, QueuedMessage]]:
        """Up to so many messages of each, with the queues they came from; visible again afterwards."""
        found: list[tuple[str, QueuedMessage]] = []
        for source in self.sources:
            with Held(self.queues, source) as held:
                found += [(source, message) for batch in held.received(most) for message in batch]
        return found

    def find(self, ids: Sequence[str]) -> list[tuple[str, QueuedMessage]]:
        """Messages by their ids, with the queues they came from; visible again afterwards.

        Raises:
            NotADeadLetter: one is not there.
        """
        with ExitStack() as stack:
            found = self._found(ids, stack)
            return [(held.source, message) for held, messages in found for message in messages]

    def redrive_all(self, token: str) -> Iterator[Handled]:
        """Send every message back but those that this very redrive has sent and that are here again: it would never end.

        Args:
            token: of this redrive.
        """
        for source in self.sources:
            with Held(self.queues, source) as held:
                for batch in held.received():
                    again = [message for message in batch if redriven(message).token == token]
                    others = [message for message in batch if redriven(message).token != token]
                    yield from (Handled(source, message, Result.CAME_BACK) for message in again)
                    yield from held.send_back(others, token)

    def redrive(self, ids: Sequence[str], token: str) -> Iterator[Handled]:
        """Send messages back by their ids; when one is not there, none is sent.

        Raises:
            NotADeadLetter: one is not there.
        """
        with ExitStack() as stack:
            for held, messages in self._found(ids, stack):
                for first in range(0, len(messages), _AT_ONCE):
                    yield from held.send_back(messages[first : first + _AT_ONCE], token)

    def delete(self, ids: Sequence[str]) -> Iterator[Handled]:
        """Remove messages by their ids; when one is not there, none is removed.

        Raises:
            NotADeadLetter: one is not there.
        """
        with ExitStack() as stack:
            for held, messages in self._found(ids, stack):
                yield from held.delete(messages)

    def _found(self, ids: Sequence[str], stack: ExitStack) -> list[tuple[Held, list[QueuedMessage]]]:
        """Messages by their ids, held until the stack ends."""
        wanted, looked_at = set(ids), 0
        found: list[tuple[Held, list[QueuedMessage]]] = []
        for source in self.sources:
            held = stack.enter_context(Held(self.queues, source))
            messages: list[QueuedMessage] = []
            for batch in held.received() if wanted else ():
                looked_at += len(batch)
                messages += [message for message in batch if message.message_id in wanted]
                wanted -= {message.message_id for message in batch}
                if not wanted:
                    break
            found.append((held, messages))
        if wanted:
            raise NotADeadLetter(
                f"Among the {looked_at} dead letters here is none with the id {', '.join(sorted(wanted))}; nothing was "
                "changed. A message that was sent back has another id: odpf dead-letters list. One that somebody else looks at is "
                "hidden meanwhile: try again in two minutes."
            )
        return found


class Held(AbstractContextManager["Held"]):
    """What is received of one dead-letter queue, hidden from others until it is removed or this ends."""

    def __init__(self, queues: Queues, source: str) -> None:
        self.source = source
        self._queues = queues
        self._queue = dead_letters_of(source)
        self._messages: dict[str, QueuedMessage] = {}

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Make visible what is left; when something else went wrong before, that is what is told."""
        try:
            self._queues.show(self._queue, self._messages.values())
        except OdpfError:
            if kind is None:
                raise

    def received(self, most: int | None = None) -> Iterator[list[QueuedMessage]]:
        """Every message once, in the lists they come in, until none is visible or there were so many."""
        seen: set[str] = set()
        nothing_new = 0
        while nothing_new < _NOTHING_NEW and (most is None or len(seen) < most):
            wanted = _AT_ONCE if most is None else min(_AT_ONCE, most - len(seen))
            batch = self._queues.receive(self._queue, wanted, HIDDEN_SECONDS)
            if not batch:
                return
            new = [message for message in batch if message.message_id not in seen]
            seen |= {message.message_id for message in batch}
            self._messages |= {message.message_id: message for message in batch}
            nothing_new = 0 if new else nothing_new + 1
            if new:
                yield new

    def send_back(self, messages: Sequence[QueuedMessage], token: str) -> Iterator[Handled]:
        """Send messages to the queue they came from, then remove those that it took.

            this program   receives -- sends --------------------- removes
            dies here:              ^ visible again   ^ in both queues; sent once more by the next redrive

        Raises:
            OdpfError: removing failed as a whole; what was sent all the same has been told before.
        """
        refused = self._queues.send(self.source, [to_send_back(message, token) for message in messages])
        yield from (
            Handled(self.source, message, Result.NOT_SENT, refused[message.message_id])
            for message in messages
            if message.message_id in refused
        )
        sent = [message for message in messages if message.message_id not in refused]
        yield from self._removed(sent, Result.SENT_BACK, Result.SENT_AND_STILL_HERE)

    def delete(self, messages: Sequence[QueuedMessage]) -> Iterator[Handled]:
        """Remove messages."""
        yield from self._removed(messages, Result.DELETED, Result.NOT_DELETED)

    def _removed(self, messages: Sequence[QueuedMessage], good: Result, bad: Result) -> Iterator[Handled]:
        newest = [self._messages[message.message_id] for message in messages]  # received again, one has another receipt
        try:
            stayed = self._queues.delete(self._queue, newest)
        except OdpfError as error:
            yield from (Handled(self.source, message, bad, str(error)) for message in messages)
            raise
        for message in messages:
            if message.message_id not in stayed:
                del self._messages[message.message_id]
        for message in messages:
            why = stayed.get(message.message_id)
            yield Handled(self.source, message, bad if why else good, why)
