"""One side of a comparison: a database that answers statements, and what crosses the wire for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from reconciliation.statements import Statements

Row: TypeAlias = tuple[str | None, ...]
Run: TypeAlias = Callable[[str], Sequence[Sequence[object]]]
"""Answers one statement."""


@dataclass
class Traffic:
    """What one side was asked and what it answered."""

    queries: int = 0
    rows: int = 0
    bytes: int = 0

    def counted(self, answer: list[Row]) -> list[Row]:
        """Add one answer."""
        self.queries += 1
        self.rows += len(answer)
        self.bytes += sum(len(value) for row in answer for value in row if value is not None)
        return answer


class Side(NamedTuple):
    """Statements about a table, and who answers them.

    Attributes:
        run: answers one statement; of a source within one consistent snapshot.
    """

    statements: Statements
    run: Run
    traffic: Traffic

    def rows(self, sql: str) -> list[Row]:
        """The answer to a statement, every value as text."""
        return self.traffic.counted(texts(self.run(sql)))


def texts(answer: Sequence[Sequence[object]]) -> list[Row]:
    """An answer with every value as text."""
    return [tuple(None if value is None else _text(value) for value in row) for row in answer]


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
