"""Lambda of the plan step: plans one run of a cadence and answers with pointers."""

from __future__ import annotations

from functools import cache
from typing import Any

from file_manager.sweep import sweep
from file_processor.batch_manager import BatchManager
from odpf.adapters.aws import Aws
from odpf.clock import utc_now
from odpf.settings import Settings


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Plan; see BatchManager.plan."""
    return batch_manager().plan(event["run_id"], event["refresh_cadence"])


@cache
def batch_manager() -> BatchManager:
    """The use case on AWS, built with the first call."""
    settings = Settings.from_environment()
    aws = Aws(settings)
    return BatchManager(
        settings=settings,
        config=aws.config,
        tracker=aws.tracker,
        ledger=aws.ledger,
        audit=aws.audit,
        objects=aws.objects,
        sweep=lambda tables: sweep(settings.staging_places, tables, aws.objects, aws.tracker, utc_now()),
    )
