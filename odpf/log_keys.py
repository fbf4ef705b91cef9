"""What the work at hand is about, for every line that is logged meanwhile: run, table, file batch.

Whoever knows such a key sets it here; the entry points' log writes the keys into each line (`odpf.adapters.logs`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_KEYS: ContextVar[Mapping[str, object]] = ContextVar("log_keys", default={})  # noqa: B039  never changed in place


@contextmanager
def log_keys(**keys: object) -> Iterator[None]:
    """Keys of what is logged inside the block, in this thread alone: tables are processed side by side in threads."""
    token = _KEYS.set({**_KEYS.get(), **keys})
    try:
        yield
    finally:
        _KEYS.reset(token)


def current_keys() -> Mapping[str, object]:
    """The keys that hold here and now."""
    return _KEYS.get()
