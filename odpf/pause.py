"""Why a table is not refreshed for a while: what an operator wrote down when it was stopped."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

MOST_REASON = 500
"""Characters of a reason."""


class Pause(BaseModel):
    """A pause of one table.

    Attributes:
        reason: in the operator's words.
        by: who paused it (the caller's ARN).
        since: UTC, ISO 8601.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str = Field(min_length=1, max_length=MOST_REASON)
    by: str = ""
    since: str = ""

    def told(self, table: str) -> str:
        """In a sentence, with the way back."""
        whom = f" by {self.by}" if self.by else ""
        return f"{table} is paused since {self.since or 'some time'}{whom}: {self.reason}. Go on: odpf table resume '{table}'"
