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
RANGES_AT_ONCE = 32
"""Ranges whose rows are fetched with one statement: at most 32,000 keys with digests."""


class Counted(NamedTuple):
    """Rows of a side, and the span of its integer keys."""

    rows: int
    span: tuple[int, int] | None


class Range(NamedTuple):
    """A range of a division that differs."""

    division: Division
    number: int


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


def differing_ranges(source: Side, lake: Side, counted: tuple[Counted, Counted]) -> list[Range]:
    """Small ranges whose digests differ; `counted` are the rows of source and lake."""
    spans = [each.span for each in counted if each.span]
    span = (min(low for low, _ in spans), max(high for _, high in spans)) if spans else None
    division = first_division(max(each.rows for each in counted), span)
    leaves: list[Range] = []
    within: list[int] | None = None
    while within is None or within:
        sizes = _sizes(source, lake, division, within)
        small = [n for n, rows in sizes.items() if rows <= LEAF_ROWS or not division.divisible]
        leaves += [Range(division, number) for number in small]
        within = sorted(set(sizes) - set(small))
        division = division.finer() if within else division
    return leaves


def differing_keys(source: Side, lake: Side, ranges: list[Range], most_keys: int) -> Found:
    """Keys whose rows differ, of as many ranges as hold no more than `most_keys` of them."""
    keys: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    looked = 0
    for group in _groups(ranges):
        if len(keys) >= most_keys:
            break
        division, numbers = group[0].division, [each.number for each in group]
        ours, theirs = (_by_key(side.rows(side.statements.rows(division, numbers))) for side in (source, lake))
        differing = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
        keys |= {key: (ours.get(key, ()), theirs.get(key, ())) for key in differing}
        looked += len(group)
    within = dict(islice(keys.items(), most_keys))
    return Found(within, len(keys) - len(within), len(ranges) - looked)


def chunks(keys: Iterable[str], size: int = KEYS_A_STATEMENT) -> Iterator[list[str]]:
    """Keys in as many parts as statements are needed for them."""
    rest = iter(keys)
    while part := list(islice(rest, size)):
        yield part


def _sizes(source: Side, lake: Side, division: Division, within: list[int] | None) -> dict[int, int]:
    """Ranges whose digests differ, with the rows of the side that has more."""
    ours, theirs = (_digests(side, division, within) for side in (source, lake))
    return {
        number: max(int(side[number][0] or 0) for side in (ours, theirs) if number in side)
        for number in {*ours, *theirs}
        if ours.get(number) != theirs.get(number)
    }


def _digests(side: Side, division: Division, within: list[int] | None) -> dict[int, tuple[str | None, ...]]:
    parts = (
        [None]
        if within is None
        else [within[n : n + RANGES_A_STATEMENT] for n in range(0, len(within), RANGES_A_STATEMENT)]
    )
    answers = [side.rows(side.statements.digests(division, part)) for part in parts]
    return {division.number(row[0] or ""): row[1:] for answer in answers for row in answer}


def _by_key(rows: Iterable[tuple[str | None, ...]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for key, digest, *_ in rows:
        found[key or ""].append(digest or "")
    return {key: tuple(sorted(digests)) for key, digests in found.items()}


def _groups(ranges: list[Range]) -> Iterator[list[Range]]:
    """Ranges of one division each, so many that their rows are fetched together."""
    by_division: dict[Division, list[Range]] = defaultdict(list)
    for each in ranges:
        by_division[each.division].append(each)
    for group in by_division.values():
        for start in range(0, len(group), RANGES_AT_ONCE):
            yield group[start : start + RANGES_AT_ONCE]


def _whole(text: str) -> int:
    return int(text.split(".", 1)[0])
