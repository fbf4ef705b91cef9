"""`odpf dead-letters`: messages that were set aside, what they tell of, and back into their queue when the cause is gone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from secrets import token_hex
from typing import Annotated

import typer
from rich.markup import escape

from odpf.adapters.aws import Aws
from odpf.clock import utc_now
from odpf.errors import InvalidSettings, OdpfError, TerminalError
from odpf.settings import Settings
from odpf_cli.dead_letters_contents import DeadLetter, LetterKind, dead_letters_of, read_letters, why_unusable
from odpf_cli.dead_letters_queues import DeadLetterQueues, Handled
from odpf_cli.dead_letters_view import (
    Told,
    handled_document,
    listed_document,
    render_content,
    render_handled,
    render_list,
    warnings,
)
from odpf_cli.display import plural
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, note, stderr
from odpf_cli.target import announce, refuse_forgotten_endpoint

app = typer.Typer(no_args_is_help=True, help="Messages that could not be handled: look at them, and send them back.")

_SHOWN = 20
_MOST_SHOWN = 1000
_TOLD_EVERY = 1000

QueueOption = Annotated[
    str | None, typer.Option("--queue", help="Only of this queue, such as odpf_staging_events.", show_default=False)
]
IdsOption = Annotated[
    list[str] | None, typer.Option("--message-id", metavar="ID", help="An id that `list` shows; may be given again.")
]


class NoDeadLetterQueue(TerminalError):
    """The deployment has no dead-letter queue here."""


@app.command("list")
def list_letters(
    queue: QueueOption = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST_SHOWN, help="How many messages of each queue.")] = _SHOWN,
    output: OutputOption = Output.TABLE,
) -> None:
    """List dead letters, oldest first: what each tells of, and whether that is registered meanwhile.

    Example:
        odpf dead-letters list
    """
    aws = _aws()
    depths = _depths(aws, queue)
    messages = DeadLetterQueues(aws.queues, tuple(depths)).peek(limit)
    letters, now = read_letters(messages, aws.settings, aws.tracker), utc_now()
    emit(output, listed_document(letters, depths, now), lambda: render_list(letters, depths, now))


@app.command()
def redrive(
    ids: IdsOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Every message.")] = False,
    queue: QueueOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Send messages back to the queue that they came from, so that they are handled again; it may be repeated at any time.

    Example:
        odpf dead-letters redrive --all
    """
    refuse_forgotten_endpoint()
    if bool(ids) == everything:
        raise InvalidSettings("Give --message-id, once or more, or --all; not both and not neither.")
    aws = _aws()
    announce(aws)
    depths = _depths(aws, queue)
    if not yes and sys.stdin.isatty() and not _agreed_to_send_back(ids, depths):
        raise _unchanged()
    letters = DeadLetterQueues(aws.queues, tuple(depths))
    token = token_hex(8)
    _handle(letters.redrive(ids, token) if ids else letters.redrive_all(token), aws.settings, output)


@app.command()
def delete(
    ids: IdsOption = None,
    queue: QueueOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Remove messages that are of no use to anybody, for ever; one that could still be handled is refused.

    Example:
        odpf dead-letters delete --message-id 4d2f3c1e-8a57-4a4e-9d0b-0c5a2f6f7d11
    """
    refuse_forgotten_endpoint()
    if not ids:
        raise InvalidSettings("Give --message-id, once or more: `odpf dead-letters list` shows the ids.")
    if not yes and not sys.stdin.isatty():
        raise InvalidSettings("What is deleted is gone. Where nobody can be asked, --yes is needed.")
    aws = _aws()
    announce(aws)
    letters = DeadLetterQueues(aws.queues, tuple(_depths(aws, queue)))
    found = read_letters(letters.find(ids), aws.settings, aws.tracker)
    _refuse_useful(found)
    stderr.print(render_content(found))
    if not yes and not typer.confirm(f"Delete {plural(len(found), 'message')} for ever?", err=True):
        raise _unchanged()
    _handle(letters.delete(ids), aws.settings, output)


def _aws() -> Aws:
    return Aws(Settings.from_environment(), component="operator")


def _depths(aws: Aws, wanted: str | None) -> dict[str, int]:
    """About how many dead letters there are, by the queue they came from; of one queue, or of all that are deployed."""
    sources = (aws.settings.staging_queue, aws.settings.config_queue)
    chosen = [source for source in sources if wanted in (None, source, dead_letters_of(source))]
    if not chosen:
        raise InvalidSettings(f"{wanted!r} is no queue of this deployment: {' or '.join(sources)}.")
    found = {source: aws.queues.depth(dead_letters_of(source)) for source in chosen}
    depths = {source: depth for source, depth in found.items() if depth is not None}
    if not depths:
        raise NoDeadLetterQueue(
            f"There is no queue {' or '.join(map(dead_letters_of, chosen))} here. Check ODPF_PREFIX, account and Region, then "
            "run again."
        )
    return depths


def _agreed_to_send_back(ids: list[str] | None, depths: dict[str, int]) -> bool:
    """With no dead letters there is nothing to ask."""
    most = sum(depths.values())
    if not ids and not most:
        return True
    count = plural(len(set(ids)), "message") if ids else f"about {plural(most, 'message')}"
    return typer.confirm(f"Send {count} back to {' and '.join(depths)}?", err=True)


def _refuse_useful(letters: list[DeadLetter]) -> None:
    useful = [each for each in letters if each.kind in (LetterKind.LANDED_FILE, LetterKind.MANIFEST)]
    if useful:
        told = "; ".join(f"{each.message.message_id}: {each.about}" for each in useful)
        raise TerminalError(
            f"Not yet handled, and nothing was deleted: {told} Send it back instead: odpf dead-letters redrive --message-id "
            f"{useful[0].message.message_id}"
        )


def _handle(handling: Iterator[Handled], settings: Settings, output: Output) -> None:
    """Do it, and tell what became of each message, also when it breaks off in the middle.

    Raises:
        OdpfError: before anything was done.
    """
    told: list[Told] = []
    error = None
    try:
        for each in handling:
            told.append(Told.of(each, why_unusable(each.source, each.message, settings)))
            if len(told) % _TOLD_EVERY == 0:
                note(f"[dim]{plural(len(told), 'message')} so far[/]")
    except OdpfError as caught:
        if not told:
            raise
        error = str(caught)
    except KeyboardInterrupt:
        error = "Interrupted; what was not handled is where it was. Run it again to go on."
    found = warnings(told)
    emit(output, handled_document(told, found, error), lambda: render_handled(told, found))
    if error:
        note(f"[bold red]error[/] {escape(error)}")
    if error or not all(each.result.is_good for each in told):
        raise typer.Exit(ExitStatus.FAILED)


def _unchanged() -> typer.Exit:
    note("Nothing was changed.")
    return typer.Exit(ExitStatus.FAILED)
