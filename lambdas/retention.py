"""Lambda of the File Manager's retention: removes staged files whose replay window is over, as far as its time lasts."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from file_manager.retention import expire, retention_days
from odpf.adapters.aws import Aws
from odpf.adapters.logs import invocation_log
from odpf.clock import utc_now
from odpf.settings import Settings

SPARE_MILLISECONDS = 60_000
"""Left when a run stops: enough for the 1,000 objects at hand and the retries of a busy service."""


def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Sweep; the answer, which is logged too, counts what went and what stays, and why."""
    with invocation_log("retention", "file_manager", context) as logger:
        if not (days := retention_days()):
            logger.info("retention is off: ODPF_RETENTION_DAYS is 0 or not set")
            return {"retention_days": 0}
        aws, before = _aws(), utc_now() - timedelta(days=days)
        epoch = aws.ledger.epoch()
        if not epoch.active_in(aws.region, second=aws.settings.is_second_region):
            # What goes here would go there, too, and there it may have been overwritten by now.
            logger.info("the active Region removes: %s", epoch.standing_by(aws.region))
            return {"retention_days": days, "active_region": epoch.active_region}

        def goes_on() -> bool:
            return context.get_remaining_time_in_millis() > SPARE_MILLISECONDS

        expiry = expire(aws.settings, aws.objects, aws.tracker, before, goes_on)
        answer = {"retention_days": days, **expiry._asdict()}
        logger.info("staged files swept", extra=answer)
        return answer


@cache
def _aws() -> Aws:
    return Aws(Settings.from_environment(), component="retention")
