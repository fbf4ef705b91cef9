"""The statements of a comparison, one text builder for both sides: what differs is the dialect and where rows come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reconciliation.dialects.dialect import Dialect
from reconciliation.forms import Form, Pair, Pairing
from reconciliation.ranges import ByHash, ByNumber, Division


class Statements(NamedTuple):
    """SQL about one side of a table.

    Attributes:
        relation: where its current rows come from, as it stands behind FROM.
        touched: the column that says when a row was last written; empty where there is none.
    """

    dialect: Dialect
    relation: str
    pairs: Pairing
    touched: str = ""

    @property
    def by_number(self) -> bool:
        """Whether a key is told by its integer, and not by the digest of its values."""
        return is_integer_key(self.pairs)

    def counted(self) -> str:
        """Rows; of an integer key also its least and greatest value."""
        key = self.dialect.column(self.pairs.keys[0]) if self.by_number else "NULL"
        return f"SELECT COUNT(*), MIN({key}), MAX({key}) FROM {self.relation}"  # noqa: S608  names are quoted

    def digests(self, division: Division, within: Iterable[int] | None = None) -> str:
        """Range, rows, and sum of row digests, of the ranges of a division; all, or those within coarser ranges."""
        chosen = self._where(division, within)
        inner = f"SELECT {self._range(division)} AS r, {self._digest()} AS d FROM {self.relation}{chosen}"  # noqa: S608
        return f"SELECT r, COUNT(*), {self.dialect.sum_of('d')} FROM ({inner}) x GROUP BY r"  # noqa: S608

    def rows(self, division: Division, within: Iterable[int]) -> str:
        """Key and digest of each row within ranges of a division."""
        return f"SELECT {self._identity()}, {self._digest()} FROM {self.relation}{self._where_in(division, within)}"  # noqa: S608

    def again(self, keys: Iterable[str]) -> str:
        """Key, digest, and when it was written, of rows by their keys."""
        touched = self.dialect.quoted(self.touched) if self.touched else "NULL"
        listed = f"SELECT {self._identity()}, {self._digest()}, {touched} FROM {self.relation}"  # noqa: S608
        return f"{listed} WHERE {self._is_one_of(keys)}"

    def details(self, keys: Iterable[str]) -> str:
        """Key, then canonical text and what is shown of every column, of rows by their keys."""
        columns = [text for pair in self.pairs.all for text in (self.dialect.canonical(pair), self.dialect.shown(pair))]
        listed = ", ".join([self._identity(), *columns])
        return f"SELECT {listed} FROM {self.relation} WHERE {self._is_one_of(keys)}"  # noqa: S608

    def _digest(self) -> str:
        return self.dialect.md5(self.dialect.joined([self.dialect.canonical(pair) for pair in self.pairs.all]))

    def _identity(self) -> str:
        texts = [self.dialect.canonical(pair) for pair in self.pairs.keys]
        return texts[0] if self.by_number else self.dialect.md5(self.dialect.joined(texts))

    def _is_one_of(self, keys: Iterable[str]) -> str:
        if self.by_number:
            key = self.pairs.keys[0]
            literals = ", ".join(self.dialect.integer(key, int(each)) for each in keys)
            return f"{self.dialect.column(key)} IN ({literals})"
        listed = ", ".join(f"'{each}'" for each in keys)
        return f"{self._identity()} IN ({listed})"

    def _range(self, division: Division) -> str:
        if isinstance(division, ByNumber):
            return self.dialect.quotient(self.pairs.keys[0], division.low, division.width)
        return f"SUBSTR({self._identity()}, 1, {division.digits})"

    def _where(self, division: Division, within: Iterable[int] | None) -> str:
        if within is not None:
            return self._where_in(division.coarser(), within)
        return f" WHERE {self._between(division.low, division.high)}" if isinstance(division, ByNumber) else ""

    def _where_in(self, division: Division, within: Iterable[int]) -> str:
        if isinstance(division, ByHash):
            prefixes = ", ".join(f"'{division.prefix(each)}'" for each in within)
            return f" WHERE {self._range(division)} IN ({prefixes})"
        spans = [self._between(*span) for span in division.spans(within)]
        return f" WHERE {' OR '.join(spans)}"

    def _between(self, low: int, high: int) -> str:
        key = self.pairs.keys[0]
        first, last = self.dialect.integer(key, low), self.dialect.integer(key, high)
        return f"({self.dialect.column(key)} BETWEEN {first} AND {last})"


def is_integer_key(pairs: Pairing) -> bool:
    """Whether the key is one integer, in the lake too."""
    keys: tuple[Pair, ...] = pairs.keys
    return len(keys) == 1 and keys[0].form is Form.NUMBER and keys[0].source.integer and keys[0].lake.base != "string"
