"""The documented examples of Databricks AUTO CDC (once APPLY CHANGES) in DMS's terms, with their documented results.

Sources: https://docs.databricks.com/aws/en/ldp/cdc and, as it was called before,
https://docs.databricks.com/pt/delta-live-tables/cdc.html (the same records and results).

How theirs becomes ours: `sequenceNum` n is a change sequence whose commit time is n seconds after midnight, so order and
time are one as they are there. INSERT, UPDATE and DELETE are I, U and D. `__START_AT` and `__END_AT` are
`_odpf_valid_from` and `_odpf_valid_to`; there they are values of the sequence, here its commit time. SCD type 1 is mode
S with hard deletes, SCD type 2 is mode V. A snapshot of AUTO CDC FROM SNAPSHOT is a full load, its version (or the time
of its ingestion) the moment the load began: from the second on they are reloads.

What ODPF does not offer:

- TRUNCATE as an event: DMS writes none to S3. Theirs takes away what is older than it, wherever it arrives
  (`USERS_AFTER_A_TRUNCATE`). Ours: a reload, whose position is that of the load; nothing moves an empty table into the
  past of changes that were applied already.
- TRACK HISTORY ON: columns whose changes are written into the current version. Every change is a version of mode V;
  `merged` says how a query gets their result from it (`USERS_BY_NAME`, `SNAPSHOTS_BY_TRACKED`).
- A NULL sequence is an error there; here the row is quarantined.
- "One distinct update per key at each sequencing value" is demanded there. Here several changes of a key may have one
  commit time: the rest of the sequence orders them, and the last one alone was ever valid.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from tests.reference.changes import Change, File, Row
from tests.reference.told import MIDNIGHT, moment, sequence

Interval = tuple[Any, ...]
"""Values in the order of the columns, `__START_AT`, `__END_AT`."""


class Example(NamedTuple):
    """A documented example.

    Attributes:
        columns: the target's; the first is its key.
        files: the source's rows, in the order in which they arrive.
        current: the target of SCD type 1; None where none is documented.
        intervals: the target of SCD type 2, by moments.
    """

    columns: tuple[str, ...]
    files: tuple[File, ...]
    current: list[Interval] | None
    intervals: list[Interval]


NOON = MIDNIGHT + timedelta(hours=12)
USER = ("userId", "name", "city")


def _change(operation: str, number: int, *values: Any) -> Change:
    return Change(operation, sequence(number), dict(zip(USER, values, strict=True)))


USER_CHANGES = (
    _change("I", 1, 124, "Raul", "Oaxaca"),
    _change("I", 1, 123, "Isabel", "Monterrey"),
    _change("I", 2, 125, "Mercedes", "Tijuana"),
    _change("I", 2, 126, "Lily", "Cancun"),
    _change("D", 6, 123, None, None),
    _change("U", 6, 125, "Mercedes", "Guadalajara"),
    _change("U", 5, 125, "Mercedes", "Mexicali"),
    _change("U", 5, 123, "Isabel", "Chihuahua"),
)
"""New users, a delete, and two updates that arrive out of order."""


def _snapshot(number: int, columns: tuple[str, ...], *rows: Interval, began: datetime | None = None) -> File:
    told = tuple(Change("I", "", dict(zip(columns, row, strict=True))) for row in rows)
    return File("LOAD00000001.parquet", number, told, True, began or moment(number))


def _seconds(*rows: Interval) -> list[Interval]:
    """Rows whose interval is told in seconds."""
    return [(*row[:-2], *(None if second is None else moment(second) for second in row[-2:])) for row in rows]


USERS = Example(
    columns=USER,
    files=(File("20240101-000010000.parquet", 0, USER_CHANGES),),
    current=[(124, "Raul", "Oaxaca"), (125, "Mercedes", "Guadalajara"), (126, "Lily", "Cancun")],
    intervals=_seconds(
        (123, "Isabel", "Monterrey", 1, 5),
        (123, "Isabel", "Chihuahua", 5, 6),
        (124, "Raul", "Oaxaca", 1, None),
        (125, "Mercedes", "Tijuana", 2, 5),
        (125, "Mercedes", "Mexicali", 5, 6),
        (125, "Mercedes", "Guadalajara", 6, None),
        (126, "Lily", "Cancun", 2, None),
    ),
)
"""Examples "Process SCD type 1 updates" and "Process SCD type 2 updates"."""

USERS_AFTER_A_TRUNCATE = [(125, "Mercedes", "Guadalajara")]
"""SCD type 1 with another record, TRUNCATE at 3, that arrives last: not offered."""

USERS_BY_NAME = _seconds(
    (123, "Isabel", "Chihuahua", 1, 6),
    (124, "Raul", "Oaxaca", 1, None),
    (125, "Mercedes", "Guadalajara", 2, None),
    (126, "Lily", "Cancun", 2, None),
)
"""SCD type 2 with TRACK HISTORY ON * EXCEPT (city)."""

PERIODIC_SNAPSHOTS = Example(
    columns=("Key", "Value"),
    files=(
        _snapshot(1, ("Key", "Value"), (1, "a1"), (2, "a2"), began=MIDNIGHT),
        _snapshot(2, ("Key", "Value"), (2, "b2"), (3, "a3"), began=NOON),
    ),
    current=None,
    intervals=[
        (1, "a1", MIDNIGHT, NOON),
        (2, "a2", MIDNIGHT, NOON),
        (2, "b2", NOON, None),
        (3, "a3", NOON, None),
    ],
)
"""Example "Periodic snapshot processing": versions are the times of ingestion."""

USER_SNAPSHOTS = Example(
    columns=("userId", "city"),
    files=(
        _snapshot(1, ("userId", "city"), (1, "Oaxaca"), (2, "Monterrey"), (3, "Tijuana")),
        _snapshot(2, ("userId", "city"), (2, "Carmel"), (3, "Los Angeles"), (4, "Death Valley"), (6, "Kings Canyon")),
    ),
    current=[(2, "Carmel"), (3, "Los Angeles"), (4, "Death Valley"), (6, "Kings Canyon")],
    intervals=_seconds(
        (1, "Oaxaca", 1, 2),
        (2, "Monterrey", 1, 2),
        (2, "Carmel", 2, None),
        (3, "Tijuana", 1, 2),
        (3, "Los Angeles", 2, None),
        (4, "Death Valley", 2, None),
        (6, "Kings Canyon", 2, None),
    ),
)
"""Example "Process snapshots by pipeline ingestion time"; its versions 0 and 1 are 1 and 2 here."""

TRACKED = ("Key", "TrackingColumn", "NonTrackingColumn")

HISTORICAL_SNAPSHOTS = (
    _snapshot(1, TRACKED, (1, "a1", "b1"), (2, "a2", "b2"), (4, "a4", "b4")),
    _snapshot(2, TRACKED, (2, "a2_new", "b2"), (3, "a3", "b3"), (4, "a4", "b4_new")),
)
"""Example "Historical snapshot processing"; it tracks the history of one column."""

SNAPSHOTS_BY_TRACKED = _seconds(
    (1, "a1", "b1", 1, 2),
    (2, "a2", "b2", 1, 2),
    (2, "a2_new", "b2", 2, None),
    (3, "a3", "b3", 2, None),
    (4, "a4", "b4_new", 1, None),
)

EXAMPLES = {"users": USERS, "periodic snapshots": PERIODIC_SNAPSHOTS, "user snapshots": USER_SNAPSHOTS}


def intervals(rows: Iterable[Row], columns: tuple[str, ...]) -> list[Interval]:
    """Rows of mode V as the examples tell them."""
    told = (tuple(row.get(name) for name in (*columns, "_odpf_valid_from", "_odpf_valid_to")) for row in rows)
    return sorted(told, key=lambda row: (row[0], row[-2]))


def merged(rows: Iterable[Interval], tracked: int) -> list[Interval]:
    """What TRACK HISTORY leaves of intervals: adjoining ones that agree in the first columns become one.

    It has the values of the last of them.
    """
    made: list[Interval] = []
    for _, versions in groupby(rows, key=lambda row: row[:tracked]):
        for version in versions:
            adjoins = made and made[-1][:tracked] == version[:tracked] and made[-1][-1] == version[-2]
            begin = made.pop()[-2] if adjoins else version[-2]
            made.append((*version[:-2], begin, version[-1]))
    return made
