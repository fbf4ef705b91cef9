"""How keys are divided into ranges: dense integers by their value, all others by the hash of their canonical text.

Ranges of a hash need no order that both databases would have to agree on: no collation, any number of columns, any gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

RANGE_ROWS = 500
"""Rows that a range of the first division is to have."""
LEAF_ROWS = 1000
"""A range that differs and has no more rows is fetched, as keys and digests; a greater one is divided further."""
MOST_RANGES = 4096
"""In the first answer."""
FAN_OUT = 16
"""A power of 16: one hex digit of a hash."""
_SPARSE = 64
"""An integer key is divided by its hash where it has so many times as many values as there are rows."""


class ByNumber(NamedTuple):
    """Ranges of a width from the lowest key to the highest; number n begins at low + n * width."""

    low: int
    high: int
    width: int

    def finer(self) -> ByNumber:
        """Each range divided."""
        return self._replace(width=self.width // FAN_OUT)

    def coarser(self) -> ByNumber:
        """The division that this one is finer than; widths are powers of FAN_OUT."""
        return self._replace(width=self.width * FAN_OUT)

    @property
    def divisible(self) -> bool:
        """Whether a range can be divided."""
        return self.width > 1

    def number(self, text: str) -> int:
        """The number of a range as an answer has it."""
        return int(text)

    def spans(self, numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
        """First and last key of ranges, neighbours as one."""
        first = last = None
        for number in sorted(numbers):
            if last is not None and number == last + 1:
                last = number
                continue
            if first is not None and last is not None:
                yield self._span(first, last)
            first = last = number
        if first is not None and last is not None:
            yield self._span(first, last)

    def _span(self, first: int, last: int) -> tuple[int, int]:
        return self.low + first * self.width, min(self.high, self.low + (last + 1) * self.width - 1)


class ByHash(NamedTuple):
    """Ranges of hashes with the same first hex digits, which are a range's number."""

    digits: int

    def finer(self) -> ByHash:
        """Each range divided."""
        return ByHash(self.digits + 1)

    def coarser(self) -> ByHash:
        """The division that this one is finer than."""
        return ByHash(self.digits - 1)

    @property
    def divisible(self) -> bool:
        """Whether a range can be divided."""
        return self.digits < 15  # noqa: PLR2004  by then every key is alone

    def number(self, text: str) -> int:
        """The number of a range as an answer has it."""
        return int(text, 16) if text else 0

    def prefix(self, number: int) -> str:
        """The first digits of a range's hashes."""
        return f"{number:0{self.digits}x}" if self.digits else ""


Division: TypeAlias = ByNumber | ByHash


def first_division(rows: int, span: tuple[int, int] | None) -> Division:
    """How a table is divided first.

    Args:
        rows: of the side that has more.
        span: least and greatest value of an integer key over both sides; None for every other key.
    """
    wanted = max(1, min(MOST_RANGES, -(-rows // RANGE_ROWS)))
    if span is not None and span[1] - span[0] < max(1, rows) * _SPARSE:
        width = 1
        while (span[1] - span[0] + 1) / width > wanted:
            width *= FAN_OUT
        return ByNumber(span[0], span[1], width)
    digits = 0
    while FAN_OUT**digits < wanted:
        digits += 1
    return ByHash(min(digits, 3))
