"""Lambda of the plan step: plans one run of a cadence and answers with pointers."""

from __future__ import annotations

from functools import cache
from typing import Any

from file_manager.sweep import sweep
from file_processor.batch_manager import BatchManager
from odpf.adapters.aws import Aws
from odpf.adapters.logs import invocation_log
from odpf.clock import utc_now
from odpf.run_request import RunRequest
from odpf.settings import Settings


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Plan; see BatchManager.plan. What the execution was started with comes as it is, but for what may be absent."""
    run_id, refresh_cadence = event["run_id"], event["refresh_cadence"]
    with invocation_log("batch_manager", "file_processor", context, run_id=run_id, refresh_cadence=refresh_cadence):
        request = RunRequest.of(event.get("input") or {"refresh_cadence": refresh_cadence})
        return batch_manager("batch_manager").plan(run_id, request)


@cache
def batch_manager(component: str) -> BatchManager:
    """The use case on AWS, built with the first call of a component."""
    settings = Settings.from_environment()
    aws = Aws(settings, component=component)
    return BatchManager(
        settings=settings,
        config=aws.config,
        tracker=aws.tracker,
        ledger=aws.ledger,
        audit=aws.audit,
        objects=aws.objects,
        sweep=lambda tables, since: sweep(settings.staging_places, tables, aws.objects, aws.tracker, utc_now(), since),
        region=aws.region,
        job_runs=aws.job_runs,
        metrics=aws.metrics,
        dms_tasks=aws.dms_tasks,
    )
