"""What tables that are worked on side by side take of one process: memory and time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier, BrokenBarrierError, Event, Lock

import pytest

from file_processor.side_by_side import MemoryBudget, Shares


class TestShares:
    def test_a_second_in_which_two_are_worked_on_is_half_a_second_of_each(self):
        now = [0.0]
        shares = Shares(lambda: now[0])
        with ExitStack() as first, ExitStack() as second:
            of_first = first.enter_context(shares.one())
            now[0] = 10.0
            of_second = second.enter_context(shares.one())
            now[0] = 14.0
            assert (of_first(), of_second()) == (12.0, 2.0)
            second.close()
            now[0] = 20.0
            assert of_first() == 18.0

    def test_time_in_which_nothing_is_worked_on_is_nobodys(self):
        now = [0.0]
        shares = Shares(lambda: now[0])
        now[0] = 100.0
        with shares.one() as share:
            now[0] = 101.0
            assert share() == 1.0


class TestMemoryBudget:
    def test_tables_side_by_side_never_take_more_than_there_is(self):
        budget, most, taken, lock = MemoryBudget(100), 0, 0, Lock()

        def work(megabytes):
            nonlocal most, taken
            with budget.room(megabytes):
                with lock:
                    taken += megabytes
                    most = max(most, taken)
                Event().wait(0.001)
                with lock:
                    taken -= megabytes

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, [40, 60, 30, 10, 90, 5, 50] * 10))
        assert 60 < most <= 100

    def test_one_that_is_larger_than_all_of_it_gets_in_alone(self):
        together = Barrier(2)
        budget = MemoryBudget(100)

        def meets_another(megabytes):
            with budget.room(megabytes):
                together.wait(0.2)

        with ThreadPoolExecutor(2) as pool:
            answers = [pool.submit(meets_another, megabytes) for megabytes in (500, 1)]
            for answer in answers:
                with pytest.raises(BrokenBarrierError):
                    answer.result()

    def test_room_is_given_back_when_the_work_fails(self):
        budget = MemoryBudget(100)
        with pytest.raises(ValueError, match="broken"), budget.room(100):
            raise ValueError("broken")
        with budget.room(100):
            pass
