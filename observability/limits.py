"""How long is too long, and how much is measured: the settings of a watch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from observability.schedule_expression import rate_period
from odpf.errors import InvalidSettings
from odpf.table_config import CadenceConfig

INTERVALS_OF_LAG = 3
"""A change that just missed a run waits one interval and for two runs; what takes longer is looked at."""
MOST_MEASURED_TABLES = 200
"""Of `auto`: some 60 US dollars a month (docs/cost.md)."""
QUARANTINE_IS_NEWS = timedelta(days=1)
_LEAST_GRACE = timedelta(minutes=5)
_MOST_GRACE = timedelta(minutes=30)


class Limits(BaseModel):
    """What a deployment wants to be told of.

    Attributes:
        oldest_pending_seconds: a file may wait so long, whoever's it is.
        table_metrics: `on`: the lag of every table that has something pending is a metric of its own; `auto`: while there
            are at most 200 tables, since CloudWatch charges for every metric.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    oldest_pending_seconds: int = Field(default=6 * 3600, ge=60)
    table_metrics: Literal["auto", "on", "off"] = "auto"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the limits from `ODPF_OLDEST_PENDING_SECONDS` and `ODPF_TABLE_METRICS`.

        Raises:
            InvalidSettings: a variable has a value that cannot be used.
        """
        given = {name: environment.get(f"ODPF_{name.upper()}") for name in cls.model_fields}
        try:
            return cls.model_validate({name: value for name, value in given.items() if value})
        except ValidationError as error:
            problems = "; ".join(f"ODPF_{str(e['loc'][0]).upper()}: {e['msg']}" for e in error.errors())
            raise InvalidSettings(f"The limits of the watch cannot be used: {problems}. Correct them.") from None

    def measures_each_of(self, tables: int) -> bool:
        """Whether so many configured tables have metrics of their own."""
        return self.table_metrics == "on" or (self.table_metrics == "auto" and tables <= MOST_MEASURED_TABLES)

    @property
    def oldest_pending(self) -> timedelta:
        """How long a file may wait."""
        return timedelta(seconds=self.oldest_pending_seconds)


def lag_objective(cadence: CadenceConfig) -> timedelta | None:
    """How old the oldest waiting change of a table may become; None when nothing was promised."""
    if cadence.lag_objective_seconds is not None:
        return timedelta(seconds=cadence.lag_objective_seconds)
    period = rate_period(cadence.schedule) if cadence.schedule else None
    return period * INTERVALS_OF_LAG if period else None


def grace(interval: timedelta) -> timedelta:
    """How long after its time a run is missed: one interval, but at least what a start may take, at most half an hour."""
    return min(max(interval, _LEAST_GRACE), _MOST_GRACE)
