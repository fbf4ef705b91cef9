"""Mode V, worked out by hand: moments are seconds after midnight."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.reference.oracle import Change, Mode, Replay
from tests.reference.told import MIDNIGHT, changes, deletion, load, moment, row, sequence, upsert
from tests.reference.validity import moment_of


def _table(**options):
    return Replay(["id"], mode=Mode.VALIDITY, **options)


def _seconds(time):
    return None if time is None else (time - MIDNIGHT).total_seconds()


def _versions(replay):
    """(key, value, from, to) of every version."""
    rows = replay.rows()
    assert all(each["_odpf_is_current"] == (each["_odpf_valid_to"] is None) for each in rows)
    told = [(each["id"], each["v"], each["_odpf_valid_from"], each["_odpf_valid_to"]) for each in rows]
    return sorted((key, value, _seconds(begin), _seconds(end)) for key, value, begin, end in told)


FOUR = [upsert(1, 1, "a", operation="I"), upsert(3, 1, "b"), deletion(5, 1), upsert(7, 1, "c", operation="I")]
THREE_VERSIONS = [(1, "a", 1, 3), (1, "b", 3, 5), (1, "c", 7, None)]


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_intervals_are_the_same_in_every_order_of_arrival(order):
    replay = _table()
    for n in order:
        replay.apply([changes(str(n), FOUR[n])])
    assert _versions(replay) == THREE_VERSIONS


def test_counts_tell_what_was_valid_before():
    replay = _table()
    assert replay.apply([changes("1", *FOUR)]) == {"read": 4, "inserted": 2, "updated": 1, "deleted": 1}
    assert replay.apply([changes("1", *FOUR)]) == {"read": 4, "unchanged": 4}
    late = changes("2", upsert(2, 1, "late"), upsert(2, 1, "late"), deletion(6, 1), deletion(4, 1))
    assert replay.apply([late]) == {"read": 4, "updated": 1, "collapsed": 1, "unchanged": 1, "deleted": 1}
    assert _versions(replay) == [(1, "a", 1, 2), (1, "b", 3, 4), (1, "c", 7, None), (1, "late", 2, 3)]


def test_of_several_changes_in_one_moment_all_but_the_last_have_no_length():
    replay = _table()
    told = [
        upsert(1, 1, "a"),
        upsert(2, 1, "b"),
        upsert(2, 1, "c", counter=1),
        upsert(2, 2, "x"),
        deletion(2, 2, counter=2),
    ]
    counts = {"read": 5, "inserted": 2, "updated": 2, "deleted": 1}
    assert replay.apply([changes("1", *told)]) == counts
    assert _versions(replay) == [(1, "a", 1, 2), (1, "b", 2, 2), (1, "c", 2, None), (2, "x", 2, 2)]


def test_a_version_begins_with_a_load_at_the_moment_it_began():
    replay = _table()
    assert replay.apply([load(row(1, "a"), began=10), changes("1", upsert(12, 1, "b"))]) == {
        "read": 2,
        "inserted": 1,
        "updated": 1,
    }
    assert _versions(replay) == [(1, "a", 10, 12), (1, "b", 12, None)]


def test_a_key_change_ends_one_version_and_begins_another():
    replay = _table()
    replay.apply([load(row(1, "a"))])
    assert replay.apply([changes("1", upsert(5, 2, "b", was=1))]) == {"read": 1, "updated": 1}
    assert _versions(replay) == [(1, "a", 0, 5), (2, "b", 5, None)]
    assert replay.apply([changes("2", upsert(6, 3, "c", was=1))]) == {"read": 1, "inserted": 1}


def test_a_reload_writes_what_differs_and_ends_what_is_gone():
    replay = _table()
    replay.apply([load(row(1, "a"), row(2, "a"), row(3, "a")), changes("1", upsert(5, 1, "b"), deletion(6, 2))])
    reload = load(row(1, "b"), row(2, "back"), row(4, "new"), generation=2, began=10)
    assert replay.apply([reload]) == {"read": 3, "unchanged": 1, "inserted": 2, "removed": 1}
    assert _versions(replay) == [
        (1, "a", 0, 5),
        (1, "b", 5, None),
        (2, "a", 0, 6),
        (2, "back", 10, None),
        (3, "a", 0, 10),
        (4, "new", 10, None),
    ]


def test_a_reload_counts_as_removed_what_was_current_until_then():
    replay = _table()
    replay.apply([load(row(1, "a"), row(2, "a"))])
    again = [changes("1", upsert(5, 3, "a")), load(row(1, "a"), generation=2, began=10)]
    assert replay.apply(again) == {"read": 2, "inserted": 1, "unchanged": 1, "removed": 1}
    assert _versions(replay) == [(1, "a", 0, None), (2, "a", 0, 10), (3, "a", 5, 10)]
    assert replay.apply([load(generation=3, began=20)]) == {"removed": 1}
    assert _versions(replay) == [(1, "a", 0, 20), (2, "a", 0, 10), (3, "a", 5, 10)]


def test_a_change_before_a_reload_that_comes_after_it_splits_what_was_before():
    replay = _table()
    replay.apply([load(row(1, "a"), row(2, "a"))])
    replay.apply([load(row(1, "b"), generation=2, began=10)])
    late = changes("1", upsert(5, 1, "b"), upsert(6, 2, "c"), upsert(7, 3, "x"), generation=1)
    assert replay.apply([late]) == {"read": 3, "updated": 2, "inserted": 1}
    assert _versions(replay) == [
        (1, "a", 0, 5),
        (1, "b", 5, None),
        (2, "a", 0, 6),
        (2, "c", 6, 10),
        (3, "x", 7, 10),
    ]


def test_a_change_that_was_committed_before_its_load_began_takes_all_its_time():
    """A change captured during a load is the newer one all the same."""
    replay = _table()
    replay.apply([load(row(1, "a"))])
    replay.apply([load(row(1, "b"), generation=2, began=10), changes("1", upsert(8, 1, "c"), generation=2)])
    assert _versions(replay) == [(1, "a", 0, 10), (1, "b", 10, 10), (1, "c", 8, None)]


@pytest.mark.parametrize("form", [lambda time: time, lambda time: f"{time:%Y-%m-%d %H:%M:%S.%f}"])
def test_a_column_with_the_commit_time_goes_before_the_sequence(form):
    replay = _table(commit_time="at")
    replay.apply([load({**row(1, "a"), "at": form(moment(2))}, began=4)])
    told = [Change("U", sequence(9), {**row(1, "b"), "at": form(moment(7))}), upsert(11, 1, "c")]
    replay.apply([changes("1", *told)])
    assert _versions(replay) == [(1, "a", 2, 7), (1, "b", 7, 11), (1, "c", 11, None)]
    again = load({**row(1, "c"), "at": form(moment(20))}, generation=2, began=21)
    assert replay.apply([again]) == {"read": 1, "unchanged": 1}


def test_a_sequence_begins_with_its_commit_time_to_a_hundredth_of_a_second():
    assert moment_of("2024022923595999" + 19 * "7").isoformat() == "2024-02-29T23:59:59.990000+00:00"


def test_a_reload_in_which_a_row_differs_in_what_tells_of_its_change_alone_changes_nothing():
    replay = _table(of_changes=["seq"])
    replay.apply(
        [
            load({**row(1, "a"), "seq": ""}),
            changes("1", Change("U", sequence(5), {**row(1, "b"), "SEQ": "5", "BI_id": 1})),
        ]
    )
    again = load({**row(1, "b"), "seq": "", "added": None}, generation=2, began=10)
    assert replay.apply([again]) == {"read": 1, "unchanged": 1}
    assert _versions(replay) == [(1, "a", 0, 5), (1, "b", 5, None)]
