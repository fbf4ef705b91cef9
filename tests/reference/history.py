"""Mode H: every change is a row of the table, once."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.reference.changes import Batch, Placed, Row


class History:
    """A table of mode H: the first row of an identity stays, however often it comes, but for one of a greater sequence.

    Args:
        stream_position: the column that tells changes apart instead of their sequence.
    """

    def __init__(self, stream_position: str | None = None) -> None:
        self._stream_position = stream_position
        self._stored: dict[Any, Placed] = {}

    def apply(self, batch: Batch) -> Counter[str]:
        """Take one run's rows, and say what becomes of them."""
        counts: Counter[str] = Counter()
        fresh: dict[Any, Placed] = {}
        for placed in sorted(batch.rows, key=lambda each: each.position):
            counts["collapsed"] += self._identity(placed) in fresh
            first = fresh.setdefault(self._identity(placed), placed)
            if first.change.sequence < placed.change.sequence:
                fresh[self._identity(placed)] = placed
        for identity, placed in fresh.items():
            stored = self._stored.get(identity)
            is_later = stored is None or stored.change.sequence < placed.change.sequence
            counts["inserted" if stored is None else "updated" if is_later else "unchanged"] += 1
            if is_later:
                self._stored[identity] = placed
        return counts

    def _identity(self, placed: Placed) -> Any:
        return placed.identity_by(self._stream_position) if self._stream_position else placed.identity

    def rows(self) -> list[Row]:
        """The source's columns of the table's rows."""
        return [placed.change.row for placed in self._stored.values()]

    def changes(self) -> list[tuple[str, str, int, Row]]:
        """(operation, sequence, generation, row) of the table's rows, in their order."""
        return [
            (placed.change.operation, placed.change.sequence, placed.position.generation, placed.change.row)
            for placed in sorted(self._stored.values(), key=lambda each: each.position)
        ]
