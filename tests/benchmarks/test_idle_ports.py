"""Ports that do nothing: they ask and keep nothing, and still let a table go on from where it was."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.idle_ports import idle_aws
from odpf.clock import utc_now
from odpf.states import RefreshStatus
from odpf.table_state import TableState
from odpf_local.memory import MemoryAws

SEEN = TableState(raw_table="shop_raw.orders", source_table_name="shop.orders")


def test_a_lease_is_given_to_everybody_at_once_and_its_fence_grows():
    ledger, now = idle_aws(MemoryAws().settings).ledger, utc_now()
    one = ledger.acquire(SEEN, "jr_1", "run-1", now)
    other = ledger.acquire(one, "jr_2", "run-2", now)
    assert (one.lease_owner, other.lease_owner, other.fence) == ("jr_1", "jr_2", one.fence + 1)
    ledger.beat(one, now + timedelta(days=1))


def test_a_table_goes_on_from_its_last_state():
    ledger, now = idle_aws(MemoryAws().settings).ledger, utc_now()
    lease = ledger.acquire(SEEN, "jr_1", "run-1", now)
    ledger.advance(lease, lease.model_copy(update={"high_water_mark": "1|x|y|1"}))
    ledger.release(ledger.state(SEEN.raw_table), RefreshStatus.COMPLETED, None, now)
    state = ledger.state(SEEN.raw_table)
    assert (state.high_water_mark, state.lease_owner) == ("1|x|y|1", None)


def test_nothing_is_finished_told_or_kept():
    aws = idle_aws(MemoryAws().settings)
    assert aws.tracker.done("shop.orders", ["f1"]) == set()
    assert aws.catalog.publish("anything") is True
    aws.refresh_events.put("anything")
    aws.ledger.finish_files("anything")
