"""Every landed file is registered once, whatever arrives how often and in which order (R1)."""

from __future__ import annotations

from itertools import permutations

import pytest

from file_manager.register import register_message
from odpf.clock import utc_now
from odpf.file_record import FileRecord
from odpf.states import FileState, RefreshStatus
from odpf.table_state import TableState
from odpf_local.memory import MemoryAws
from tests.file_manager.payloads import CHANGES, PLACES, object_created, staged

TABLE = "taxi_trips.table_1"


@pytest.fixture
def stores() -> MemoryAws:
    return MemoryAws()


def register(stores: MemoryAws, body: str) -> dict[str, int]:
    return dict(register_message(body, PLACES, stores.tracker, utc_now()))


def test_duplicate_events_in_any_order_make_one_file_each():
    bodies = [staged(f"taxi_trips/table_1/2026013{n}-101530123.parquet", f"e{n}") for n in range(3)]
    for order in permutations([*bodies, *bodies[:2]]):
        stores = MemoryAws()
        for body in order:
            register(stores, body)
        assert sorted(file.etag for file in stores.tracker.pending(TABLE)) == ["e0", "e1", "e2"]


def test_each_message_is_counted_by_what_it_did(stores):
    assert register(stores, object_created()) == {"registered": 1}
    assert register(stores, object_created()) == {"already_pending": 1}
    assert register(stores, staged("taxi_trips/table_1/notes.txt")) == {"ignored": 1}
    assert register(stores, staged(f"table_1/{CHANGES}")) == {"quarantined": 1}
    assert register(stores, staged(f"table_1/{CHANGES}")) == {"already_done": 1}


def test_an_event_redelivered_after_success_changes_nothing(stores):
    register(stores, object_created())
    (file,) = stores.tracker.pending(TABLE)
    never_run = TableState(raw_table="raw.table_1", source_table_name=TABLE)
    lease = stores.ledger.acquire(never_run, "jr_1", "r1", utc_now())
    stores.ledger.finish_files(lease, [FileRecord(file=file, state=FileState.PROCESSED)])
    stores.ledger.release(lease, RefreshStatus.COMPLETED, None, utc_now())
    assert register(stores, object_created()) == {"already_done": 1}
    assert stores.tracker.pending(TABLE) == []


def test_a_file_of_no_table_is_quarantined_with_the_reason(stores):
    register(stores, staged(f"table_1/{CHANGES}"))
    (record,) = stores.tracker.history("?")
    assert record.state is FileState.QUARANTINED
    assert "Check BucketFolder" in (record.reason or "")
    assert list(stores.tracker.all_pending()) == []


def test_an_overwritten_object_is_registered_as_another_file(stores):
    register(stores, staged(f"taxi_trips/table_1/{CHANGES}", "e1"))
    assert register(stores, staged(f"taxi_trips/table_1/{CHANGES}", "e2")) == {"registered": 1}
    assert len(stores.tracker.pending(TABLE)) == 2
