"""All ports in memory, under the names that `odpf.adapters.aws.Aws` has."""

from __future__ import annotations

from odpf.ports import ObjectStore
from odpf.settings import Settings, StagingPlace
from odpf_local.memory.audit_log import MemoryAuditLog
from odpf_local.memory.catalog import MemoryCatalog
from odpf_local.memory.config_store import MemoryConfigStore
from odpf_local.memory.dms_tasks import MemoryDmsTasks
from odpf_local.memory.file_tracker import MemoryFileTracker
from odpf_local.memory.hash_keys import MemoryHashKeys
from odpf_local.memory.job_runs import MemoryJobRuns
from odpf_local.memory.ledger import MemoryLedger
from odpf_local.memory.metrics import MemoryMetrics
from odpf_local.memory.notices import MemoryNotices
from odpf_local.memory.objects import MemoryObjectStore
from odpf_local.memory.queues import MemoryQueues
from odpf_local.memory.refresh_events import MemoryRefreshEvents
from odpf_local.memory.schedules import MemorySchedules


class MemoryAws:
    """A deployment of its own that nobody else sees.

    Args:
        settings: of the deployment.
        objects: where objects lie instead of in memory: a folder, where other programs are to read them.
    """

    def __init__(self, settings: Settings | None = None, objects: ObjectStore | None = None) -> None:
        self.settings = settings or Settings(
            staging_places=(StagingPlace(bucket="odpf-staging", folder="internal_staging"),),
            raw_bucket="odpf-raw",
            artifacts_bucket="odpf-artifacts",
        )
        self.tracker = MemoryFileTracker()
        self.ledger = MemoryLedger(self.tracker)
        self.audit = MemoryAuditLog()
        self.config = MemoryConfigStore()
        self.objects: ObjectStore = objects or MemoryObjectStore()
        self.schedules = MemorySchedules()
        self.catalog = MemoryCatalog()
        self.refresh_events = MemoryRefreshEvents()
        self.job_runs = MemoryJobRuns()
        self.dms_tasks = MemoryDmsTasks()
        self.hash_keys = MemoryHashKeys()
        self.metrics = MemoryMetrics()
        self.notices = MemoryNotices()
        self.queues = MemoryQueues(self.settings)
