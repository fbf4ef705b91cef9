"""One invocation of the Lambda function over a table batch: as many tables as its time covers, and who takes the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock
from typing import NamedTuple

from file_processor.batch_run import BatchRun
from file_processor.work_size import MOST_SECONDS, TIMEOUT_SECONDS, work_size
from file_processor.workshop import Workshop
from odpf.manifest import BatchManifest, TableWork, rest_key
from odpf.ports import AuditLog
from odpf.states import EngineName, Then

_log = logging.getLogger(__name__)

SPARE_SECONDS = 30.0
"""Left when no table is begun any more: tables at hand finish, the rest is written down, the answer goes out."""
MARGIN = TIMEOUT_SECONDS / MOST_SECONDS
"""How much longer than estimated a table may take, as in packing."""


class Deadline:
    """Whether the time that an invocation has left covers a table.

    The first table is always begun, so that every invocation gets further than the one before it.

    Args:
        remaining: seconds until the function is ended.
    """

    def __init__(self, remaining: Callable[[], float]) -> None:
        self._remaining = remaining
        self._has_begun = False
        self._lock = Lock()

    def may_begin(self, work: TableWork) -> bool:
        """Answer for one table, which is then begun."""
        size = work_size(work)
        seconds = size.seconds if size else MOST_SECONDS
        with self._lock:
            is_first, self._has_begun = not self._has_begun, True
        return is_first or self._remaining() >= SPARE_SECONDS + MARGIN * seconds


class Invocation(NamedTuple):
    """One invocation.

    Attributes:
        manifest: what to process.
        manifest_uri: where that was read.
        shop: ports, and engines without Spark.
        audit: where every table gets its row.
    """

    manifest: BatchManifest
    manifest_uri: str
    shop: Workshop
    audit: AuditLog

    def run(self, remaining: Callable[[], float]) -> dict[str, str]:
        """Process tables; answers what the state machine needs for the next step.

        Args:
            remaining: seconds until the function is ended.

        Returns:
            run_id, manifest_uri: of what is left, for `then` again or glue.
            then: see `Then`.
        """
        tables = self.manifest.tables
        batch = self.manifest.model_copy(update={"tables": tuple(t for t in tables if t.engine is EngineName.ARROW)})
        run = BatchRun(batch, self.shop, self.audit, Deadline(remaining).may_begin)
        run.run()
        # Tables for Spark stand last, so that one invocation more always has a table to begin.
        for_spark = [work for work in (*run.left, *tables) if work.engine is EngineName.SPARK]
        not_begun = [work for work in run.left if work.engine is EngineName.ARROW]
        _log.info("answering", extra={"not_begun": len(not_begun), "for_spark": len(for_spark)})
        then = Then.AGAIN if not_begun else Then.GLUE if for_spark else Then.DONE
        return {"run_id": self.manifest.run_id, "manifest_uri": self._rest((*not_begun, *for_spark)), "then": then}

    def _rest(self, left: tuple[TableWork, ...]) -> str:
        """Write down what is left: done tables need not be looked at again, and get no second audit row."""
        if not left:
            return self.manifest_uri
        bucket = self.shop.settings.artifacts_bucket
        key = rest_key(self.manifest.run_id, self.manifest.batch_no, len(left))
        self.shop.objects.put(bucket, key, self.manifest.model_copy(update={"tables": left}).to_bytes())
        return f"s3://{bucket}/{key}"
