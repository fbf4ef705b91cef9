"""States of raw tables, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from threading import RLock

from odpf.adapters.items import PROGRESS, shortened
from odpf.adapters.lease_errors import epoch_raised, lease_lost, table_locked, would_go_back
from odpf.attempts import Attempts
from odpf.clock import iso
from odpf.epoch import Epoch
from odpf.file_record import FileRecord
from odpf.states import RefreshStatus
from odpf.table_state import Intent, TableState
from odpf_local.memory.file_tracker import MemoryFileTracker


class MemoryLedger:
    """One state per raw table; every change of one happens under one lock."""

    def __init__(self, tracker: MemoryFileTracker) -> None:
        self._lock = RLock()
        self._tracker = tracker
        self._states: dict[str, TableState] = {}
        self._beats: Counter[str] = Counter()
        self._epoch = Epoch()

    def state(self, raw_table: str) -> TableState | None:
        """The table's state."""
        with self._lock:
            return self._states.get(raw_table)

    def states(self, raw_tables: Iterable[str]) -> dict[str, TableState]:
        """States of many tables."""
        with self._lock:
            return {name: self._states[name] for name in raw_tables if name in self._states}

    def acquire(
        self,
        seen: TableState,
        owner: str,
        run_id: str,
        now: datetime,
        *,
        epoch: int = 0,
        region: str | None = None,
        attempts: Attempts | None = None,
    ) -> TableState:
        """Take the table if its owner and fence are as seen, and no later epoch has had it."""
        with self._lock:
            stands = self._states.get(seen.raw_table) or TableState(
                raw_table=seen.raw_table, source_table_name=seen.source_table_name
            )
            as_seen = (stands.lease_owner, stands.fence) == (seen.lease_owner, seen.fence)
            if not as_seen or stands.lease_epoch > epoch:
                raise table_locked(seen.raw_table, stands.lease_owner)
            return self._keep(
                stands,
                source_table_name=seen.source_table_name,
                lease_owner=owner,
                lease_epoch=epoch,
                lease_region=region,
                fence=seen.fence + 1,
                refresh_status=RefreshStatus.UPDATING,
                run_id=run_id,
                updated_at=iso(now),
                attempts=attempts or stands.attempts,
            )

    def raise_fence(self, lease: TableState, fence: int) -> TableState:
        """Lift the own fence above `fence`."""
        with self._lock:
            return self._keep(self._owned(lease), fence=max(lease.fence, fence + 1))

    def record_intent(self, lease: TableState, intent: Intent) -> TableState:
        """Write down what is about to be committed."""
        with self._lock:
            return self._keep(self._owned(lease), intent=intent)

    def finish_files(self, lease: TableState, records: Sequence[FileRecord]) -> None:
        """Move files from pending to history."""
        with self._lock:
            self._owned(lease)
            self._tracker.move(records)

    def advance(self, lease: TableState, reached: TableState) -> TableState:
        """Record what was reached and end the intent."""
        with self._lock:
            stands = self._owned(lease)
            if (reached.high_water_mark or "") < (stands.high_water_mark or ""):
                raise would_go_back(lease.raw_table, stands.high_water_mark, reached.high_water_mark)
            return self._keep(
                stands,
                **{name: getattr(reached, name) for name in PROGRESS},
                updated_at=reached.updated_at or stands.updated_at,
                intent=None,
            )

    def release(
        self,
        lease: TableState,
        status: RefreshStatus,
        error: str | None,
        now: datetime,
        *,
        attempts: Attempts | None = None,
        pace: float | None = None,
        keeps_lease: bool = False,
    ) -> TableState:
        """Give the table back."""
        with self._lock:
            stands = self._owned(lease)
            return self._keep(
                stands,
                lease_owner=lease.lease_owner if keeps_lease else None,
                refresh_status=status,
                last_error=shortened(error),
                updated_at=iso(now),
                attempts=attempts,
                pace=stands.pace if pace is None else pace,
            )

    def epoch(self) -> Epoch:
        """The deployment's epoch."""
        with self._lock:
            return self._epoch

    def raise_epoch(self, seen: Epoch, active_region: str, raised_by: str, now: datetime) -> Epoch:
        """Begin the next epoch if the epoch is the one seen."""
        with self._lock:
            if self._epoch.number != seen.number:
                raise epoch_raised(seen, self._epoch)
            self._epoch = seen.raised(active_region, raised_by, iso(now))
            return self._epoch

    def beat(self, owner: str) -> None:
        """One heartbeat."""
        with self._lock:
            self._beats[owner] += 1

    def heartbeat(self, owner: str) -> int:
        """How often that owner has beaten."""
        with self._lock:
            return self._beats[owner]

    def _owned(self, lease: TableState) -> TableState:
        stands = self._states.get(lease.raw_table)
        if (
            stands is None
            or lease.lease_owner is None
            or (stands.lease_owner, stands.fence) != (lease.lease_owner, lease.fence)
        ):
            raise lease_lost(lease)
        return stands

    def _keep(self, state: TableState, **changes: object) -> TableState:
        kept = state.model_copy(update=changes)
        self._states[kept.raw_table] = kept
        return kept
