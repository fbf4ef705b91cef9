"""The counts of G7: every row that was read is in exactly one of seven kinds."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field


class Counts(BaseModel):
    """Rows read and what became of them; `rows_removed_by_reload` stands beside the sum."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows_read: int = Field(default=0, ge=0)
    rows_inserted: int = Field(default=0, ge=0)
    rows_updated: int = Field(default=0, ge=0)
    rows_deleted: int = Field(default=0, ge=0)
    rows_collapsed: int = Field(default=0, ge=0)
    rows_late: int = Field(default=0, ge=0)
    rows_unchanged: int = Field(default=0, ge=0)
    rows_quarantined: int = Field(default=0, ge=0)
    rows_removed_by_reload: int = Field(default=0, ge=0)

    @property
    def add_up(self) -> bool:
        """Whether the seven kinds sum to the rows read."""
        kinds = self.model_dump(exclude={"rows_read", "rows_removed_by_reload"})
        return bool(sum(kinds.values()) == self.rows_read)

    def __add__(self, other: Self) -> Counts:
        mine, theirs = self.model_dump(), other.model_dump()
        return Counts(**{kind: mine[kind] + theirs[kind] for kind in mine})
