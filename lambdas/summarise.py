"""Lambda of the last step: writes a run's summary and says how it ended."""

from __future__ import annotations

from typing import Any

from lambdas.batch_manager import batch_manager
from odpf.adapters.logs import invocation_log


def handler(event: dict[str, Any], context: object) -> dict[str, str]:
    """Summarise; see BatchManager.summarise."""
    with invocation_log("summarise", "file_processor", context, run_id=event["run_id"]):
        return batch_manager("summarise").summarise(event["run_id"])
