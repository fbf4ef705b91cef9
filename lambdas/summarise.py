"""Lambda of the last step: writes a run's summary and says how it ended."""

from __future__ import annotations

from typing import Any

from lambdas.batch_manager import batch_manager


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    """Summarise; see BatchManager.summarise."""
    return batch_manager().summarise(event["run_id"])
