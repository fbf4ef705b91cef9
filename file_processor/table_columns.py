"""The columns of a table as files are compared with them, and whether a file can say anything about them. Pure."""

from __future__ import annotations

from typing import NamedTuple

from file_processor.inspection import Inspection
from file_processor.schema import Schema
from odpf.order import OrderPosition


class TableColumns(NamedTuple):
    """What a file is compared with.

    Attributes:
        schema: the table's columns, with those that earlier files of the batch brought; empty before the first file.
        absent: those that the source no longer has, as was told when it happened.
        excluded: columns of the newest file that are left out, so that the table does not tell of them.
        mark: the table's high-water mark.
        unstored: columns of `schema` that no stored row has: they may still become any type, and files without them are
            normal.
    """

    schema: Schema = ()
    absent: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    mark: str | None = None
    unstored: frozenset[str] = frozenset()

    @property
    def exists(self) -> bool:
        """Whether there is a table: the files of its first batch make it together, so nothing in them is a change."""
        return len(self.unstored) < len(self.schema)


def is_old(file: Inspection, mark: str | None) -> bool:
    """Whether all rows of a file come before what the table has, so that its columns are those of an earlier day."""
    chosen = file.chosen
    last = "" if chosen.is_full else file.sequences and file.sequences[1]
    if mark is None or last is None:
        return False
    return str(OrderPosition(chosen.generation, last, chosen.file.name, file.rows)) <= mark


def names_of(file: Inspection) -> set[str]:
    """All columns of a file that are read, those too that hold nothing but nulls and have no type."""
    return {*dict(file.columns), *file.nulls}
