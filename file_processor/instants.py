"""Hudi's instants are wall clock: a commit must not get one that lies below the newest, or no reader would see it (R13)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from odpf.clock import utc_now
from odpf.errors import TransientError

_PATTERN = "%Y%m%d%H%M%S%f"
_MILLISECONDS = 17
_MOST_SECONDS = 15.0


def await_clock(
    newest: str, now: Callable[[], datetime] = utc_now, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until this machine's clock has passed the newest instant; another machine's may go ahead of it.

    Args:
        newest: `yyyyMMddHHmmssSSS` in UTC, empty for a table without a commit.
        now: this machine's clock.
        sleep: waits for seconds.

    Raises:
        TransientError: it would take longer than 15 seconds; nothing was written.
    """
    if not newest:
        return
    ahead = (datetime.strptime(newest[:_MILLISECONDS], _PATTERN).replace(tzinfo=UTC) - now()).total_seconds()
    if ahead > _MOST_SECONDS:
        raise TransientError(
            f"The newest commit {newest} lies {ahead:.0f} seconds ahead of this machine's clock; one made now would be "
            "hidden behind it. Nothing was written. Set the clocks right, or wait until then: the next run tries again."
        )
    if ahead >= 0:
        sleep(ahead + 0.001)


def next_instant(newest: str, now: Callable[[], datetime] = utc_now) -> str:
    """The instant of a commit that is made now: this machine's clock, and at least one millisecond behind the newest."""
    clock = now().strftime(_PATTERN)[:_MILLISECONDS]
    if clock > newest[:_MILLISECONDS]:
        return clock
    after = datetime.strptime(newest[:_MILLISECONDS], _PATTERN) + timedelta(milliseconds=1)
    return after.strftime(_PATTERN)[:_MILLISECONDS]
