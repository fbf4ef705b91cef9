"""What holds while threads write at once: on DynamoDB Local, which lets them, where moto has one request at a time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from odpf.adapters.dynamo import chunks
from odpf.adapters.items import pending_item
from odpf.clock import iso
from odpf.epoch import Epoch
from odpf.errors import EpochRaised, LeaseLost, TableLocked, TimelineViolation
from odpf.states import RefreshStatus, Registration
from odpf.table_state import Intent
from tests.behaviours.builders import NEVER_RUN, NOW, RAW_TABLE, TABLE, landed, processed
from tests.behaviours.wire import Wire

pytestmark = pytest.mark.more
CONTENDERS = 24
ROUNDS = 50
FEWER = 10


@pytest.fixture
def ledger(dynamodb_local):
    return dynamodb_local.ledger


@pytest.fixture
def tracker(dynamodb_local):
    return dynamodb_local.tracker


@pytest.fixture(scope="module")
def pool():
    with ThreadPoolExecutor(CONTENDERS + 1) as threads:
        yield threads


def attempt(action: Callable[[], Any]) -> Any:
    """What an action returned, None where it was refused."""
    try:
        return action()
    except (TableLocked, LeaseLost, EpochRaised, TimelineViolation):
        return None


def at_once(pool: ThreadPoolExecutor, actions: Iterable[Callable[[], Any]]) -> list[Any]:
    """What each of the actions returned, which all begin together."""
    actions = list(actions)
    barrier = Barrier(len(actions))

    def begin(action: Callable[[], Any]) -> Any:
        barrier.wait()
        return attempt(action)

    return list(pool.map(begin, actions))


def only_one(answers: list[Any]) -> Any:
    """The answer of the only one that was not refused."""
    given = [answer for answer in answers if answer is not None]
    assert len(given) == 1, given
    return given[0]


def take(ledger, seen, owner="jr_1", **more):
    return ledger.acquire(seen, owner, "r1", NOW, **more)


def give_back(ledger, lease):
    return ledger.release(lease, RefreshStatus.COMPLETED, None, NOW)


def keep(ledger, lease):
    return lease


def contenders(ledger, seen, then=keep):
    """As many job runs that try to take the table as it was seen."""
    return [lambda n=n: then(ledger, take(ledger, seen, f"jr_{n}")) for n in range(CONTENDERS)]


class TestOneLease:
    def test_of_many_that_see_it_free_or_of_a_dead_owner_one_gets_it(self, ledger, pool):
        seen = NEVER_RUN
        for fence in range(1, ROUNDS + 1):
            lease = only_one(at_once(pool, contenders(ledger, seen)))
            assert (lease.fence, lease) == (fence, ledger.state(RAW_TABLE))
            seen = give_back(ledger, lease) if fence % 2 else lease

    def test_one_even_if_it_gives_it_back_while_the_others_still_try(self, ledger, pool):
        seen = NEVER_RUN
        for fence in range(1, ROUNDS // 2 + 1):
            seen = only_one(at_once(pool, contenders(ledger, seen, then=give_back)))
            assert (seen.fence, seen) == (fence, ledger.state(RAW_TABLE))

    def test_either_its_owner_gives_it_back_or_one_takes_it_over(self, ledger, pool):
        held = take(ledger, NEVER_RUN)
        for _ in range(ROUNDS // 2):
            actions = [*contenders(ledger, held), lambda held=held: give_back(ledger, held)]
            random.shuffle(actions)
            after = only_one(at_once(pool, actions))
            assert after == ledger.state(RAW_TABLE)
            held = after if after.lease_owner else take(ledger, after)

    def test_it_never_goes_to_an_earlier_epoch_than_it_was_in(self, ledger, pool):
        def attempts(epoch):
            return [attempt(lambda: take(ledger, ledger.state(RAW_TABLE) or NEVER_RUN, epoch=epoch)) for _ in range(6)]

        answers = at_once(pool, [lambda n=n: attempts(n % 8) for n in range(CONTENDERS)])
        leases = sorted((lease for some in answers for lease in some if lease), key=lambda lease: lease.fence)
        epochs = [lease.lease_epoch for lease in leases]
        assert [lease.fence for lease in leases] == list(range(1, len(leases) + 1))
        assert epochs == sorted(epochs)


ENDS = {
    "another run takes it over": lambda ledger, lease: take(ledger, lease, "jr_2"),
    "its owner takes it again": lambda ledger, lease: take(ledger, lease, "jr_1"),
    "it is given back": give_back,
}
WRITES = {
    "raise_fence": lambda ledger, lease: ledger.raise_fence(lease, lease.fence + 5),
    "record_intent": lambda ledger, lease: ledger.record_intent(lease, Intent(batch_id=f"b{lease.fence}", uri="u")),
    "advance": lambda ledger, lease: ledger.advance(lease, lease.model_copy(update={"load_id": f"l{lease.fence}"})),
    "release": lambda ledger, lease: ledger.release(lease, RefreshStatus.ERROR, "failed", NOW),
}


class TestTheEndOfALease:
    @pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
    @pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
    def test_no_write_of_it_comes_after_its_end(self, ledger, pool, write, end):
        for _ in range(FEWER):
            lease = take(ledger, ledger.state(RAW_TABLE) or NEVER_RUN)
            actions = [lambda lease=lease, do=do: do(ledger, lease) for do in (end, write, write)]
            ended, *written = at_once(pool, actions)
            assert ledger.state(RAW_TABLE) in ([ended] if ended else written)

    @pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
    def test_files_on_their_way_when_it_ends_stay_pending(self, dynamodb_local, ledger, tracker, end):
        tracker.register(landed(), NOW)
        lease = take(ledger, NEVER_RUN)
        Wire(dynamodb_local._dynamo.client).before_the_next("TransactWriteItems", lambda: end(ledger, lease))
        with pytest.raises(LeaseLost):
            ledger.finish_files(lease, [processed(landed())])
        assert (tracker.pending(TABLE), list(tracker.history(TABLE))) == ([landed()], [])

    @pytest.mark.parametrize("seen_done", [0, 1, 40])
    @pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
    def test_no_file_is_finished_by_it_after_its_end_and_none_is_lost(self, ledger, tracker, pool, end, seen_done):
        files = [landed(number) for number in range(96)]
        tracker._pending.batch_write(puts=[pending_item(file, NOW) for file in files])
        lease = take(ledger, NEVER_RUN)

        def finish():
            for some in chunks(map(processed, files), 12):
                ledger.finish_files(lease, some)

        def next_run():
            until(lambda: len(tracker.done(files)) >= seen_done)
            ended = end(ledger, lease)
            done_before = tracker.done(files)
            own = ended if ended.lease_owner else take(ledger, ended, "jr_2")
            rest = [processed(file).model_copy(update={"batch_id": "b2"}) for file in tracker.pending(TABLE)]
            ledger.finish_files(own, rest)
            return done_before

        _, done_before = at_once(pool, [finish, next_run])
        finished = {file_id: record.batch_id for file_id, record in tracker.finished(files).items()}
        assert finished == {file.file_id: "b1" if file.file_id in done_before else "b2" for file in files}
        assert tracker.pending(TABLE) == []


def until(holds: Callable[[], bool]) -> None:
    Retrying(retry=retry_if_result(lambda held: not held), wait=wait_fixed(0), stop=stop_after_delay(30))(holds)


def test_of_two_threads_of_a_run_neither_lets_the_mark_fall(ledger, pool):
    lease = take(ledger, NEVER_RUN)
    marks = [f"{number:06d} x" for number in range(60)]

    def advance():
        for mark in marks:
            attempt(lambda mark=mark: ledger.advance(lease, lease.model_copy(update={"high_water_mark": mark})))

    def watch():
        return [ledger.state(RAW_TABLE).high_water_mark or "" for _ in range(2 * len(marks))]

    _, _, seen = at_once(pool, [advance, advance, watch])
    assert seen == sorted(seen)
    assert ledger.state(RAW_TABLE).high_water_mark == marks[-1]


def test_a_file_registered_by_many_at_once_is_registered_by_one(tracker, pool):
    for number in range(FEWER):
        file = landed(number)
        times = [NOW + timedelta(seconds=second) for second in range(8)]
        answers = at_once(pool, [lambda at=at, file=file: tracker.register(file, at) for at in times])
        assert sorted(answers) == sorted([Registration.REGISTERED, *[Registration.ALREADY_PENDING] * 7])
        key = {"source_table_name": TABLE, "file_id": file.file_id}
        assert tracker._pending.get(key)["landed_at"] == iso(times[answers.index(Registration.REGISTERED)])


def test_of_many_that_see_the_same_epoch_one_raises_it(ledger, pool):
    seen = Epoch()
    for number in range(1, FEWER + 1):
        people = [f"operator {n}" for n in range(CONTENDERS)]
        raising = [lambda me=me, seen=seen: ledger.raise_epoch(seen, "eu-west-1", me, NOW) for me in people]
        seen = only_one(at_once(pool, raising))
        assert (seen.number, seen) == (number, ledger.epoch())
