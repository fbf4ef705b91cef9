"""`odpf local`: the embedded AWS of the working folder."""

from __future__ import annotations

import shlex
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from odpf.errors import NothingRunning
from odpf_cli.listening import port_option
from odpf_cli.output import note
from odpf_local.aws import running
from odpf_local.aws.running import REGION, AlreadyRunning, EmbeddedFailed, Running

DEFAULT_PORT = 4566

app = typer.Typer(no_args_is_help=True, help="The embedded AWS: everything on this machine, nothing in the cloud.")


def local_instance(folder: Path) -> Running | None:
    """The embedded AWS that runs for a folder."""
    return running.find(folder)


@app.command()
def up(
    detach: Annotated[bool, typer.Option("--detach", help="Return when all is ready and leave it running.")] = False,
    port: Annotated[int | None, port_option(DEFAULT_PORT)] = None,
    region: Annotated[str | None, typer.Option(help=f"The Region it passes for; by default {REGION}.")] = None,
) -> None:
    """Start the embedded AWS with the framework deployed in it; nothing happens when it runs already.

    Example:
        odpf local up --detach
    """
    folder = Path.cwd()
    if (found := running.find(folder)) is not None:
        if region not in (None, found.region):
            raise AlreadyRunning(
                f"An embedded AWS runs in this folder as {found.region}. End it with `odpf local down`, or start the one "
                f"for {region} in another folder."
            )
        note(f"The embedded AWS runs already, at {found.endpoint_url} (process {found.pid}).")
        return
    note("Starting the embedded AWS ...")
    with _ended_by_a_signal(folder):
        launched = _launched(folder, port, region or REGION)
        _introduce(launched, folder)
        if not detach:
            _stay(launched, folder)


@app.command()
def down() -> None:
    """End the embedded AWS and every job it runs; what was in it is gone then.

    Example:
        odpf local down
    """
    ended = running.stop(Path.cwd())
    note("The embedded AWS has ended." if ended else "No embedded AWS runs in this folder.")


@app.command()
def env() -> None:
    """Print export lines that point AWS programs here.

    Example:
        eval "$(odpf local env)"
    """
    found = running.find(Path.cwd())
    if found is None:
        raise NothingRunning("No embedded AWS runs in this folder. Start one with `odpf local up --detach`.")
    for name, value in found.environment.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def _launched(folder: Path, port: int | None, region: str) -> Running:
    """Start it; where somebody else was faster at the well-known port, at a free one."""
    chosen = port or default_port()
    try:
        return running.launch(folder, chosen, note, region)
    except EmbeddedFailed:
        if port is not None or chosen is None or default_port() is not None:
            raise
        note(f"Port {DEFAULT_PORT} was taken meanwhile; taking a free one.")
        return running.launch(folder, None, note, region)


def default_port() -> int | None:
    """The well-known port if nobody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", DEFAULT_PORT))
        except OSError:
            return None
    return DEFAULT_PORT


def _introduce(launched: Running, folder: Path) -> None:
    logs = folder / running.STATE_FOLDER
    note(f"[bold green]The embedded AWS is ready[/] at {launched.endpoint_url} (process {launched.pid})")
    note("  S3, SQS, EventBridge, DynamoDB, Step Functions, Glue, Athena, with the framework deployed in them")
    note(f"  Region    {launched.region}")
    note(f"  buckets   {launched.environment['ODPF_STAGING_BUCKET']}, {launched.environment['ODPF_RAW_BUCKET']}")
    note(f"  logs      {logs / 'embedded.log'}, job runs in {logs / 'logs'}")
    note("  data      in memory: it ends with `odpf local down`")
    note('Next: eval "$(odpf local env)"')


def _stay(launched: Running, folder: Path) -> None:
    """Wait in the foreground until a signal or somebody else's `odpf local down`."""
    note("Ctrl-C ends it.")
    while launched.alive:
        time.sleep(0.2)
    if Running.read(folder) == launched:
        raise EmbeddedFailed(f"The embedded AWS has died; its log is in {folder / running.STATE_FOLDER}.")


@contextmanager
def _ended_by_a_signal(folder: Path) -> Iterator[None]:
    """Ctrl-C or SIGTERM, during the start too, ends the embedded AWS and then this program."""

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001  signal's signature
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        note("Ending the embedded AWS ...")
        running.stop(folder)
    finally:
        signal.signal(signal.SIGTERM, before)
