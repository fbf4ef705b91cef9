"""At which port of this machine a command listens."""

from __future__ import annotations

from typing import Any

import typer

LAST_PORT = 65535


def port_option(default: int) -> Any:
    """`--port`; without it the command's well-known port, else a free one.

    Args:
        default: the well-known port.
    """
    return typer.Option(min=1, max=LAST_PORT, help=f"Port; by default {default}, else a free one.")
