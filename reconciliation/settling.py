"""Tells drift from what is on its way: keys that differ are looked at again until each is explained, or nothing can explain it.

The source moves on while the lake follows, so a row that differs is no drift yet. It is when the source's row has not changed
since a moment, everything up to that moment has reached the lake, or had time enough to, and the lake's row still is another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeAlias

from odpf.order import OrderPosition
from odpf.states import Explanation

CLOCKS_AGREE_TO = timedelta(seconds=2)
"""Logs keep commit times to the second, and clocks of machines differ."""
Digests: TypeAlias = tuple[str, ...]
_COMMIT_TIME_DIGITS, _INSTANT_DIGITS = 16, 17


class Look(NamedTuple):
    """What both sides have at about the same time, by key.

    Attributes:
        at: by the source's clock, before its rows were read.
        waiting: keys of rows in files that wait, or are in quarantine; read before the lake.
        touched: when the lake's rows were last written, Hudi's instants.
        complete_through: how far the lake had everything, read before the lake.
    """

    at: datetime
    source: Mapping[str, Digests]
    waiting: Mapping[str, Explanation]
    complete_through: OrderPosition | None
    lake: Mapping[str, Digests]
    touched: Mapping[str, str]


class Settled(NamedTuple):
    """What became of keys that differed."""

    explained: Mapping[str, Explanation]
    drifted: tuple[str, ...]


@dataclass
class Settling:
    """Keys that are not decided yet.

    Args:
        first: digests at the source when the difference was found, by key.
        began: when that was read, by the source's clock.
        wait: after how long nothing can be on its way any more.
    """

    first: Mapping[str, Digests]
    began: datetime
    wait: timedelta
    explained: dict[str, Explanation] = field(default_factory=dict)
    drifted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._seen = {key: (digests, self.began) for key, digests in self.first.items()}

    @property
    def open(self) -> list[str]:
        """Keys still to be looked at."""
        return [key for key in self._seen if key not in self.explained]

    def take(self, look: Look) -> bool:
        """Judge by one more look; whether all is decided."""
        self.drifted = []
        undecided = 0
        for key in self.open:
            ours, theirs = look.source.get(key, ()), look.lake.get(key, ())
            seen, since = self._seen[key]
            if ours == theirs:
                self.explained[key] = Explanation.CAUGHT_UP
            elif key in look.waiting:
                self.explained[key] = look.waiting[key]
            elif ours != seen:
                self._seen[key] = (ours, look.at)
                undecided += 1
            elif self._is_drift(key, since, look):
                self.drifted.append(key)
            else:
                undecided += 1
        return not undecided

    def result(self) -> Settled:
        """The end: what is neither explained nor drift was changed while it was looked at."""
        in_flight = {key: Explanation.IN_FLIGHT for key in self.open if key not in self.drifted}
        return Settled({**self.explained, **in_flight}, tuple(self.drifted))

    def _is_drift(self, key: str, since: datetime, look: Look) -> bool:
        if look.at - since >= self.wait:
            return True
        touched = look.touched.get(key)
        if touched is not None and _instant(touched) >= since - CLOCKS_AGREE_TO:
            return False
        return passed(look.complete_through, since)


def passed(position: OrderPosition | None, moment: datetime) -> bool:
    """Whether a position is of a change after a moment; its sequence begins with the commit time in hundredths of seconds."""
    if position is None or len(position.sequence) < _COMMIT_TIME_DIGITS:
        return False
    return (
        position.sequence[:_COMMIT_TIME_DIGITS]
        > f"{moment.astimezone(UTC) + CLOCKS_AGREE_TO:%Y%m%d%H%M%S%f}"[:_COMMIT_TIME_DIGITS]
    )


def settle(
    settling: Settling,
    look: Callable[[Iterable[str]], Look],
    pause: Callable[[float], None],
    most_seconds: float,
    spent: Callable[[], float],
) -> Settled:
    """Look again until all is decided, or for so long.

    Args:
        settling: the keys.
        look: at keys.
        pause: waits for seconds.
        most_seconds: how long keys that change all the time are looked at.
        spent: seconds since the beginning.
    """
    seconds = _FIRST_PAUSE
    while settling.open and not settling.take(look(settling.open)) and spent() < most_seconds:
        pause(min(seconds, max(0.0, most_seconds - spent()) + _AFTER))
        seconds = min(seconds * 2, _LONGEST_PAUSE)
    return settling.result()


_FIRST_PAUSE, _LONGEST_PAUSE, _AFTER = 1.0, 15.0, 0.1


def _instant(text: str) -> datetime:
    return datetime.strptime(text[:_INSTANT_DIGITS], "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
