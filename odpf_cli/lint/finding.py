"""What a rule of `odpf lint`, or a check of `odpf doctor`, has found."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from odpf.states import Severity


class Place(BaseModel):
    """Where something stands: a file, and the line if it is known, counted from 1."""

    model_config = ConfigDict(frozen=True)

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


class Finding(BaseModel):
    """One entry of the output contract, with its place."""

    model_config = ConfigDict(frozen=True)

    rule: str
    setting: str
    severity: Severity
    found: str | None
    expected: str
    reason: str
    fix: str
    place: Place | None = None
