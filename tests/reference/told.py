"""Files as examples tell them: one key `id`, one value `v`, and numbers for moments.

Change number n is committed n seconds after midnight, and is the first of its hundredth of a second unless it says
otherwise.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.reference.changes import Change, File, Row

MIDNIGHT = datetime(2024, 1, 1, tzinfo=UTC)


def moment(second: int) -> datetime:
    """So many seconds after midnight."""
    return MIDNIGHT + timedelta(seconds=second)


def sequence(second: int, counter: int = 0) -> str:
    """A change sequence as DMS writes it: 16 digits of commit time, 19 of a counter."""
    return f"{moment(second):%Y%m%d%H%M%S}00{counter:019d}"


def row(key: Any, value: Any) -> Row:
    """A row."""
    return {"id": key, "v": value}


def load(*rows: Row, generation: int = 1, began: int = 0, name: str = "LOAD00000001.parquet") -> File:
    """A file of a full load that began so many seconds after midnight."""
    return File(name, generation, tuple(Change("I", "", each) for each in rows), True, moment(began))


def changes(name: str, *told: Change, generation: int = 1) -> File:
    """A change file."""
    return File(name, generation, told)


def upsert(second: int, key: Any, value: Any, *, was: Any = None, counter: int = 0, operation: str = "U") -> Change:
    """An update; `was` is the key in its before image."""
    return Change(operation, sequence(second, counter), {**row(key, value), "BI_id": was})


def deletion(second: int, key: Any, *, counter: int = 0) -> Change:
    """A delete that carries the key alone."""
    return Change("D", sequence(second, counter), row(key, None))
