"""How a person sees how far a command is: a bar with an estimate on a terminal, nothing anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from odpf_cli.output import stderr

Done = Callable[[int], None]
"""Is told how many more are done."""


@contextmanager
def steps(what: str, total: int | None, console: Console = stderr) -> Iterator[Done]:
    """Show on stderr how many of so many are done, and how long the rest will take.

    Args:
        what: is done, such as `writing tables`.
        total: how many there are; None where nobody knows.
        console: where it is shown, if that is a terminal.
    """
    if not console.is_terminal:
        yield lambda _more: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda more: progress.advance(task, more)
