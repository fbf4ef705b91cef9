"""One thing that is wrong with a configuration, and where."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

_NAMED = 3


class Problem(BaseModel):
    """A problem of the output contract: `<file>:tables[3].hudi_primary_key` and what to do about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    message: str
    line: int | None = None


def listed(names: Sequence[str], most: int = _NAMED) -> str:
    """The first names, and how many more there are."""
    more = len(names) - most
    shown = ", ".join(names[:most])
    return f"{shown} and {more:,} more" if more > 0 else shown
