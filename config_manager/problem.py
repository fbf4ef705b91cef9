"""One thing that is wrong with a configuration, and where."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Problem(BaseModel):
    """A problem of the output contract: `<file>:tables[3].hudi_primary_key` and what to do about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    message: str
    line: int | None = None
