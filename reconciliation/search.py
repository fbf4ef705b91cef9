"""Finds the keys whose rows differ: counts, then digests of ranges, divided where they differ, then single rows of small ranges.

Nothing but digests crosses the wire until a range is small, so a large table with few differences costs few rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from reconciliation.ranges import LEAF_ROWS, Division, first_division
from reconciliation.side import Side

KEYS_A_STATEMENT = 2000
"""Athena takes statements of 256 kB (Athena API, StartQueryExecution)."""
RANGES_A_STATEMENT = 1000
"""That are divided with one statement: at most 16,000 rows in its answer."""
RANGES_AT_ONCE = 32
"""Ranges whose rows are fetched with one statement: at most 32,000 keys with digests."""


class Counted(NamedTuple):
    """Rows of a side, and the span of its integer keys."""

    rows: int
    span: tuple[int, int] | None


class Group(NamedTuple):
    """Ranges of a division that differ and are looked into together.

    Attributes:
        small: whether their rows are fetched; greater ranges are divided.
    """

    division: Division
    numbers: list[int]
    small: bool


class Found(NamedTuple):
    """Differences of a table.

    Attributes:
        keys: those whose rows differ, with the digests of their rows at the source and in the lake; sorted, as a key may stand
            there twice.
        more_keys: that differ and are too many to be looked at.
        unseen: ranges that differ and were not looked into, as there were too many keys.
    """

    keys: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]
    more_keys: int
    unseen: int


def count(side: Side) -> Counted:
    """Count a side's rows."""
    ((rows, least, greatest),) = side.rows(side.statements.counted())
    span = (_whole(least), _whole(greatest)) if least is not None and greatest is not None else None
    return Counted(int(rows or 0), span if side.statements.by_number else None)


def differing_keys(source: Side, lake: Side, counted: tuple[Counted, Counted], most_keys: int) -> Found:
    """Keys whose rows differ.

    Ranges are looked into until `most_keys` are found, some at a time and down to their rows before the next: a table that differs
    everywhere costs about as much as one that differs in so many keys.

    Args:
        source: the source's side.
        lake: the lake's.
        counted: rows of both.
        most_keys: that are looked at.
    """
    division = _first_division(counted)
    todo = _groups(division, _sizes(source, lake, division, None))
    keys: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    while todo and len(keys) < most_keys:
        group = todo.pop()
        if group.small:
            keys |= _differing(source, lake, group)
        else:
            finer = group.division.finer()
            todo += _groups(finer, _sizes(source, lake, finer, group.numbers))
    within = dict(islice(keys.items(), most_keys))
    return Found(within, len(keys) - len(within), sum(len(group.numbers) for group in todo))


def chunks(keys: Iterable[str], size: int = KEYS_A_STATEMENT) -> Iterator[list[str]]:
    """Keys in as many parts as statements are needed for them."""
    rest = iter(keys)
    while part := list(islice(rest, size)):
        yield part


def _first_division(counted: tuple[Counted, Counted]) -> Division:
    spans = [each.span for each in counted if each.span]
    span = (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None
    return first_division(max(each.rows for each in counted), span)


def _differing(source: Side, lake: Side, group: Group) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Keys of small ranges whose rows differ."""
    ours, theirs = (_by_key(side.rows(side.statements.rows(group.division, group.numbers))) for side in (source, lake))
    differing = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
    return {key: (ours.get(key, ()), theirs.get(key, ())) for key in differing}


def _groups(division: Division, sizes: Mapping[int, int]) -> list[Group]:
    """Ranges in as many groups as statements are needed for them; small ones last, as the last is looked into first."""
    small = sorted(n for n, rows in sizes.items() if rows <= LEAF_ROWS or not division.divisible)
    great = sorted(set(sizes) - set(small))
    return [
        Group(division, part, is_small)
        for numbers, most, is_small in ((great, RANGES_A_STATEMENT, False), (small, RANGES_AT_ONCE, True))
        for part in _parts(numbers, most)
    ]


def _parts(numbers: list[int], most: int) -> Iterator[list[int]]:
    for start in range(0, len(numbers), most):
        yield numbers[start : start + most]


def _sizes(source: Side, lake: Side, division: Division, within: list[int] | None) -> dict[int, int]:
    """Ranges whose digests differ, with the rows of the side that has more."""
    ours, theirs = (_digests(side, division, within) for side in (source, lake))
    return {
        number: max(int(side[number][0] or 0) for side in (ours, theirs) if number in side)
        for number in {*ours, *theirs}
        if ours.get(number) != theirs.get(number)
    }


def _digests(side: Side, division: Division, within: list[int] | None) -> dict[int, tuple[str | None, ...]]:
    return {division.number(row[0] or ""): row[1:] for row in side.rows(side.statements.digests(division, within))}


def _by_key(rows: Iterable[tuple[str | None, ...]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for key, digest, *_ in rows:
        found[key or ""].append(digest or "")
    return {key: tuple(sorted(digests)) for key, digests in found.items()}


def _whole(text: str) -> int:
    return int(text.split(".", 1)[0])
