"""Ports that do nothing, for the price of correctness (D10): no lease is checked, no file moved, nobody told; who calls them is the product."""

from __future__ import annotations

from typing import Any

from odpf.audit import AuditRow
from odpf.settings import Settings
from odpf.table_state import Intent, TableState
from odpf_local.memory import MemoryAuditLog, MemoryAws, MemoryCatalog, MemoryFileTracker, MemoryLedger


class _Ledger(MemoryLedger):
    """Remembers how far a table is, without which nothing could follow, and asks nothing."""

    def acquire(self, seen: TableState, owner: str, run_id: str, *_: Any, **__: Any) -> TableState:
        return self._keep(seen, lease_owner=owner, fence=seen.fence + 1, run_id=run_id)

    def record_intent(self, lease: TableState, intent: Intent) -> TableState:
        return lease.model_copy(update={"intent": intent})

    def finish_files(self, *_: Any) -> None:
        pass

    def advance(self, *states: TableState) -> TableState:
        return self._keep(states[-1], intent=None)

    def release(self, lease: TableState, *_: Any, **__: Any) -> TableState:
        return self._keep(lease, lease_owner=None)

    def beat(self, *_: Any) -> None:
        pass


class _Tracker(MemoryFileTracker):
    def done(self, *_: Any) -> set[str]:
        return set()


class _Audit(MemoryAuditLog):
    def append(self, row: AuditRow) -> AuditRow:
        return row


class _Catalog(MemoryCatalog):
    def ensure_database(self, *_: Any) -> None:
        pass

    def publish(self, *_: Any) -> bool:
        return True


class _Events:
    def put(self, *_: Any) -> None:
        pass


def idle_aws(settings: Settings) -> MemoryAws:
    """A deployment whose ports do nothing."""
    aws: Any = MemoryAws(settings)
    aws.tracker = _Tracker()
    aws.ledger, aws.audit, aws.catalog, aws.refresh_events = _Ledger(aws.tracker), _Audit(), _Catalog(), _Events()
    idle: MemoryAws = aws
    return idle
