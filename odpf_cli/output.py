"""What every command prints, and how: one JSON document or a table on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from enum import IntEnum, StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType

_WIDTH_OF_A_PIPE = 160
stdout = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else _WIDTH_OF_A_PIPE)
stderr = Console(stderr=True)


class Output(StrEnum):
    """Form of a command's result."""

    TABLE = "table"
    JSON = "json"


class ExitStatus(IntEnum):
    """Exit statuses, the same for every command."""

    DONE = 0
    FAILED = 1
    INVALID = 2
    SOME_TABLES_FAILED = 3


OutputOption = Annotated[Output, typer.Option("--output", help="Form of the result on stdout.")]


def emit(output: Output, document: Any, render: Callable[[], RenderableType]) -> None:
    """Print the result: with json exactly one document on stdout, with table what `render` makes of it."""
    if output is Output.JSON:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        stdout.print(render())


def note(message: str) -> None:
    """Tell a person something that is no result: progress, target, advice. Goes to stderr."""
    stderr.print(message, highlight=False, soft_wrap=True)
