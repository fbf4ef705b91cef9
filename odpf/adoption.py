"""Adopting a Hudi table that another framework has written: what was found, and what is or would be done."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from odpf.states import Severity


class Finding(BaseModel):
    """One thing that was looked at."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    subject: str
    severity: Severity
    sentence: str


class AdoptionCheck(BaseModel):
    """What an adoption does with a table and its staged files, and what stands against it.

    Attributes:
        location: base path of the table that is adopted.
        mark: the greatest change sequence in it, empty without a change; None where it was not read.
        rows: of it; None likewise.
        files_applied: staged files that it has, by the mark: they go to history as already applied.
        files_straddling: names of staged files with rows at or below the mark and rows above it.
        files_waiting: staged files that are applied afterwards, the straddling ones among them.
        findings: all that was looked at.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    source_table_name: str
    raw_table: str
    location: str
    mark: str | None = None
    rows: int | None = None
    files_applied: int = 0
    files_straddling: tuple[str, ...] = ()
    files_waiting: int = 0
    findings: tuple[Finding, ...]

    @property
    def obstacles(self) -> tuple[str, ...]:
        """What stands against it."""
        return tuple(each.sentence for each in self.findings if each.severity is Severity.ERROR)
