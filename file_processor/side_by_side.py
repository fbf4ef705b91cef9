"""Tables that one process works on side by side: what memory they may take together, and how the time divides among them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Lock

_OF_THE_MACHINE = 0.25
"""Of its memory: Glue gives five eighths of a worker's to Java."""


def spare_megabytes() -> float:
    """Memory that this machine has for tables outside of Java."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**2 * _OF_THE_MACHINE


class MemoryBudget:
    """Room for tables, by their estimates. One that is larger than all of it gets in when it is alone.

    Args:
        megabytes: all of it.
    """

    def __init__(self, megabytes: float) -> None:
        self._megabytes, self._taken = megabytes, 0.0
        self._freed = Condition()

    @contextmanager
    def room(self, megabytes: float) -> Iterator[None]:
        """Wait until there is room, and take it."""
        with self._freed:
            self._freed.wait_for(lambda: not self._taken or self._taken + megabytes <= self._megabytes)
            self._taken += megabytes
        try:
            yield
        finally:
            with self._freed:
                self._taken -= megabytes
                self._freed.notify_all()


class Shares:
    """How the seconds of a process divide among its tables: while four are worked on, a second is a quarter of each.

    So the shares of all tables are the time in which any was worked on, and tell what one of them adds to a batch.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._at = clock, clock()
        self._tables, self._each = 0, 0.0
        self._lock = Lock()

    @contextmanager
    def one(self) -> Iterator[Callable[[], float]]:
        """Work on one table; gives what tells its share until now, in seconds."""
        with self._lock:
            begun = self._now()
            self._tables += 1

        def share() -> float:
            with self._lock:
                return self._now() - begun

        try:
            yield share
        finally:
            with self._lock:
                self._now()
                self._tables -= 1

    def _now(self) -> float:
        """Seconds that a table has got which was worked on all the time."""
        now = self._clock()
        if self._tables:
            self._each += (now - self._at) / self._tables
        self._at = now
        return self._each
