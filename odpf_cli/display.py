"""How results look on a terminal: numbers, durations, states and tables that fit 100 columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from rich import box
from rich.table import Table
from rich.text import Text

from odpf.states import (
    ConfigurationState,
    DeploymentStatus,
    ExecutionState,
    FileState,
    Outcome,
    Reconciled,
    RefreshStatus,
    RunStatus,
    Severity,
)

NOTHING = "-"
NEVER_RUN = "never run"

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_KILO = 1000
_TENTHS_UP_TO = 10


class Meaning(StrEnum):
    """What a status word means to whoever looks: the terminal shows it as a colour, the console as a shape, too."""

    GOOD = "good"
    BUSY = "busy"
    ATTENTION = "attention"
    BAD = "bad"
    QUIET = "quiet"


_COLOURS = {
    Meaning.GOOD: "green",
    Meaning.BUSY: "cyan",
    Meaning.ATTENTION: "yellow",
    Meaning.BAD: "red",
    Meaning.QUIET: "dim",
}
MEANINGS: dict[str, Meaning] = {
    RefreshStatus.COMPLETED: Meaning.GOOD,
    RefreshStatus.UPDATING: Meaning.BUSY,
    RefreshStatus.ERROR: Meaning.BAD,
    Outcome.SKIPPED_LOCKED: Meaning.ATTENTION,
    Outcome.WAITING_FOR_FULL_LOAD: Meaning.ATTENTION,
    Outcome.SET_ASIDE: Meaning.BAD,
    RunStatus.SUCCEEDED: Meaning.GOOD,
    RunStatus.NOTHING_TO_DO: Meaning.QUIET,
    RunStatus.PARTIAL: Meaning.ATTENTION,
    RunStatus.FAILED: Meaning.BAD,
    ExecutionState.RUNNING: Meaning.BUSY,
    ExecutionState.TIMED_OUT: Meaning.BAD,
    ExecutionState.ABORTED: Meaning.BAD,
    FileState.LANDED: Meaning.BUSY,
    FileState.PROCESSED: Meaning.GOOD,
    FileState.QUARANTINED: Meaning.BAD,
    DeploymentStatus.STARTED: Meaning.ATTENTION,
    DeploymentStatus.APPLIED: Meaning.GOOD,
    DeploymentStatus.REFUSED: Meaning.BAD,
    DeploymentStatus.UNDONE: Meaning.QUIET,
    ConfigurationState.INACTIVE: Meaning.QUIET,
    ConfigurationState.PAUSED: Meaning.ATTENTION,
    ConfigurationState.BROKEN: Meaning.BAD,
    ConfigurationState.UNCONFIGURED: Meaning.ATTENTION,
    Severity.OK: Meaning.GOOD,
    Severity.WARNING: Meaning.ATTENTION,
    Severity.ERROR: Meaning.BAD,
    Severity.UNCHECKED: Meaning.QUIET,
    Reconciled.AGREES: Meaning.GOOD,
    Reconciled.EXPLAINED: Meaning.GOOD,
    Reconciled.DRIFTED: Meaning.BAD,
    Reconciled.UNDECIDED: Meaning.ATTENTION,
    Reconciled.FAILED: Meaning.BAD,
}


def number(value: int | None) -> str:
    """A count with thousands separators; nothing known shows as a dash."""
    return NOTHING if value is None else f"{value:,}"


def size(value: int | None) -> str:
    """Bytes in the unit that leaves at most four digits."""
    if value is None:
        return NOTHING
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < _KILO:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= _TENTHS_UP_TO else f"{amount:.1f} {unit}"
        amount /= _KILO
    return f"{amount:,.1f} TB"


def duration(seconds: float | None) -> str:
    """A span of time in its two largest units."""
    if seconds is None:
        return NOTHING
    if seconds < _TENTHS_UP_TO:
        return f"{seconds:.1f}s" if seconds else "0s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02d}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02d}m"
    return f"{whole // _DAY}d {whole % _DAY // _HOUR}h"


def minute(text: str | None) -> str:
    """A UTC moment to the minute, without the year."""
    return datetime.fromisoformat(text).strftime("%m-%d %H:%M") if text else NOTHING


def seconds_between(start: str | None, end: str | None) -> float | None:
    """Length of a span given by two ISO moments."""
    if not start or not end:
        return None
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def coloured(word: str | None, absent: str = NOTHING) -> Text:
    """A status word in the colour of what it means."""
    style = _COLOURS[MEANINGS[word]] if word in MEANINGS else ""
    return Text(word, style=style) if word else Text(absent, style=_COLOURS[Meaning.QUIET])


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def name(text: str | None) -> Text:
    """A name in a table: when the terminal is too narrow it is cut, the columns of numbers and states are not."""
    return Text(text or NOTHING, no_wrap=True, overflow="ellipsis")


def grid(names: Sequence[str], numbers: Sequence[str], title: str | None = None, *, words: Sequence[str] = ()) -> Table:
    """An empty table of name columns, then columns of single words, then numbers to the right."""
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for column in names:
        table.add_column(column)
    for column in words:
        table.add_column(column, no_wrap=True)
    for column in numbers:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def complaint(subject: str, text: str) -> Text:
    """One line of trouble below a table."""
    return Text.assemble((f"{subject}: ", "bold red"), text)
