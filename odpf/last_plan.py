"""When a cadence was last planned: one small object per cadence in the artifacts bucket, so that a run that stays away is seen."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

LAST_PLAN_VERSION = 1


class LastPlan(BaseModel):
    """The newest run of a cadence whose plan was made; `started_at` is UTC, ISO 8601."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int = LAST_PLAN_VERSION
    run_id: str
    started_at: str


def last_plan_key(refresh_cadence: str) -> str:
    """Its key in the artifacts bucket."""
    return f"cadences/{refresh_cadence}/last_plan.json"
