"""Change sequences."""

from __future__ import annotations

from datetime import timedelta

from odpf.order import is_sequence
from odpf_local.dms.sequence import ChangeSequence
from tests.dms.builders import STARTED


def test_a_sequence_is_the_commit_time_and_a_counter():
    assert ChangeSequence().following(STARTED) == "2026013123595850" + "1".zfill(19)


def test_sequences_grow_strictly_also_when_the_clock_goes_back():
    moments = [STARTED + timedelta(seconds=seconds) for seconds in (0, 0, 5, -60, 5, 6)]
    sequences = ChangeSequence().for_all(moments)
    assert sequences == sorted(set(sequences))
    assert all(is_sequence(sequence) for sequence in sequences)


def test_a_task_that_goes_on_continues_after_its_last_sequence():
    first = ChangeSequence()
    first.for_all([STARTED] * 3)
    again = ChangeSequence(first.last)
    assert again.last == first.last
    assert again.following(STARTED - timedelta(days=1)) > first.last


def test_a_new_task_has_no_last_sequence():
    assert ChangeSequence().last == ""
