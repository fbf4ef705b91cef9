"""What the sources hand to the writer: the shape of a table, and its changes column by column."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa


class Column(NamedTuple):
    """A column of a source table; `lob` as DMS counts large objects, for before images with filter non-lob."""

    name: str
    type: pa.DataType
    key: bool = False
    lob: bool = False


class Shape(NamedTuple):
    """A source table as it looked when its rows were read."""

    schema: str
    table: str
    columns: tuple[Column, ...]

    @property
    def arrow(self) -> pa.Schema:
        """The columns as an Arrow schema."""
        return pa.schema([(column.name, column.type) for column in self.columns])

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the primary key's columns."""
        return tuple(column.name for column in self.columns if column.key)


class Changes(NamedTuple):
    """Committed changes of one table in commit order; all parts have the same length.

    Attributes:
        operations: I, U or D.
        sequences: change sequences.
        committed_at: timestamp[us, UTC], the source's commit time.
        positions: positions in the source's log.
        rows: the row after an I or U, before a D.
        before: the row before a U or D, null for an I; None where the source does not log it.
    """

    shape: Shape
    operations: pa.Array
    sequences: pa.Array
    committed_at: pa.Array
    positions: pa.Array
    rows: pa.Table
    before: pa.Table | None = None

    def take(self, indices: pa.Array) -> Changes:
        """The changes at these places, in that order."""
        return Changes(
            self.shape,
            self.operations.take(indices),
            self.sequences.take(indices),
            self.committed_at.take(indices),
            self.positions.take(indices),
            self.rows.take(indices),
            None if self.before is None else self.before.take(indices),
        )
