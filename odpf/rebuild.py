"""Rebuilding a raw table from its staged files: what is asked for, and what came of it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

MOST_EXAMPLES = 20


class Rebuild(BaseModel):
    """What an operator asks for (`odpf resnapshot`, `odpf replay`).

    Attributes:
        raw_table: `<database>.<table>`.
        since: the beginning of an order position's text form; what was applied at or after it is applied again, on top
            of the table as it was before. Empty for everything.
        compare_only: whether the result is only compared, and the table stays as it is.
        config: the table's configuration item from then on, where that is to change; the caller puts it.
        adopted_from: base path of a table of another framework that the table is made from instead (`odpf adopt`).
        quiet_minutes: how long nothing may have written to that one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    raw_table: str
    since: str = ""
    compare_only: bool = False
    config: dict[str, Any] | None = None
    adopted_from: str = ""
    quiet_minutes: int = 60


class Example(BaseModel):
    """A row that differs: its record key, and its values where they do; None on the side that does not have the row."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Differences(BaseModel):
    """What the rows of a rebuilt table are to those of the table before it.

    Attributes:
        same: rows that both have, with the same values.
        only_before, only_after: rows that one of them has.
        changed: rows with the same record key and other values.
        columns: those in which any of them differ.
        examples: at most MOST_EXAMPLES rows, by record key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    same: int
    only_before: int
    only_after: int
    changed: int
    columns: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()

    @property
    def none(self) -> bool:
        """Whether the tables have the same rows."""
        return not (self.only_before or self.only_after or self.changed)


class RebuildReport(BaseModel):
    """How a rebuild ended.

    Attributes:
        since: as asked.
        began_behind: instant of the commit that it began behind; None where it began with nothing.
        files, rows_read, rows_quarantined: applied again.
        former_location, location: base paths of the table before and after; the same where it was only compared.
        differences: of the rows.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    run_id: str
    raw_table: str
    since: str
    began_behind: str | None
    compare_only: bool
    files: int
    rows_read: int
    rows_quarantined: int
    former_location: str
    location: str
    differences: Differences
