"""Which AWS a command that writes is about to change: told first, and refused when it was hardly meant."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from rich.markup import escape

from odpf.adapters.aws import Aws
from odpf.adapters.caller import Caller, caller
from odpf.errors import InvalidSettings
from odpf_cli.output import note
from odpf_local.aws import running

FORGOTTEN = "An embedded AWS runs in this folder, but AWS_ENDPOINT_URL is not set"
USE_EMBEDDED = 'To use the embedded one, type: eval "$(odpf local env)"'


def endpoint_forgotten(folder: Path | None = None, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether an embedded AWS runs in this folder and the environment points elsewhere."""
    return not environment.get("AWS_ENDPOINT_URL") and running.find(folder or Path.cwd()) is not None


def refuse_forgotten_endpoint(folder: Path | None = None, environment: Mapping[str, str] = os.environ) -> None:
    """Stop a command that writes while the endpoint is forgotten.

    Raises:
        InvalidSettings: with the line to type.
    """
    if endpoint_forgotten(folder, environment):
        raise InvalidSettings(f"{FORGOTTEN}: this command would write to your AWS account. {USE_EMBEDDED}")


def announce(aws: Aws) -> Caller:
    """Tell account and endpoint before anything is written."""
    found = caller(aws.session)
    note(f"[dim]account {found.account} at {escape(found.endpoint)} as {escape(found.arn)}[/]")
    return found
