"""One thing that is wrong in a deployment, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from odpf.states import FindingKind


class Subject(NamedTuple):
    """What a finding is about; there is one finding of each at a time."""

    kind: FindingKind
    refresh_cadence: str | None
    source_table_name: str | None


class Finding(BaseModel):
    """Something wrong, as sentences that go on after the table's or the cadence's name.

    Attributes:
        refresh_cadence: None for what belongs to no cadence: tables that nobody configured, queues.
        source_table_name: None when the cadence or the deployment is concerned.
        since: when it began, as far as the watch knows; UTC, ISO 8601.
        mark: sorts later when more of the same has come, so that people are told again (more quarantined files).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FindingKind
    refresh_cadence: str | None = None
    source_table_name: str | None = None
    reason: str
    next_step: str
    since: str
    mark: str = ""

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return Subject(self.kind, self.refresh_cadence, self.source_table_name)

    @property
    def name(self) -> str:
        """Whose finding it is, for people."""
        if self.source_table_name:
            return f"{self.source_table_name} ({self.refresh_cadence or 'in no cadence'})"
        return f"cadence {self.refresh_cadence}" if self.refresh_cadence else "deployment"
