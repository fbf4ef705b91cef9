"""`odpf_file_processing_tracker` in DynamoDB: lease, fence and progress of each raw table.

    run A   acquire (fence 4) ---- intent ---- [Hudi commit] ----------------X finish_files -> LeaseLost
    run B                                        A is gone -> acquire (fence 5) -- recover -- finish_files -- release

Every write after `acquire` has two sub-conditions, and both are needed:

- `lease_owner = own`: after a release nobody owns the table, though the fence is still the former owner's;
- `fence = own`: an owner that lost the table and took it again must not complete what it began before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from odpf.adapters.clients import Dynamo
from odpf.adapters.dynamo import RETRY_SECONDS, ConditionFailed, DynamoTable
from odpf.adapters.finish import Finish
from odpf.adapters.items import (
    PROGRESS,
    RECORD_VERSION,
    Item,
    epoch_attributes,
    epoch_of,
    shortened,
    state_attributes,
    table_state,
)
from odpf.adapters.lease_errors import epoch_raised, lease_lost, table_locked, would_go_back
from odpf.attempts import Attempts
from odpf.clock import iso, utc_now
from odpf.epoch import Epoch
from odpf.file_record import FileRecord
from odpf.settings import Settings
from odpf.states import RefreshStatus
from odpf.table_state import Intent, TableState
from odpf.tables import EPOCH_ITEM, FILE_TRACKER, FILE_TRACKER_HISTORY, PROCESSING_TRACKER

_JOB_RUN = "#job_run/"
_BEATS_KEPT = timedelta(days=7)
_OWNED = "#lease_owner = :seen_lease_owner AND #fence = :seen_fence"


class DynamoLedger:
    """States of raw tables; under keys that no raw table can have the heartbeats of job runs, and the epoch.

    The table may be a global one: conditions hold within a Region, and between Regions the last write of an item
    wins. So nothing here spans items but the check of `finish_files`, and who may write at all is the epoch's business.
    """

    def __init__(self, dynamo: Dynamo, settings: Settings, retry_seconds: float = RETRY_SECONDS) -> None:
        self._table = DynamoTable(dynamo, settings.table(PROCESSING_TRACKER.name), retry_seconds)
        self._finish = Finish(
            dynamo,
            tracker=settings.table(FILE_TRACKER.name),
            history=settings.table(FILE_TRACKER_HISTORY.name),
            ledger=self._table.name,
            retry_seconds=retry_seconds,
        )

    def state(self, raw_table: str) -> TableState | None:
        """The table's state."""
        item = self._table.get(_key(raw_table))
        return table_state(item) if item else None

    def states(self, raw_tables: Iterable[str]) -> dict[str, TableState]:
        """States of many tables, 100 a request."""
        keys = (_key(raw_table) for raw_table in raw_tables if not raw_table.startswith(_JOB_RUN))
        return {item["raw_table_name"]: table_state(item) for item in self._table.batch_get(keys)}

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
        """Take the table if it still is as seen, in one write.

        Sub-conditions:
            owner as seen: of two that see the same free table (or the same dead owner) one wins; `lease_owner` is
            absent when nobody owns it.
            fence as seen: whoever took and released the table in between has raised it; without this check a stale
            view would pass as soon as the table is free again. A table never run has no fence yet.
            epoch not lower: a run of an earlier epoch must not take what a later one has had, even if it is free now.

        `lease_token` is new with every call: after a lost answer it tells this write from another one, even from one
        of the same owner.
        """
        token = uuid4().hex
        owner_as_seen = "#lease_owner = :seen_lease_owner" if seen.lease_owner else "attribute_not_exists(#lease_owner)"
        fence_as_seen = (
            "#fence = :seen_fence" if seen.fence else "(attribute_not_exists(#fence) OR #fence = :seen_fence)"
        )
        changes = {
            "source_table_name": seen.source_table_name,
            "lease_owner": owner,
            "lease_token": token,
            "lease_epoch": epoch,
            "lease_region": region,
            "fence": seen.fence + 1,
            "refresh_status": RefreshStatus.UPDATING.value,
            "run_id": run_id,
            "updated_at": iso(now),
            "record_version": RECORD_VERSION,
            **({"attempts": attempts.model_dump(exclude_none=True)} if attempts else {}),
        }
        epoch_not_lower = "(attribute_not_exists(#lease_epoch) OR #lease_epoch <= :lease_epoch)"
        condition = f"{owner_as_seen} AND {fence_as_seen} AND {epoch_not_lower}"
        try:
            item = self._table.update(_key(seen.raw_table), changes, condition, _owned_values(seen))
        except ConditionFailed as failed:
            item = failed.item or {}
            if item.get("lease_token") != token:
                raise table_locked(seen.raw_table, item.get("lease_owner")) from None
        return table_state(item)

    def raise_fence(self, lease: TableState, fence: int) -> TableState:
        """Lift the own fence above `fence`, one found in the table's timeline."""
        raised = max(lease.fence, fence + 1)
        return self._write(lease, {"fence": raised}, written={"lease_owner": lease.lease_owner, "fence": raised})

    def record_intent(self, lease: TableState, intent: Intent) -> TableState:
        """Write down what is about to be committed; once more is the same."""
        return self._write(lease, {"intent": intent.model_dump()})

    def finish_files(self, lease: TableState, records: Sequence[FileRecord]) -> None:
        """Move files from pending to history, 49 a transaction, each checking the lease."""
        self._finish.move(lease, records)

    def advance(self, lease: TableState, reached: TableState) -> TableState:
        """Record what was reached and end the intent.

        A third sub-condition beside the lease: the high-water mark may not fall (its text sorts as positions do).
        A table without one has not been committed to yet.
        """
        new = state_attributes(reached)
        changes = {**{name: new[name] for name in PROGRESS}, "intent": None}
        if reached.updated_at is not None:
            changes["updated_at"] = reached.updated_at
        not_back = "attribute_not_exists(#high_water_mark)"
        if reached.high_water_mark is not None:
            not_back = f"({not_back} OR #high_water_mark <= :high_water_mark)"
        return self._write(lease, changes, condition=f"{_OWNED} AND {not_back}")

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
        """Give the table back; the fence stays, so an item with it and with these very values was released here."""
        changes = {
            **({} if keeps_lease else {"lease_owner": None, "lease_token": None}),
            "refresh_status": status.value,
            "last_error": shortened(error),
            "updated_at": iso(now),
            "attempts": attempts.model_dump(exclude_none=True) if attempts else None,
            **({} if pace is None else {"pace": pace}),
        }
        return self._write(lease, changes, written={**changes, "fence": lease.fence})

    def epoch(self) -> Epoch:
        """The deployment's epoch; without an item nobody has raised it yet."""
        item = self._table.get(_key(EPOCH_ITEM))
        return epoch_of(item) if item else Epoch()

    def raise_epoch(self, seen: Epoch, active_region: str, raised_by: str, now: datetime) -> Epoch:
        """Begin the next epoch in one write, conditional on the epoch as seen; its item is absent in epoch 0.

        After a lost answer the item is the very one that was to be written.
        """
        raised = seen.raised(active_region, raised_by, iso(now))
        condition = "#epoch = :seen_epoch" if seen.number else "(attribute_not_exists(#epoch) OR #epoch = :seen_epoch)"
        try:
            self._table.update(_key(EPOCH_ITEM), epoch_attributes(raised), condition, {"epoch": seen.number})
        except ConditionFailed as failed:
            stands = epoch_of(failed.item) if failed.item else Epoch()
            if stands != raised:
                raise epoch_raised(seen, stands) from None
        return raised

    def beat(self, owner: str) -> None:
        """Count one heartbeat; the item goes by TTL on `expires_at` a week after the last one."""
        expires_at = int((utc_now() + _BEATS_KEPT).timestamp())
        self._table.add(_key(_JOB_RUN + owner), "beats", {"expires_at": expires_at, "record_version": RECORD_VERSION})

    def heartbeat(self, owner: str) -> int:
        """How often that owner has beaten."""
        item = self._table.get(_key(_JOB_RUN + owner))
        return int(item["beats"]) if item else 0

    def _write(
        self,
        lease: TableState,
        changes: Mapping[str, Any],
        written: Mapping[str, Any] | None = None,
        condition: str = _OWNED,
    ) -> TableState:
        """Change the item if it is still the lease's.

        Args:
            lease: what the caller believes to hold.
            changes: new values; None removes an attribute.
            written: what the item shows when this write was made but its answer lost, for writes that end the condition
                they were made on; the others simply succeed again.
            condition: sub-conditions, explained where they are given.
        """
        if lease.lease_owner is None:  # a state that was released, or never was a lease
            raise lease_lost(lease)
        try:
            return table_state(self._table.update(_key(lease.raw_table), changes, condition, _owned_values(lease)))
        except ConditionFailed as failed:
            item = failed.item or {}
        if written and all(item.get(name) == value for name, value in written.items()):
            return table_state(item)
        if _is_owned(item, lease.lease_owner, lease.fence):
            raise would_go_back(lease.raw_table, item.get("high_water_mark"), changes.get("high_water_mark"))
        raise lease_lost(lease)


def _key(raw_table: str) -> dict[str, str]:
    return {"raw_table_name": raw_table}


def _owned_values(state: TableState) -> Item:
    return {"lease_owner": state.lease_owner, "fence": state.fence}


def _is_owned(item: Item, owner: str | None, fence: int) -> bool:
    return bool(item) and item.get("lease_owner") == owner and item.get("fence") == fence
