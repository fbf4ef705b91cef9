"""One writer per table: who holds it, what only the holder may change, and what a take-over leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from odpf.errors import LeaseLost, TableLocked, TimelineViolation
from odpf.states import RefreshStatus
from odpf.table_state import Intent, TableState
from tests.behaviours.builders import NEVER_RUN, NOW, RAW_TABLE, TABLE, landed, processed

INTENT = Intent(batch_id="b1", uri="s3://odpf-artifacts/runs/r1/b1.json")
REACHED = {
    "generation": 1,
    "floor": "",
    "high_water_mark": "000001  LOAD00000001.parquet 0000000003",
    "load_started_at": "2026-01-31T10:00:00.000000Z",
    "load_id": "l1",
    "identity": {"hudi_primary_key": "id", "hudi_partition_key": ""},
    "commit_instant": "20260131100000000",
    "last_change_at": "2026-01-31T09:59:00.000000Z",
}


def acquire(stores, owner: str = "jr_1") -> TableState:
    seen = stores.ledger.state(RAW_TABLE) or NEVER_RUN
    return stores.ledger.acquire(seen, owner, "r1", NOW)


def test_a_table_never_run_has_no_state(stores):
    assert stores.ledger.state(RAW_TABLE) is None
    assert stores.ledger.states([RAW_TABLE, "lake_raw.other"]) == {}


def test_the_first_acquisition_makes_the_state(stores):
    lease = acquire(stores)
    assert (lease.lease_owner, lease.fence, lease.refresh_status) == ("jr_1", 1, RefreshStatus.UPDATING)
    assert (lease.source_table_name, lease.run_id, lease.updated_at) == (TABLE, "r1", "2026-01-31T10:15:30.123456Z")
    assert stores.ledger.state(RAW_TABLE) == lease


def test_of_two_that_saw_the_same_one_gets_the_table(stores):
    stores.ledger.acquire(NEVER_RUN, "jr_1", "r1", NOW)
    with pytest.raises(TableLocked, match="jr_1"):
        stores.ledger.acquire(NEVER_RUN, "jr_2", "r2", NOW)


def test_the_same_owner_cannot_take_a_table_twice_from_one_view(stores):
    acquire(stores)
    with pytest.raises(TableLocked):
        stores.ledger.acquire(NEVER_RUN, "jr_1", "r1", NOW)


def test_a_view_from_before_a_whole_run_is_stale(stores):
    stores.ledger.release(acquire(stores), RefreshStatus.COMPLETED, None, NOW)
    with pytest.raises(TableLocked):
        stores.ledger.acquire(NEVER_RUN, "jr_2", "r2", NOW)


def test_of_many_contenders_exactly_one_wins_each_round(stores):
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            seen = stores.ledger.state(RAW_TABLE) or NEVER_RUN
            leases = [lease for lease in pool.map(lambda n, seen=seen: attempt(stores, seen, n), range(8)) if lease]
            assert len(leases) == 1
            stores.ledger.release(leases[0], RefreshStatus.COMPLETED, None, NOW)


def attempt(stores, seen: TableState, number: int) -> TableState | None:
    try:
        return stores.ledger.acquire(seen, f"jr_{number}", f"r{number}", NOW)
    except TableLocked:
        return None


def test_the_fence_grows_with_every_acquisition(stores):
    fences = []
    for _ in range(3):
        lease = acquire(stores)
        fences.append(lease.fence)
        stores.ledger.release(lease, RefreshStatus.COMPLETED, None, NOW)
    assert fences == [1, 2, 3]


def test_the_fence_is_lifted_above_one_in_the_timeline(stores):
    raised = stores.ledger.raise_fence(acquire(stores), 41)
    assert (raised.fence, raised.lease_owner) == (42, "jr_1")
    assert stores.ledger.raise_fence(raised, 7).fence == 42
    released = stores.ledger.release(raised, RefreshStatus.COMPLETED, None, NOW)
    assert stores.ledger.acquire(released, "jr_2", "r2", NOW).fence == 43


def test_what_was_reached_ends_the_intent_and_stays_after_release(stores):
    lease = stores.ledger.record_intent(acquire(stores), INTENT)
    assert stores.ledger.state(RAW_TABLE).intent == INTENT
    reached = stores.ledger.advance(lease, lease.model_copy(update=REACHED))
    assert reached.intent is None
    released = stores.ledger.release(reached, RefreshStatus.COMPLETED, None, NOW + timedelta(minutes=1))
    assert released.model_dump(include=set(REACHED)) == REACHED
    assert released.lease_owner is None
    assert (released.refresh_status, released.updated_at) == (RefreshStatus.COMPLETED, "2026-01-31T10:16:30.123456Z")
    assert stores.ledger.states([RAW_TABLE]) == {RAW_TABLE: released}


def test_the_high_water_mark_never_goes_back(stores):
    lease = acquire(stores)
    stores.ledger.advance(lease, lease.model_copy(update=REACHED))
    for lower in ("000000 x", None):
        with pytest.raises(TimelineViolation, match="go back"):
            stores.ledger.advance(lease, lease.model_copy(update={"high_water_mark": lower}))
    assert stores.ledger.state(RAW_TABLE).high_water_mark == REACHED["high_water_mark"]


def test_an_error_is_kept_until_a_run_succeeds(stores):
    failed = stores.ledger.release(acquire(stores), RefreshStatus.ERROR, "no such column", NOW)
    assert (failed.refresh_status, failed.last_error) == (RefreshStatus.ERROR, "no such column")
    assert acquire(stores, "jr_2").last_error == "no such column"
    lease = stores.ledger.state(RAW_TABLE)
    assert stores.ledger.release(lease, RefreshStatus.COMPLETED, None, NOW).last_error is None


def test_a_pace_is_kept_until_another_one_is_said(stores):
    kept = stores.ledger.release(acquire(stores), RefreshStatus.COMPLETED, None, NOW, pace=1.37)
    assert kept.pace == 1.37
    lease = acquire(stores, "jr_2")
    reached = stores.ledger.advance(lease, lease.model_copy(update={**REACHED, "pace": 9.0}))
    assert stores.ledger.release(reached, RefreshStatus.ERROR, "no such column", NOW).pace == 1.37


def test_an_error_of_any_length_can_be_kept(stores):
    kept = stores.ledger.release(acquire(stores), RefreshStatus.ERROR, "é" * 1_000_000, NOW).last_error
    assert kept is not None
    assert kept.startswith("ééé")
    assert len(kept) <= 4000


WRITES = {
    "raise_fence": lambda ledger, lease: ledger.raise_fence(lease, 5),
    "record_intent": lambda ledger, lease: ledger.record_intent(lease, INTENT),
    "finish_files": lambda ledger, lease: ledger.finish_files(lease, [processed(landed())]),
    "advance": lambda ledger, lease: ledger.advance(lease, lease.model_copy(update=REACHED)),
    "release": lambda ledger, lease: ledger.release(lease, RefreshStatus.COMPLETED, None, NOW),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_whoever_lost_the_table_changes_nothing_any_more(stores, write):
    stores.tracker.register(landed(), NOW)
    lost = acquire(stores, "jr_1")
    taken = stores.ledger.acquire(lost, "jr_2", "r2", NOW)
    with pytest.raises(LeaseLost, match="jr_1"):
        write(stores.ledger, lost)
    assert stores.ledger.state(RAW_TABLE) == taken
    assert stores.tracker.pending(TABLE) == [landed()]


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_whoever_released_the_table_changes_nothing_any_more(stores, write):
    lease = acquire(stores)
    released = stores.ledger.release(lease, RefreshStatus.ERROR, "failed", NOW)
    stores.tracker.register(landed(), NOW)
    for former in (lease, released):
        with pytest.raises(LeaseLost):
            write(stores.ledger, former)
    assert stores.ledger.state(RAW_TABLE) == released
    assert stores.tracker.pending(TABLE) == [landed()]


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_an_owner_that_took_the_table_again_cannot_complete_what_it_began_before(stores, write):
    before = acquire(stores, "jr_1")
    again = stores.ledger.acquire(before, "jr_1", "r1", NOW)
    stores.tracker.register(landed(), NOW)
    with pytest.raises(LeaseLost):
        write(stores.ledger, before)
    assert stores.ledger.state(RAW_TABLE) == again
    assert stores.tracker.pending(TABLE) == [landed()]


def test_finished_files_move_to_history_and_may_be_finished_again(stores):
    files = [landed(number) for number in range(120)]
    for file in files[:3]:
        stores.tracker.register(file, NOW)
    lease = acquire(stores)
    records = [processed(file) for file in files]
    stores.ledger.finish_files(lease, records + records[:1])
    stores.ledger.finish_files(lease, records)
    assert stores.tracker.pending(TABLE) == []
    assert sorted(stores.tracker.history(TABLE), key=lambda r: r.file.key) == records
    stores.ledger.finish_files(lease, [])


def test_heartbeats_are_counted_by_owner_and_are_no_tables(stores):
    assert stores.ledger.heartbeat("jr_1") == 0
    for _ in range(3):
        stores.ledger.beat("jr_1")
    assert (stores.ledger.heartbeat("jr_1"), stores.ledger.heartbeat("jr_2")) == (3, 0)
    assert stores.ledger.states(["#job_run/jr_1"]) == {}


def test_states_of_hundreds_of_tables_come_in_one_answer(stores):
    names = [f"lake_raw.table_{number}" for number in range(120)]
    for name in names[:110]:
        stores.ledger.acquire(NEVER_RUN.model_copy(update={"raw_table": name}), "jr_1", "r1", NOW)
    assert set(stores.ledger.states(names + names[:5])) == set(names[:110])
