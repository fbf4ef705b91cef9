"""How dead letters look: documents for programs, tables and advice for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from odpf.clock import iso
from odpf_cli.dead_letters_contents import DeadLetter, LetterKind, dead_letters_of, redriven
from odpf_cli.dead_letters_queues import Handled, Result
from odpf_cli.display import complaint, duration, grid, minute, number, plural

_BEGINNING, _CONTENT = 300, 3000
_NEXT = {
    LetterKind.LANDED_FILE: "Mend what the function's log says of them (by message_id), then: odpf dead-letters redrive --all",
    LetterKind.MANIFEST: "Mend what the function's log says of them (by message_id), then: odpf dead-letters redrive --all",
    LetterKind.REGISTERED: "Nothing is missing: a listing found the files. Redrive, or delete, clears them away.",
    LetterKind.IGNORED: "Nothing is missing: nothing is done about such objects. Redrive, or delete, clears them away.",
    LetterKind.UNUSABLE: "Sent back as they are, they return after five tries. Remove the cause first, or the message: "
    "odpf dead-letters delete --message-id ID",
}
_SAID = {
    LetterKind.LANDED_FILE: "of files that are not registered",
    LetterKind.MANIFEST: "of configuration manifests",
    LetterKind.REGISTERED: "of files that were registered meanwhile",
    LetterKind.IGNORED: "of objects that are no landed files or manifests",
    LetterKind.UNUSABLE: "that cannot be used",
}


class Told(NamedTuple):
    """What is told of one message that was handled, without the message itself: there may be very many."""

    message_id: str
    source: str
    result: Result
    why: str | None
    unusable: bool = False

    @classmethod
    def of(cls, handled: Handled, why_unusable: str | None = None) -> Told:
        """Of a message; `why_unusable` says that it will be set aside again."""
        return cls(handled.message.message_id, handled.source, handled.result, handled.why, why_unusable is not None)


def listed_document(letters: Sequence[DeadLetter], depths: Mapping[str, int], now: datetime) -> dict[str, Any]:
    """The JSON form of `odpf dead-letters list`; depths are by the queues that the letters came from."""
    shown = Counter(letter.source for letter in letters)
    queues = [
        {
            "dead_letter_queue": dead_letters_of(source),
            "queue": source,
            "messages": max(depth, shown[source]),
            "shown": shown[source],
        }
        for source, depth in depths.items()
    ]
    return {"queues": queues, "messages": [letter_document(letter, now) for letter in letters]}


def letter_document(letter: DeadLetter, now: datetime) -> dict[str, Any]:
    """One dead letter."""
    message = letter.message
    return {
        "message_id": message.message_id,
        "dead_letter_queue": dead_letters_of(letter.source),
        "queue": letter.source,
        "kind": letter.kind.value,
        "about": letter.about,
        "files": [
            {
                "source_table_name": file.source_table_name,
                "file_id": file.file_id,
                "path": file.path,
                "registered": file.file_id in letter.registered,
            }
            for file in letter.files
        ],
        "not_delivered": letter.undelivered,
        "sent_at": iso(message.sent_at),
        "age_seconds": _age(letter, now),
        "first_received_at": iso(message.first_received_at) if message.first_received_at else None,
        "receive_count": message.receptions,
        "times_sent_back": redriven(message).times,
        "body_begins": message.body[:_BEGINNING],
        "next": _NEXT[letter.kind],
    }


def handled_document(told: Sequence[Told], warnings: Sequence[str], error: str | None = None) -> dict[str, Any]:
    """The JSON form of `redrive` and `delete`; with an error the messages are those handled before it."""
    messages = [
        {
            "message_id": each.message_id,
            "dead_letter_queue": dead_letters_of(each.source),
            "queue": each.source,
            "result": each.result.value,
            "why": each.why,
            "unusable": each.unusable,
        }
        for each in told
    ]
    return {"messages": messages, "warnings": list(warnings), "error": error}


def warnings(told: Sequence[Told]) -> tuple[str, ...]:
    """What a person has to know of messages that were sent back."""
    unusable = sum(each.unusable and each.result is Result.SENT_BACK for each in told)
    again = sum(each.result is Result.CAME_BACK for each in told)
    found = []
    if unusable:
        found.append(
            f"{plural(unusable, 'message')} of those sent back cannot be used, by the settings here, and will be a dead letter "
            "again after five tries: odpf dead-letters list says why."
        )
    if again:
        found.append(
            f"{plural(again, 'message')} came back while this redrive ran, and stay: their cause is not mended."
        )
    return tuple(found)


def render_list(letters: Sequence[DeadLetter], depths: Mapping[str, int], now: datetime) -> RenderableType:
    """A table and what is told, queue by queue, then what to do about each kind."""
    parts: list[RenderableType] = []
    for source, depth in depths.items():
        of_queue = [letter for letter in letters if letter.source == source]
        if of_queue:
            parts.append(_table(source, of_queue, max(depth, len(of_queue)), now))
            parts += [_line(letter) for letter in of_queue]
    if not parts:
        return Text("There are no dead letters.")
    kinds = Counter(letter.kind for letter in letters)
    parts += [
        Text.assemble((f"{plural(kinds[kind], 'message')} {_SAID[kind]}: ", "bold"), (_NEXT[kind], "yellow"))
        for kind in LetterKind
        if kinds[kind]
    ]
    return Group(*parts)


def render_content(letters: Sequence[DeadLetter]) -> RenderableType:
    """What messages are, and what they hold, as much as a person wants to see of it."""
    return Group(
        *(
            Text.assemble(
                (letter.message.message_id, "bold"),
                f"\n  {letter.about}\n  ",
                (_quoted(letter.message.body, _CONTENT), "dim"),
            )
            for letter in letters
        )
    )


def render_handled(told: Sequence[Told], warnings: Sequence[str]) -> RenderableType:
    """What is left with its reason, then how many went."""
    parts: list[RenderableType] = [complaint(each.message_id, each.why) for each in told if each.why]
    parts += [Text(f"warning: {warning}", style="yellow") for warning in warnings]
    sent = Counter(each.source for each in told if each.result in (Result.SENT_BACK, Result.SENT_AND_STILL_HERE))
    parts += [Text(f"{plural(count, 'message')} sent back to {source}.") for source, count in sent.items()]
    if still := sum(each.result is Result.SENT_AND_STILL_HERE for each in told):
        parts.append(
            Text(f"{plural(still, 'message')} of them could not be removed here. Redrive again: it is harmless.")
        )
    if deleted := sum(each.result is Result.DELETED for each in told):
        parts.append(Text(f"{plural(deleted, 'message')} deleted."))
    return Group(*parts) if parts else Text("There are no dead letters.")


def _table(source: str, letters: Sequence[DeadLetter], depth: int, now: datetime) -> Table:
    counted = plural(depth, "message") if depth == len(letters) else f"{number(len(letters))} of about {number(depth)}"
    table = grid(
        [],
        ["Age", "Received", "Sent back"],
        f"{dead_letters_of(source)}: {counted}",
        words=["Id", "Tells of", "Sent (UTC)"],
    )
    for letter in letters:
        message = letter.message
        table.add_row(
            message.message_id,
            letter.kind.value,
            minute(iso(message.sent_at)),
            duration(_age(letter, now)),
            number(message.receptions),
            number(redriven(message).times),
        )
    return table


def _line(letter: DeadLetter) -> Text:
    bad = letter.kind is LetterKind.UNUSABLE
    undelivered = f" EventBridge could not deliver it: {letter.undelivered}." if letter.undelivered else ""
    begins = f"\n  {_quoted(letter.message.body, _BEGINNING)}" if bad else ""
    return Text.assemble(
        (letter.message.message_id, "bold red" if bad else "bold"), f"\n  {letter.about}{undelivered}", (begins, "dim")
    )


def _age(letter: DeadLetter, now: datetime) -> float:
    """By two clocks, so never below 0."""
    return max(0.0, round((now - letter.message.sent_at).total_seconds(), 3))


def _quoted(body: str, most: int) -> str:
    """A body, or its beginning, with signs that no terminal obeys."""
    more = f" ... ({number(len(body))} characters)" if len(body) > most else ""
    return f"{body[:most]!r}{more}"
