"""Change sequences as DMS makes them: `$AR_H_CHANGE_SEQ`, 35 digits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

_TIME_DIGITS = 16
_COUNTER_DIGITS = 19


class ChangeSequence:
    """Hands out sequences: commit time `YYYYMMDDHHmmSShh` and a counter, strictly increasing for one task.

    A commit time older than the one before keeps that one's time, so that a clock set back changes nothing.

    Args:
        last: the sequence handed out last, of a task that goes on; empty for a new task.
    """

    def __init__(self, last: str = "") -> None:
        self._time = last[:_TIME_DIGITS]
        self._counter = int(last[_TIME_DIGITS:] or 0)

    @property
    def last(self) -> str:
        """The sequence handed out last, empty before the first."""
        return f"{self._time}{self._counter:0{_COUNTER_DIGITS}d}" if self._time else ""

    def following(self, committed_at: datetime) -> str:
        """The next sequence, for a change of a transaction committed at that time."""
        self._time = max(self._time, _sixteen_digits(committed_at))
        self._counter += 1
        return self.last

    def for_all(self, committed_at: Iterable[datetime]) -> list[str]:
        """One sequence for each change."""
        return [self.following(moment) for moment in committed_at]


def _sixteen_digits(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc:%Y%m%d%H%M%S}{utc.microsecond // 10_000:02d}"
