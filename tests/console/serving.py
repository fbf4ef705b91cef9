"""A console that listens, in a thread of this process."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import uvicorn

from odpf_cli.console.app import application
from odpf_cli.console.deployment import Deployment


class Serving(NamedTuple):
    """Where a console listens, and its token."""

    port: int
    token: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def link(self) -> str:
        """What `odpf console` prints."""
        return f"{self.url}/#token={self.token}"


@contextmanager
def serving(deployment: Deployment, *, allow_actions: bool = False, refresh_seconds: float = 0.5) -> Iterator[Serving]:
    """Listen at a free port until the block ends."""
    token, listener = secrets.token_urlsafe(32), socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    app = application(
        deployment, token, port, allow_actions=allow_actions, refresh_seconds=refresh_seconds, say=lambda _: None
    )
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Serving(port, token)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
