from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import permutations

import pytest

from tests.reference.oracle import Change, File, Mode, Replay
from tests.reference.plain_values import plain, plain_rows

SIX = [("I", 50), ("U", 60), ("U", 70), ("D", 70), ("I", 80), ("U", 100)]


def _row(key, value):
    return {"id": key, "v": value}


def _load(*rows, generation=1, name="LOAD00000001.parquet"):
    return File(name, generation, tuple(Change("I", "", row) for row in rows), is_load=True)


def _changes(name, *changes, generation=1):
    return File(name, generation, tuple(Change(o, f"{n:03d}", _row(key, value)) for n, o, key, value in changes))


def test_the_last_change_of_a_key_stands():
    replay = Replay(["id"])
    replay.apply([_changes("1", *((n, o, 1, v) for n, (o, v) in enumerate(SIX)))])
    assert replay.rows() == [_row(1, 100)]


def test_the_order_of_delivery_means_nothing_to_the_rows():
    for order in permutations(range(4)):
        replay = Replay(["id"])
        for n in order:
            replay.apply([_changes(str(n), (n, *(SIX[n][0], 1, SIX[n][1])))])
        assert replay.rows() == []


def test_a_load_is_older_than_any_change():
    replay = Replay(["id"])
    replay.apply([_changes("0", (1, "U", 1, "changed"))])
    assert replay.apply([_load(_row(1, "loaded"))]) == {"read": 1, "late": 1}
    assert replay.rows() == [_row(1, "changed")]


def test_counts_tell_what_each_row_did():
    replay = Replay(["id"])
    assert replay.apply([_load(_row(1, "a"), _row(2, "a"))]) == {"read": 2, "inserted": 2}
    first = _changes("1", (5, "U", 1, "b"), (6, "U", 1, "c"), (7, "D", 2, "a"), (8, "I", 3, "n"), (9, "D", 9, None))
    assert replay.apply([first]) == {
        "read": 5,
        "collapsed": 1,
        "updated": 1,
        "deleted": 1,
        "inserted": 1,
        "unchanged": 1,
    }
    assert replay.apply([_changes("2", (4, "U", 1, "late"), (4, "D", 3, None))]) == {"read": 2, "late": 2}
    assert replay.apply([first]) == {"read": 5, "collapsed": 1, "late": 2, "unchanged": 2}
    bad = File("3", 1, (Change("U", "", _row(1, "x"), bad=True),))
    assert replay.apply([bad]) == {"read": 1, "quarantined": 1}
    assert plain_rows(replay.rows()) == plain_rows([_row(1, "c"), _row(3, "n")])


def test_a_reload_replaces_everything_and_contains_what_came_before_it():
    replay = Replay(["id"])
    replay.apply([_load(_row(1, "a"), _row(2, "a")), _changes("1", (5, "U", 1, "b"))])
    reload = [_load(_row(1, "second"), generation=2), _changes("2", (5, "U", 1, "b"), (6, "I", 3, "n"), generation=2)]
    assert replay.apply(reload) == {"read": 3, "collapsed": 1, "updated": 1, "inserted": 1, "removed": 1}
    assert plain_rows(replay.rows()) == plain_rows([_row(1, "second"), _row(3, "n")])
    assert replay.apply([_changes("3", (7, "U", 1, "earlier"), generation=1)]) == {"read": 1, "late": 1}


def test_a_history_has_every_change_once():
    replay = Replay(["id"], mode=Mode.HISTORY)
    changes = _changes("1", (1, "U", 1, "b"), (2, "D", 1, None))
    assert replay.apply([_load(_row(1, "a")), changes]) == {"read": 3, "inserted": 3}
    assert replay.apply([changes._replace(name="2")]) == {"read": 2, "unchanged": 2}
    assert [operation for operation, *_ in replay.changes()] == ["I", "U", "D"]


def test_of_a_history_the_first_row_of_an_identity_stays():
    replay = Replay(["id"], mode=Mode.HISTORY)
    first = _changes("2", (1, "U", 1, "first"), (1, "U", 1, "second"))
    assert replay.apply([first]) == {"read": 2, "inserted": 1, "collapsed": 1}
    assert replay.apply([_changes("1", (1, "U", 1, "third"))]) == {"read": 1, "unchanged": 1}
    assert replay.rows() == [_row(1, "first")]


def test_a_history_has_a_key_change_once_under_its_new_key():
    replay = Replay(["id"], mode=Mode.HISTORY)
    moved = File("1", 1, (Change("U", "001", _row(2, "a") | {"BI_id": 1}),))
    assert replay.apply([_load(_row(1, "a")), moved]) == {"read": 2, "inserted": 2}
    assert [(operation, row["id"]) for operation, _, _, row in replay.changes()] == [("I", 1), ("U", 2)]


@pytest.mark.parametrize(
    ("one", "other"),
    [(0.0, -0.0), (1, True), (1, 1.0), ("1", 1), (b"a", "a"), (None, ""), (datetime(2024, 1, 1), date(2024, 1, 1))],
)
def test_values_that_differ_have_two_forms(one, other):
    assert plain(one) != plain(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (float("nan"), float("nan")),
        (Decimal("1.10"), Decimal("1.1000")),
        (Decimal(2**64), 2**64),
        (Decimal("-0.00"), 0),
        (datetime(1, 1, 1), datetime(1, 1, 1, tzinfo=UTC)),
        (time(1, 2, 3), "01:02:03.000000"),
    ],
)
def test_values_that_are_equal_have_one_form(one, other):
    assert plain(one) == plain(other)
