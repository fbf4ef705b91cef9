"""When a cadence was last planned: one small object per cadence in the artifacts bucket, so that a run that stays away is seen."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

LAST_PLAN_VERSION = 1


class LastPlan(BaseModel):
    """The newest run of a cadence whose plan was made.

    Attributes:
        started_at: when it was made, UTC, ISO 8601; so the others.
        epoch: the deployment's, in which it was made.
        all_states_at, all_files_at: when a plan has last read the states of all tables, and asked about all staged files.
        swept_at: S3's clock when it began to list staging; None when nothing was there.
        swept: digest of the source tables that it listed without a problem.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int = LAST_PLAN_VERSION
    run_id: str
    started_at: str
    epoch: int = 0
    all_states_at: str | None = None
    all_files_at: str | None = None
    swept_at: str | None = None
    swept: str | None = None


def last_plan_key(refresh_cadence: str) -> str:
    """Its key in the artifacts bucket."""
    return f"cadences/{refresh_cadence}/last_plan.json"
