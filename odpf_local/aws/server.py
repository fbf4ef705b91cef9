"""The embedded AWS as a program: `python -m odpf_local.aws.server --folder . [--port N]`."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from odpf.errors import OdpfError
from odpf_local.aws import process_session
from odpf_local.aws.call_recorder import RECORD_VARIABLE
from odpf_local.aws.instance import EmbeddedAws, Options
from odpf_local.aws.running import PROGRESS, REGION, STATE_FOLDER, AlreadyRunning, Running, forget

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(
    folder: Path,
    port: int | None,
    options: Options | None = None,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Run an instance until a signal ends it; its state file exists exactly while it is ready.

    Raises:
        AlreadyRunning: another one serves this folder.
    """
    ending = Event()
    with _only_one(folder), _on_signals(ending):
        embedded = EmbeddedAws(folder, port, options)
        try:
            embedded.start(tell)
            _announced(embedded).write(folder)
            ending.wait()
        finally:
            embedded.stop()
            forget(folder)


def _announced(embedded: EmbeddedAws) -> Running:
    return Running(
        id=embedded.id,
        pid=os.getpid(),
        started=process_session.started_at(os.getpid()) or "",
        port=embedded.port,
        endpoint_url=embedded.endpoint_url,
        environment=embedded.environment(),
    )


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    state = folder / STATE_FOLDER
    state.mkdir(parents=True, exist_ok=True)
    with (state / "embedded.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(
                f"An embedded AWS already serves {folder}. See it with `odpf local env`, end it with `odpf local down`."
            ) from None
        yield


@contextmanager
def _on_signals(ending: Event) -> Iterator[None]:
    """SIGINT and SIGTERM end the instance in good order; a second one interrupts even that."""

    def end(number: int, frame: object) -> None:  # noqa: ARG001  signal's signature
        if ending.is_set():
            raise KeyboardInterrupt
        ending.set()

    before = {number: signal.signal(number, end) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main() -> None:
    """Serve until ended; problems go to stderr, which is the instance's log."""
    parser = argparse.ArgumentParser(description="The embedded AWS of one folder.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int)
    parser.add_argument("--region", default=REGION)
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("odpf_local").setLevel(logging.INFO)
    record = os.environ.get(RECORD_VARIABLE)
    options = Options(region=given.region, record=Path(record) if record else None)
    try:
        serve(given.folder.resolve(), given.port, options, tell=lambda sentence: print(PROGRESS + sentence, flush=True))
    except (OdpfError, OSError) as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
