"""Mode S: what was deleted stays deleted, keys change, reloads are counted as differences. Worked out by hand."""

from __future__ import annotations

import pytest

from tests.reference.oracle import Change, Replay
from tests.reference.told import changes, deletion, load, row, sequence, upsert


def _values(replay):
    return {each["id"]: each["v"] for each in replay.rows()}


def test_a_late_change_does_not_bring_a_deleted_row_back():
    replay = Replay(["id"])
    replay.apply([load(row(1, "a")), changes("1", deletion(5, 1))])
    assert replay.apply([changes("2", upsert(4, 1, "late"))]) == {"read": 1, "late": 1}
    assert replay.rows() == []


def test_a_delete_of_an_absent_key_is_remembered_too():
    replay = Replay(["id"])
    assert replay.apply([changes("1", deletion(5, 1))]) == {"read": 1, "unchanged": 1}
    assert replay.apply([changes("2", upsert(4, 1, "late", operation="I"))]) == {"read": 1, "late": 1}
    assert replay.apply([changes("3", deletion(3, 1))]) == {"read": 1, "unchanged": 1}
    assert replay.apply([changes("4", upsert(6, 1, "new", operation="I"))]) == {"read": 1, "inserted": 1}


def test_a_key_change_takes_the_old_key_away_and_counts_once():
    replay = Replay(["id"])
    replay.apply([load(row(1, "a"), row(2, "b"))])
    assert replay.apply([changes("1", upsert(5, 3, "c", was=1))]) == {"read": 1, "updated": 1}
    assert _values(replay) == {2: "b", 3: "c"}
    assert replay.apply([changes("2", upsert(6, 2, "d", was=3))]) == {"read": 1, "updated": 1}
    assert _values(replay) == {2: "d"}


def test_a_chain_of_key_changes_in_one_run_is_one_update():
    replay = Replay(["id"])
    replay.apply([load(row(1, "a"))])
    chain = changes("1", upsert(5, 2, "b", was=1), upsert(6, 3, "c", was=2), upsert(7, 3, "d", was=3))
    assert replay.apply([chain]) == {"read": 3, "collapsed": 2, "inserted": 1}
    assert _values(replay) == {3: "d"}
    last = changes("2", upsert(8, 4, "e", was=3), upsert(9, 5, "f", was=4))
    assert replay.apply([last]) == {"read": 2, "collapsed": 1, "updated": 1}
    assert _values(replay) == {5: "f"}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_key_change_and_the_new_row_of_its_old_key_come_in_any_order(order):
    told = [changes("1", upsert(5, 2, "moved", was=1)), changes("2", upsert(6, 1, "new", operation="I"))]
    replay = Replay(["id"])
    replay.apply([load(row(1, "a"))])
    counts = [replay.apply([told[n]]) for n in order]
    assert _values(replay) == {1: "new", 2: "moved"}
    assert counts[order.index(0)] == ({"read": 1, "updated": 1} if order[0] == 0 else {"read": 1, "inserted": 1})


def test_a_late_key_change_deletes_its_old_key_even_if_its_values_are_late():
    replay = Replay(["id"])
    replay.apply([load(row(1, "a"), row(2, "b")), changes("1", upsert(9, 2, "c"))])
    assert replay.apply([changes("2", upsert(5, 2, "d", was=1))]) == {"read": 1, "late": 1}
    assert _values(replay) == {2: "c"}


@pytest.mark.parametrize("image", [{}, {"BI_id": None}, {"BI_id": 2}, {"BI_id": 1, "Op": "I"}])
def test_without_a_before_image_of_an_update_that_differs_no_key_changes(image):
    image = dict(image)
    operation = image.pop("Op", "U")
    replay = Replay(["id"])
    replay.apply([load(row(1, "a"))])
    replay.apply([changes("1", Change(operation, sequence(5), {**row(2, "b"), **image}))])
    assert _values(replay) == {1: "a", 2: "b"}


def test_a_key_change_needs_every_part_and_its_columns_in_any_case():
    replay = Replay(["a", "b"])
    first = {"a": 1, "b": 1}
    replay.apply([load(first)])
    half = Change("U", sequence(5), {"a": 1, "b": 2, "bi_a": 1, "bi_b": None})
    replay.apply([changes("1", half)])
    assert len(replay.rows()) == 2
    whole = Change("U", sequence(6), {"a": 1, "b": 3, "bi_a": 1, "Bi_B": 1})
    assert replay.apply([changes("2", whole)]) == {"read": 1, "updated": 1}
    assert sorted(each["b"] for each in replay.rows()) == [2, 3]


def _before_a_reload(**options):
    replay = Replay(["id"], of_changes=["seq"], **options)
    replay.apply([load(*({**row(n, "a"), "seq": ""} for n in range(1, 6)))])
    replay.apply([changes("1", Change("U", sequence(5), {**row(2, "b"), "seq": sequence(5)}))])
    return replay


def _reload():
    rows = [row(1, "a"), row(2, "b"), row(3, "changed"), row(6, "new")]
    return [load(*rows, generation=2, began=8), changes("2", deletion(9, 4), deletion(9, 1, counter=1), generation=2)]


def test_a_reload_replaces_or_tells_what_differs_and_the_table_is_the_same():
    replaced, told = _before_a_reload(), _before_a_reload(difference=True)
    counts = {"read": 6, "collapsed": 1, "updated": 2, "inserted": 1, "unchanged": 2, "removed": 3}
    assert replaced.apply(_reload()) == counts
    counts = {"read": 6, "collapsed": 1, "unchanged": 1, "updated": 1, "inserted": 1, "deleted": 2, "removed": 1}
    assert told.apply(_reload()) == counts
    assert _values(replaced) == _values(told)
    assert _values(told) == {2: "b", 3: "changed", 6: "new"}


def test_what_a_load_has_replaced_stays_replaced():
    replay = _before_a_reload()
    replay.apply(_reload())
    assert replay.apply([changes("3", upsert(7, 5, "earlier", was=6))]) == {"read": 1, "late": 1}
    assert _values(replay) == {2: "b", 3: "changed", 6: "new"}


def test_of_two_rows_at_one_position_the_first_that_was_applied_stays():
    """An object overwritten by another of the same name."""
    replay = Replay(["id"])
    replay.apply([changes("1", upsert(5, 1, "a"))])
    assert replay.apply([changes("1", upsert(5, 1, "b"))]) == {"read": 1, "late": 1}
    assert _values(replay) == {1: "a"}


def test_with_a_reload_a_key_moves_only_from_a_row_that_the_reload_has():
    replay = Replay(["id"])
    replay.apply([load(row(1, "a"), row(2, "a"))])
    reload = [load(row(2, "b"), generation=2), changes("1", upsert(9, 3, "c", was=1), generation=2)]
    reload.append(changes("2", upsert(10, 4, "d", was=2), generation=2))
    assert replay.apply(reload) == {"read": 3, "collapsed": 1, "inserted": 1, "updated": 1, "removed": 2}
    late = [changes("3", upsert(5, 6, "late")), changes("4", upsert(11, 5, "e", was=6), generation=2)]
    assert replay.apply(late) == {"read": 2, "collapsed": 1, "inserted": 1}


def test_a_file_that_cannot_be_read_is_not_applied():
    replay = Replay(["id"])
    file = changes("1", upsert(5, 1, "a"))
    assert replay.apply([file._replace(unreadable=True)]) == {}
    assert replay.apply([file]) == {"read": 1, "inserted": 1}
