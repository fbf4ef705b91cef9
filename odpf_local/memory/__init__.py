"""The ports of `odpf.ports` in memory, thread-safe, for tests and benchmarks."""

from odpf_local.memory.audit_log import MemoryAuditLog
from odpf_local.memory.aws import MemoryAws
from odpf_local.memory.catalog import MemoryCatalog
from odpf_local.memory.config_store import MemoryConfigStore
from odpf_local.memory.dms_tasks import MemoryDmsTasks
from odpf_local.memory.file_tracker import MemoryFileTracker
from odpf_local.memory.job_runs import MemoryJobRuns
from odpf_local.memory.ledger import MemoryLedger
from odpf_local.memory.objects import MemoryObjectStore
from odpf_local.memory.schedules import MemorySchedules

__all__ = [
    "MemoryAuditLog",
    "MemoryAws",
    "MemoryCatalog",
    "MemoryConfigStore",
    "MemoryDmsTasks",
    "MemoryFileTracker",
    "MemoryJobRuns",
    "MemoryLedger",
    "MemoryObjectStore",
    "MemorySchedules",
]
