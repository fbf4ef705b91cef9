"""The epoch: a number that an operator raises when another Region takes over, and which Region writes in it."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field


class Epoch(BaseModel):
    """One item of the processing tracker for the whole deployment; without it there is one Region and epoch 0.

    Attributes:
        number: grows with every take-over, never falls.
        active_region: the only Region that may plan and write; None while no operator has raised the epoch.
        raised_at, raised_by: UTC, ISO 8601, and the identity of who raised it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(default=0, ge=0)
    active_region: str | None = None
    raised_at: str | None = None
    raised_by: str | None = None

    def active_in(self, region: str, *, second: bool = False) -> bool:
        """Whether work may be done in a Region; a second one (`Settings.is_second_region`) waits to be named."""
        return not second if self.active_region is None else self.active_region == region

    def raised(self, active_region: str, raised_by: str, raised_at: str) -> Self:
        """The epoch after this one."""
        return self.model_copy(
            update={
                "number": self.number + 1,
                "active_region": active_region,
                "raised_by": raised_by,
                "raised_at": raised_at,
            }
        )

    def standing_by(self, region: str) -> str:
        """Why a Region does nothing, and how that is changed."""
        return (
            f"{region} stands by, nothing is planned here: in epoch {self.number} the active Region is "
            f"{self.active_region or 'not named yet'}. "
            f"To move the work here follow docs/regions.md; its last step is `odpf epoch raise --active-region {region}`."
        )
