"""What every dialect gives, and what they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from reconciliation.canonical import NULL, SEPARATOR
from reconciliation.forms import Form, Pair

SAMPLE = 200
"""Characters of a text, or hex digits of bytes, that a report shows."""
SUMMED = 15
"""Hex digits of a row's digest that a range's sum takes: 60 bits fit a signed 64-bit integer, and two ranges that differ have the
same sum once in 10^18."""

_TOGETHER = 50
"""Texts that one CONCAT takes, with as many separators: PostgreSQL allows 100 arguments of a function, Trino 127."""


class Dialect(ABC):
    """One database's SQL. Expressions are SQL texts; canonical ones have the value null where the column has.

    Args:
        milliseconds: whether moments are compared to the millisecond, since the lake shows no more.
    """

    def __init__(self, *, milliseconds: bool = False) -> None:
        self.milliseconds = milliseconds

    @abstractmethod
    def quoted(self, name: str) -> str:
        """An identifier."""

    @abstractmethod
    def column(self, pair: Pair) -> str:
        """This side's column of a pair."""

    @abstractmethod
    def canonical(self, pair: Pair) -> str:
        """The canonical text of a column."""

    @abstractmethod
    def sample(self, pair: Pair) -> str:
        """What is shown of a text or of bytes: their beginning."""

    @abstractmethod
    def md5(self, text: str) -> str:
        """The digest of an ASCII text, in lower case."""

    @abstractmethod
    def sum_of(self, digest: str) -> str:
        """The sum over a group of the integers that the first SUMMED hex digits of digests make, as text.

        It tells rows apart in any order, and a row that is there twice, as an exclusive or would not.
        """

    @abstractmethod
    def integer(self, pair: Pair, value: int) -> str:
        """A literal to compare the integer key column with."""

    @abstractmethod
    def quotient(self, pair: Pair, low: int, width: int) -> str:
        """The number of the range of a width, counted from `low`, that an integer key at or above `low` is in."""

    def joined(self, texts: Sequence[str]) -> str:
        """Canonical texts of a row as one text."""
        parts = [f"COALESCE({text}, '{NULL}')" for text in texts]
        while len(parts) > 1:
            groups = [parts[start : start + _TOGETHER] for start in range(0, len(parts), _TOGETHER)]
            parts = [_concatenated(group) for group in groups]
        return parts[0]

    def shown(self, pair: Pair) -> str:
        """What is shown of a value."""
        return self.sample(pair) if pair.form in (Form.TEXT, Form.PADDED, Form.BYTES) else self.canonical(pair)


def _concatenated(parts: Sequence[str]) -> str:
    separated = f", '{SEPARATOR}', ".join(parts)
    return f"CONCAT({separated})" if len(parts) > 1 else parts[0]
