"""Mode S with soft deletes, worked out by hand."""

from __future__ import annotations

from tests.reference.oracle import Mode, Replay
from tests.reference.told import changes, deletion, load, row, upsert


def _table(**options):
    return Replay(["id"], mode=Mode.SOFT, **options)


def _state(replay):
    """(value, marked, operation) by key."""
    return {each["id"]: (each["v"], each["_odpf_is_deleted"], each["_odpf_operation"]) for each in replay.rows()}


def test_a_deleted_row_keeps_its_values_and_is_marked_until_it_is_inserted_again():
    replay = _table()
    replay.apply([load(row(1, "a"))])
    assert _state(replay) == {1: ("a", False, "I")}
    assert replay.apply([changes("1", deletion(5, 1))]) == {"read": 1, "deleted": 1}
    assert _state(replay) == {1: ("a", True, "D")}
    assert replay.apply([changes("2", upsert(6, 1, "b"))]) == {"read": 1, "inserted": 1}
    assert _state(replay) == {1: ("b", False, "U")}


def test_a_late_change_fills_in_values_below_the_mark():
    replay = _table()
    replay.apply([load(row(1, "a")), changes("1", deletion(5, 1))])
    assert replay.apply([changes("2", upsert(4, 1, "late"))]) == {"read": 1, "late": 1}
    assert _state(replay) == {1: ("late", True, "D")}
    assert replay.apply([changes("3", upsert(3, 1, "later"))]) == {"read": 1, "late": 1}
    assert _state(replay) == {1: ("late", True, "D")}


def test_a_row_that_is_written_and_deleted_in_one_run_is_there_marked():
    replay = _table()
    assert replay.apply([changes("1", upsert(1, 1, "a"), deletion(2, 1))]) == {"read": 2, "collapsed": 1, "deleted": 1}
    assert _state(replay) == {1: ("a", True, "D")}


def test_a_delete_of_an_absent_key_makes_no_row_but_is_remembered():
    replay = _table()
    assert replay.apply([changes("1", deletion(5, 1))]) == {"read": 1, "unchanged": 1}
    assert replay.rows() == []
    assert replay.apply([changes("2", upsert(4, 1, "a"))]) == {"read": 1, "late": 1}
    assert _state(replay) == {1: ("a", True, "D")}


def test_a_delete_of_a_marked_key_changes_nothing():
    replay = _table()
    replay.apply([load(row(1, "a")), changes("1", deletion(5, 1))])
    assert replay.apply([changes("2", deletion(7, 1))]) == {"read": 1, "unchanged": 1}
    assert replay.apply([changes("3", deletion(6, 1))]) == {"read": 1, "late": 1}
    assert replay.apply([changes("4", upsert(6, 1, "b"), deletion(8, 1))]) == {
        "read": 2,
        "collapsed": 1,
        "unchanged": 1,
    }
    assert _state(replay) == {1: ("b", True, "D")}


def test_of_a_live_row_deleted_twice_in_one_run_the_later_delete_counts():
    replay = _table()
    replay.apply([load(row(1, "a"))])
    assert replay.apply([changes("1", deletion(5, 1), deletion(6, 1))]) == {"read": 2, "collapsed": 1, "deleted": 1}


def test_a_key_change_marks_the_old_key():
    replay = _table()
    replay.apply([load(row(1, "a"))])
    assert replay.apply([changes("1", upsert(5, 2, "a", was=1))]) == {"read": 1, "updated": 1}
    assert _state(replay) == {1: ("a", True, "D"), 2: ("a", False, "U")}


def test_a_reload_leaves_no_marked_row_of_before():
    replay = _table()
    replay.apply([load(row(1, "a"), row(2, "a"), row(3, "a"), row(4, "a")), changes("1", deletion(5, 1))])
    reload = [
        load(row(1, "b"), row(2, "b"), row(4, "b"), generation=2),
        changes("2", deletion(6, 2), deletion(7, 3), generation=2),
    ]
    assert replay.apply(reload) == {
        "read": 5,
        "collapsed": 1,
        "inserted": 1,
        "updated": 1,
        "deleted": 1,
        "unchanged": 1,
        "removed": 1,
    }
    assert _state(replay) == {1: ("b", False, "I"), 2: ("b", True, "D"), 4: ("b", False, "I")}
