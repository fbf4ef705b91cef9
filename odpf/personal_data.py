"""Columns that must not stand in the lake as they are: left out, or kept as keyed hashes (docs/personal-data.md). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple


class ProtectedColumns(NamedTuple):
    """What a table's configuration says of personal data, in lower case; before images are treated as their columns are.

    Attributes:
        excluded: never read.
        hashed: kept as hashes.
        prefix: of before-image columns.
    """

    excluded: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()
    prefix: str = ""

    def is_excluded(self, column: str) -> bool:
        """Whether a column is left out."""
        return self._is_one_of(column, self.excluded)

    def is_hashed(self, column: str) -> bool:
        """Whether a column is kept as hashes."""
        return self._is_one_of(column, self.hashed)

    def is_protected(self, column: str) -> bool:
        """Whether its values must not be seen."""
        return self.is_excluded(column) or self.is_hashed(column)

    def unknown(self, known: Collection[str]) -> Iterator[tuple[str, str]]:
        """(key of the configuration, column) of those that name none of the known columns."""
        for key, columns in (("exclude_columns", self.excluded), ("hash_columns", self.hashed)):
            yield from ((key, column) for column in columns if column not in known)

    def contradictions(
        self, keys: Collection[str], partition: str | None, of_changes: Mapping[str, Iterable[str]]
    ) -> Iterator[str]:
        """What cannot be asked for.

        Args:
            keys: the key's columns. They may be hashed: the same value has the same hash, so rows still find each other.
            partition: the partition column, whose values stand in paths and in the catalog.
            of_changes: columns that describe changes, by the configuration key that names them.
        """
        if both := sorted({*self.excluded} & {*self.hashed}):
            yield f"{both[0]!r} is in exclude_columns and in hash_columns: choose one"
        for key, column in self._named():
            if key == "exclude_columns" and column in keys:
                yield (
                    f"exclude_columns names key column {column!r}, without which rows cannot be told apart; hash_columns keeps "
                    "it as a hash"
                )
            if column == partition:
                yield f"{key} names {column!r}, by which the table is partitioned: choose another hudi_partition_key"
            for role, columns in of_changes.items():
                if column in columns:
                    yield f"{key} names {column!r}, which describes a change ({role}) and is needed as it is"

    def _named(self) -> Iterator[tuple[str, str]]:
        yield from (("exclude_columns", column) for column in self.excluded)
        yield from (("hash_columns", column) for column in self.hashed)

    def _is_one_of(self, column: str, columns: Collection[str]) -> bool:
        return column in columns or (column.startswith(self.prefix) and column.removeprefix(self.prefix) in columns)
