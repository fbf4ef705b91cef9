"""A message to people who watch a deployment: what is wrong since when, or no longer, and what to do."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from odpf.states import FindingKind, NoticeState

LONGEST_SUBJECT = 99
"""Characters, all of them ASCII: SNS takes less than 100 (Amazon SNS API, Publish)."""
LONGEST_TEXT = 250_000
"""Bytes: SNS takes 256 KiB, the attributes included."""


class Notice(BaseModel):
    """One message about findings of one kind in one cadence.

    Attributes:
        refresh_cadence: None for findings that concern no cadence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: FindingKind
    state: NoticeState
    refresh_cadence: str | None
    subject: str = Field(max_length=LONGEST_SUBJECT)
    text: str

    @property
    def attributes(self) -> dict[str, str]:
        """By what subscriptions can filter."""
        cadence = {"refresh_cadence": self.refresh_cadence} if self.refresh_cadence else {}
        return {"kind": self.kind.value, "state": self.state.value, **cadence}
