"""Where a table's time goes while it is processed: the phases of its work, in the order in which a writer comes by.

Tables are processed side by side in threads; each has its own clock. Code that is called outside of a table's work marks nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum


class Phase(StrEnum):
    """What a table's writer is at.

    TAKE waits for the lease and takes it; RECOVER finishes what a dead run left and chooses files; ENGINE starts the engine, which for the
    first table of a job run that needs Spark means Spark; READ reads and reduces landed files; INTEND writes down what will be
    committed; COMMIT is the Hudi commit; SETTLE checks it and writes ledger, catalog and events. SERVICE is
    maintenance, and what a rebuild or an adoption does around the batches that it applies.
    """

    TAKE = "take"
    RECOVER = "recover"
    ENGINE = "engine"
    READ = "read"
    INTEND = "intend"
    COMMIT = "commit"
    SETTLE = "settle"
    SERVICE = "service"


_SHORTEST = 0.001


class Phases:
    """The clock of one table.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._seconds = clock, dict.fromkeys(Phase, 0.0)
        self._phase, self._since = Phase.TAKE, clock()

    def begin(self, phase: Phase) -> None:
        """End the phase that was and begin another one; one that was there before goes on."""
        now = self._clock()
        self._seconds[self._phase] += now - self._since
        self._phase, self._since = phase, now

    def seconds(self) -> dict[Phase, float]:
        """Seconds of each phase that took a millisecond, up to now."""
        self.begin(self._phase)
        return {phase: round(taken, 3) for phase, taken in self._seconds.items() if taken >= _SHORTEST}


_OF_TABLE: ContextVar[Phases | None] = ContextVar("phases", default=None)


@contextmanager
def phases_of_table() -> Iterator[None]:
    """The table that this thread processes inside the block has a clock, which is at TAKE."""
    token = _OF_TABLE.set(Phases())
    try:
        yield
    finally:
        _OF_TABLE.reset(token)


def begin(phase: Phase) -> None:
    """Begin a phase of the table that this thread processes."""
    if phases := _OF_TABLE.get():
        phases.begin(phase)


def phase_seconds() -> dict[Phase, float]:
    """See Phases.seconds, of the table that this thread processes; empty where there is none."""
    phases = _OF_TABLE.get()
    return phases.seconds() if phases else {}
