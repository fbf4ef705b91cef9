"""`odpf console`: the web page on this deployment, on this machine alone."""

from __future__ import annotations

import secrets
import socket
import threading
from contextlib import suppress
from typing import Annotated

import typer
from rich.markup import escape

from odpf.adapters.aws import Aws
from odpf.adapters.executions import Executions
from odpf.clock import utc_now
from odpf.errors import InvalidSettings
from odpf.settings import Settings
from odpf_cli.console.deployment import Deployment
from odpf_cli.listening import port_option
from odpf_cli.output import note
from odpf_cli.target import FORGOTTEN, USE_EMBEDDED, announce, endpoint_forgotten, refuse_forgotten_endpoint

DEFAULT_PORT = 4545
LOOPBACK = "127.0.0.1"


def console(
    port: Annotated[int | None, port_option(DEFAULT_PORT)] = None,
    allow_actions: Annotated[
        bool,
        typer.Option(
            "--allow-actions",
            help="Also act: start runs, release from quarantine, unlock tables, apply configuration. Without it the page only shows.",
        ),
    ] = False,
    refresh: Annotated[
        float,
        typer.Option(min=2, help="Seconds that facts may be old while somebody looks; more with thousands of tables."),
    ] = 5,
    browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Show tables, runs, files, quarantine and configuration as a web page of this machine.

    Whoever has the link that is printed may look, for as long as the console runs. Ctrl-C ends it.

    Examples:
        odpf console

        odpf console --port 8080 --allow-actions
    """
    if allow_actions:
        refuse_forgotten_endpoint()
    elif endpoint_forgotten():
        note(f"[yellow]{escape(f'{FORGOTTEN}. {USE_EMBEDDED}')}[/]")
    deployment = _deployment()
    with listening(port) as listener:
        _serve(deployment, listener, allow_actions=allow_actions, refresh=refresh, browser=browser)


def _deployment() -> Deployment:
    settings = Settings.from_environment()
    operator, publisher = Aws(settings, component="operator"), Aws(settings, component="publisher")
    caller = announce(operator)
    executions = Executions(operator.session, settings.state_machine_name)
    return Deployment(operator, publisher, executions, caller, operator.region)


def _serve(
    deployment: Deployment, listener: socket.socket, *, allow_actions: bool, refresh: float, browser: bool
) -> None:
    import uvicorn  # noqa: PLC0415  half a second that no other command has to wait

    from odpf_cli.console.app import application  # noqa: PLC0415  the same

    token, port = secrets.token_urlsafe(32), listener.getsockname()[1]
    app = application(deployment, token, port, allow_actions=allow_actions, refresh_seconds=refresh, say=_say)
    url = f"http://{LOOPBACK}:{port}/#token={token}"
    does = "shows and acts" if allow_actions else "only shows; --allow-actions lets it act"
    note(f"[bold green]The console is ready[/], and {does}. Open:\n  {url}\nCtrl-C ends it.")
    if browser:
        threading.Timer(0.5, typer.launch, [url]).start()
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=2
    )
    with suppress(KeyboardInterrupt):  # uvicorn has shut down, and hands the signal on
        uvicorn.Server(config).run(sockets=[listener])
    note("The console has ended.")


def listening(port: int | None) -> socket.socket:
    """A socket of the loopback interface: at this port, without one at the well-known or a free one.

    Raises:
        InvalidSettings: somebody else has the port that was asked for.
    """
    for wanted in (port,) if port is not None else (DEFAULT_PORT, 0):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, wanted))
            listener.listen()  # until somebody listens, another program may bind the same
        except OSError:
            listener.close()
            continue
        return listener
    raise InvalidSettings(f"Port {port} is taken. Give another with --port, or none for a free one.")


def _say(what: str) -> None:
    note(f"[dim]{utc_now():%H:%M:%S}[/] {escape(what)}")
