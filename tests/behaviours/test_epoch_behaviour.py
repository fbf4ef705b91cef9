"""The epoch: one item for the whole deployment, raised by operators, heeded by every acquisition."""

from __future__ import annotations

import pytest

from odpf.epoch import Epoch
from odpf.errors import EpochRaised, TableLocked
from odpf.states import RefreshStatus
from tests.behaviours.builders import NEVER_RUN, NOW, RAW_TABLE, TABLE, landed, processed
from tests.behaviours.wire import Wire

ME = "arn:aws:iam::123456789012:user/operator"


def test_nobody_has_raised_it_at_first(stores):
    assert stores.ledger.epoch() == Epoch(number=0, active_region=None)


def test_it_grows_and_names_the_active_region_and_who_raised_it(stores):
    first = stores.ledger.raise_epoch(Epoch(), "eu-west-1", ME, NOW)
    assert (first.number, first.active_region, first.raised_by) == (1, "eu-west-1", ME)
    assert first.raised_at == "2026-01-31T10:15:30.123456Z"
    second = stores.ledger.raise_epoch(first, "eu-central-1", ME, NOW)
    assert stores.ledger.epoch() == second
    assert (second.number, second.active_region) == (2, "eu-central-1")


def test_of_two_that_saw_the_same_epoch_one_raises_it(stores):
    first = stores.ledger.raise_epoch(Epoch(), "eu-west-1", ME, NOW)
    for seen in (Epoch(), first.model_copy(update={"number": 7})):
        with pytest.raises(EpochRaised, match=r"The epoch is 1 .*eu-west-1"):
            stores.ledger.raise_epoch(seen, "eu-central-1", ME, NOW)
    assert stores.ledger.epoch() == first


def test_the_epoch_is_no_table(stores):
    stores.ledger.raise_epoch(Epoch(), "eu-west-1", ME, NOW)
    assert stores.ledger.states([RAW_TABLE]) == {}


def test_a_lease_says_in_which_epoch_and_region_it_was_taken(stores):
    lease = stores.ledger.acquire(NEVER_RUN, "jr_1", "r1", NOW, epoch=3, region="eu-west-1")
    assert (lease.lease_epoch, lease.lease_region) == (3, "eu-west-1")
    assert stores.ledger.state(RAW_TABLE) == lease


def test_whoever_has_the_table_a_later_epoch_takes_it_as_seen(stores):
    held = stores.ledger.acquire(NEVER_RUN, "jr_1", "r1", NOW, epoch=1, region="eu-west-1")
    taken = stores.ledger.acquire(held, "jr_2", "r2", NOW, epoch=2, region="eu-central-1")
    assert (taken.lease_owner, taken.fence, taken.lease_epoch, taken.lease_region) == ("jr_2", 2, 2, "eu-central-1")


@pytest.mark.parametrize("released", [False, True])
def test_an_earlier_epoch_never_takes_what_a_later_one_has_had(stores, released):
    lease = stores.ledger.acquire(NEVER_RUN, "jr_2", "r2", NOW, epoch=2)
    stands = stores.ledger.release(lease, RefreshStatus.COMPLETED, None, NOW) if released else lease
    with pytest.raises(TableLocked):
        stores.ledger.acquire(stands, "jr_1", "r1", NOW, epoch=1)
    assert stores.ledger.state(RAW_TABLE) == stands


def test_progress_neither_forgets_nor_changes_the_epoch_of_the_lease(stores):
    lease = stores.ledger.acquire(NEVER_RUN, "jr_1", "r1", NOW, epoch=2, region="eu-west-1")
    progress = {"epoch": 2, "seam": "", "first_in_epoch": "20260131101530123", "lease_epoch": 9, "lease_region": "x"}
    reached = stores.ledger.advance(lease, lease.model_copy(update=progress))
    assert (reached.epoch, reached.seam, reached.first_in_epoch) == (2, "", "20260131101530123")
    assert (reached.lease_epoch, reached.lease_region) == (2, "eu-west-1")


def test_history_keeps_the_instant_that_has_the_rows(stores):
    record = processed(landed(), commit_instant="20260131101530123")
    stores.ledger.finish_files(stores.ledger.acquire(NEVER_RUN, "jr_1", "r1", NOW), [record])
    assert list(stores.tracker.history(TABLE)) == [record]


def test_a_raised_epoch_whose_answer_was_lost_is_recognised_as_the_own_one(aws):
    wire = Wire(aws._dynamo.client)
    wire.lose_one_answer("UpdateItem")
    assert aws.ledger.raise_epoch(Epoch(), "eu-west-1", ME, NOW).number == 1
    assert wire.requests["UpdateItem"] == 2


def test_looking_at_the_epoch_is_one_consistent_read(aws):
    wire = Wire(aws._dynamo.client)
    asked = wire.answer("GetItem", {}, 200, times=0)
    aws.ledger.epoch()
    assert [request["ConsistentRead"] for request in asked] == [True]
    assert wire.requests == {"GetItem": 1}
