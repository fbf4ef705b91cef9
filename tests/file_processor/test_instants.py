from datetime import UTC, datetime, timedelta

import pytest

from file_processor.instants import await_clock
from odpf.errors import TransientError

NEWEST = datetime(2026, 1, 31, 10, 15, 30, 123000, tzinfo=UTC)


def waited(offset):
    seconds = []
    await_clock("20260131101530123", lambda: NEWEST + timedelta(seconds=offset), seconds.append)
    return seconds


def test_a_clock_behind_the_newest_instant_waits_for_the_difference():
    assert waited(-2.0) == [pytest.approx(2.001)]


def test_a_clock_that_has_passed_it_waits_for_nothing():
    assert waited(0.001) == []
    await_clock("")


def test_a_clock_far_behind_writes_nothing_and_says_why():
    with pytest.raises(TransientError, match="lies 600 seconds ahead of this machine's clock"):
        waited(-600)
