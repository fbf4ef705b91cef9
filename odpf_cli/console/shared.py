"""A value that is dear to read, read once for all browser tabs, and kept when it cannot be read."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from threading import Event, Lock, Thread
from typing import Any, Generic, NamedTuple, TypeVar

from odpf.clock import iso, utc_now
from odpf.errors import OdpfError, TransientError

Value = TypeVar("Value")


class Seen(NamedTuple, Generic[Value]):
    """What is known now.

    Attributes:
        value: None before it was ever read.
        read_at: when it was.
        error: why it could not be read since; None when it could.
        reading: whether it is being read now.
        keeps: for how many seconds it is new enough.
    """

    value: Value | None
    read_at: datetime | None
    error: OdpfError | None
    reading: bool
    keeps: float = 0.0

    def told(self) -> dict[str, Any]:
        """How fresh it is, for the browser."""
        return {
            "read_at": iso(self.read_at) if self.read_at else None,
            "problem": str(self.error) if self.error else None,
            "reading": self.reading,
            "keeps_seconds": self.keeps,
            "now": iso(utc_now()),
        }


class Shared(Generic[Value]):
    """Reads when somebody looks and what is there has become too old; never twice at once, never when nobody looks.

    Args:
        read: gets the value there was, and makes the next.
        keeps: for how many seconds a value is new enough; a failed reading counts as the one before it.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        read: Callable[[Value | None], Value],
        keeps: Callable[[Value | None], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read, self._keeps, self._clock = read, keeps, clock
        self._lock = Lock()
        self._under_way: Event | None = None
        self._began: float | None = None
        self._seen: Seen[Value] = Seen(None, None, None, reading=False)

    def look(self, patience: float) -> Seen[Value]:
        """What is known, after waiting at most `patience` seconds for a reading that is due or under way."""
        with self._lock:
            due = self._began is None or self._clock() - self._began >= self._keeps(self._seen.value)
            if self._under_way is None and due:
                self._began, self._under_way = self._clock(), Event()
                # A daemon: the program ends though AWS does not answer.
                Thread(target=self._once, args=(self._under_way,), daemon=True).start()
            under_way = self._under_way
        if under_way is not None:
            under_way.wait(patience)
        with self._lock:
            return self._seen._replace(reading=self._under_way is not None, keeps=self._keeps(self._seen.value))

    def forget(self) -> None:
        """Something was changed: whoever looks next reads anew."""
        with self._lock:
            self._began = None

    def _once(self, under_way: Event) -> None:
        before = self._seen
        try:
            seen = Seen(self._read(before.value), utc_now(), None, reading=False)
        except OdpfError as error:
            seen = before._replace(error=error)
        except Exception as error:  # noqa: BLE001  whatever it was, the page says so and goes on with what it has
            seen = before._replace(error=TransientError(f"{type(error).__name__}: {error}"))
        with self._lock:
            self._seen, self._under_way = seen, None
        under_way.set()
