"""What dead letters tell of: read as the functions read them that they were meant for, and compared with what is registered.

Two queues have dead letters: that of the File Manager, whose messages tell of landed files, and that of the Configuration
Manager, whose messages tell of manifests. A letter that cannot be used is judged with the settings of this program; the
functions judge with theirs, which are the same where ODPF_* are set as docs/aws.md says.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from config_manager.manifest_event import read_event
from file_manager.events import read_message
from odpf.errors import InvalidEvent
from odpf.landed_file import LandedFile
from odpf.ports import FileTracker, QueuedMessage
from odpf.settings import Settings
from odpf_cli.display import plural

_UNDELIVERED = (
    "RULE_ARN",
    "TARGET_ARN",
    "ERROR_CODE",
    "ERROR_MESSAGE",
    "EXHAUSTED_RETRY_CONDITION",
    "RETRY_ATTEMPTS",
)
"""What EventBridge says in attributes of an event that it could not deliver (EventBridge user guide, "Using dead-letter queues")."""
_REDRIVEN = "odpf_redriven"
"""Attribute of a message that was sent back: how many times, and by which redrive at last."""
_MOST_MARKED_BYTES, _MOST_ATTRIBUTES = 260_000, 9
"""What leaves room for the mark in a message (Amazon SQS API, SendMessage); events are a few kilobytes without attributes."""


class LetterKind(StrEnum):
    """What a dead letter is about."""

    LANDED_FILE = "landed_file"
    REGISTERED = "registered_meanwhile"
    MANIFEST = "manifest"
    IGNORED = "ignored"
    UNUSABLE = "unusable"


class Redriven(NamedTuple):
    """How often a message was sent back, and the token of the redrive that did it last."""

    times: int = 0
    token: str = ""


class DeadLetter(NamedTuple):
    """A message that was set aside.

    Attributes:
        source: the queue that it came from.
        files: the landed files that it tells of.
        registered: file ids of those that are pending or done.
        about: what it is, or why it cannot be used, in a sentence.
    """

    source: str
    message: QueuedMessage
    kind: LetterKind
    about: str
    files: tuple[LandedFile, ...] = ()
    registered: frozenset[str] = frozenset()

    @property
    def undelivered(self) -> str | None:
        """Why EventBridge could not put it into its queue; None when the queue set it aside after deliveries."""
        said = self.message.attributes
        if "RULE_ARN" not in said:
            return None
        return ": ".join(said[name] for name in ("ERROR_CODE", "ERROR_MESSAGE") if name in said) or "no reason given"


def dead_letters_of(queue: str) -> str:
    """The dead-letter queue of a queue."""
    return f"{queue}_dlq"


def read_letters(
    messages: Iterable[tuple[str, QueuedMessage]], settings: Settings, tracker: FileTracker
) -> list[DeadLetter]:
    """Tell what messages are about, given with the queues they came from, oldest first.

    The tracker is asked once for all files: a listing sweep finds most of them before a person looks.
    """
    letters = [_read(source, message, settings) for source, message in messages]
    known = tracker.known({file.file_id: file for letter in letters for file in letter.files}.values())
    return sorted((_compared(letter, known) for letter in letters), key=lambda letter: letter.message.sent_at)


def why_unusable(source: str, message: QueuedMessage, settings: Settings) -> str | None:
    """Why a message will be set aside again when it is sent back; None when it can be used."""
    letter = _read(source, message, settings)
    return letter.about if letter.kind is LetterKind.UNUSABLE else None


def redriven(message: QueuedMessage) -> Redriven:
    """What a message says of earlier redrives."""
    times, _, token = message.attributes.get(_REDRIVEN, "").partition("/")
    return Redriven(int(times), token) if times.isdecimal() else Redriven()


def to_send_back(message: QueuedMessage, token: str) -> QueuedMessage:
    """The message as it is sent back: that it could not be delivered is no longer said of it, that it was sent back is."""
    kept = {name: text for name, text in message.attributes.items() if name not in (*_UNDELIVERED, _REDRIVEN)}
    has_room = len(message.body.encode()) <= _MOST_MARKED_BYTES and len(kept) <= _MOST_ATTRIBUTES
    mark = {_REDRIVEN: f"{redriven(message).times + 1}/{token}"} if has_room else {}
    return message._replace(attributes=kept | mark)


def _read(source: str, message: QueuedMessage, settings: Settings) -> DeadLetter:
    try:
        if source == settings.config_queue:
            return _of_manifest(source, message, settings)
        return _of_files(source, message, settings)
    except InvalidEvent as error:
        return DeadLetter(source, message, LetterKind.UNUSABLE, str(error))


def _of_manifest(source: str, message: QueuedMessage, settings: Settings) -> DeadLetter:
    event = read_event(message.body, settings)
    if event is None:
        return DeadLetter(
            source, message, LetterKind.IGNORED, "An object that is no manifest; nothing is done about it."
        )
    return DeadLetter(source, message, LetterKind.MANIFEST, f"The configuration manifest {event.uri}.")


def _of_files(source: str, message: QueuedMessage, settings: Settings) -> DeadLetter:
    files = read_message(message.body, settings.staging_places).files
    if not files:
        about = "An event of no landed file (another object, or a test of S3); nothing is done about it."
        return DeadLetter(source, message, LetterKind.IGNORED, about)
    return DeadLetter(source, message, LetterKind.LANDED_FILE, _listed(files), files)


def _listed(files: tuple[LandedFile, ...]) -> str:
    first = files[0]
    more = f", and {plural(len(files) - 1, 'file')} more" if len(files) > 1 else ""
    return f"{first.path} of table {first.source_table_name}{more}."


def _compared(letter: DeadLetter, known: set[str]) -> DeadLetter:
    registered = frozenset(file.file_id for file in letter.files if file.file_id in known)
    everything = bool(letter.files) and all(file.file_id in registered for file in letter.files)
    kind = LetterKind.REGISTERED if everything else letter.kind
    return letter._replace(registered=registered, kind=kind)
