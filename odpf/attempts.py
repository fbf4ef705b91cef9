"""How often a table was taken without being given back in good order, and what follows from it. Pure.

Every acquisition by a run is one more attempt, and a table that is given back in good order has none. So a job run that dies,
whatever of, counts like one that fails.

    1 attempt failed       the next run tries again
    2 and more             runs by schedule leave the table alone for a while that doubles, with jitter
    `most_attempts`        no run takes the table by itself any more (R11): it is set aside until its configuration changes or
                           an operator asks for it by name

How long to wait is told by the clock of whoever looks. A clock that is wrong costs minutes of waiting, and no row (R13).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from odpf.clock import iso

_FIRST_WAIT = timedelta(minutes=5)
_LONGEST_WAIT = timedelta(hours=1)
_AT_ONCE = 2
"""Attempts that no wait stands between."""


class Attempts(BaseModel):
    """What a table's state tells of them.

    Attributes:
        number: acquisitions in a row since the table was last given back in good order; the one under way is one of them.
        tried_with: digest of the configuration (`TableConfig.digest`); another one begins to count anew.
        next_at: before it no run by schedule tries again, ISO 8601; None where nobody has to wait.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(default=1, ge=1)
    tried_with: str
    next_at: str | None = None

    def one_less(self) -> Self | None:
        """As it was before an attempt that shall not count; None when there was none."""
        return self.model_copy(update={"number": self.number - 1}) if self.number > 1 else None

    def failed(self, now: datetime, chance: float) -> Self:
        """After an attempt that failed.

        Args:
            now: the moment.
            chance: from 0 to 1; tables that fail together shall not all be tried again together.
        """
        if self.number < _AT_ONCE:
            return self.model_copy(update={"next_at": None})
        whole = min(_FIRST_WAIT * 2 ** (self.number - _AT_ONCE), _LONGEST_WAIT)
        return self.model_copy(update={"next_at": iso(now + whole * (0.5 + chance / 2))})

    def has_to_wait(self, now: datetime) -> bool:
        """Whether a run by schedule leaves the table alone."""
        return self.next_at is not None and now < datetime.fromisoformat(self.next_at)


def one_more(before: Attempts | None, tried_with: str) -> Attempts:
    """The attempt that begins.

    Args:
        before: what the table's state tells.
        tried_with: digest of the configuration as it is now.
    """
    if before is None or before.tried_with != tried_with:
        return Attempts(tried_with=tried_with)
    return Attempts(number=before.number + 1, tried_with=tried_with)
