"""Queues whose depths a test sets."""

from __future__ import annotations

from odpf.settings import Settings


class MemoryQueues:
    """The deployment's queues and their dead-letter queues, all empty at first."""

    def __init__(self, settings: Settings) -> None:
        queues = (settings.staging_queue, settings.config_queue)
        self.depths = {name: 0 for queue in queues for name in (queue, f"{queue}_dlq")}

    def depth(self, queue: str) -> int | None:
        """What was set; None for other queues."""
        return self.depths.get(queue)
