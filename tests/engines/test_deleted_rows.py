"""S4, S5: a row deleted earlier is not brought back by what comes late, whatever the order of delivery."""

from __future__ import annotations

from itertools import permutations

import pytest

from tests.engines.staged_table import delete, insert, load_row, update
from tests.engines.stories import arms, story

LONG_ARMS = ("spark",)
"""Its arm is for the long tests; where the engines take turns it does half of the work all the same."""

BOTH_TYPES = pytest.mark.parametrize("table_type", ["copy_on_write", "merge_on_read"])


@story
@BOTH_TYPES
def test_a_late_insert_does_not_bring_back_a_deleted_row(told, table_type):
    """S5"""
    table = told.table(hudi_table_type=table_type)
    table.load({"id": 1, "v": "loaded"}, {"id": 2, "v": "loaded"})
    yield
    table.changes(delete(5, id=1), update(6, id=2, v="newest"))
    yield
    table.check()
    table.changes(insert(3, id=1, v="late"), update(4, id=2, v="late"), insert(7, id=3, v="new"))
    yield
    assert table.values() == {2: "newest", 3: "new"}
    assert table.counts() == {"read": 3, "late": 2, "inserted": 1}


@arms("spark", "arrow", "spark-arrow")
@story
def test_every_order_of_delivery_ends_the_same(told):
    """S5: four changes of a key in every order, each in a run of its own."""
    changes = (insert, update, delete, insert)
    orders = list(permutations(range(1, 5)))
    table = told.table()
    table.load({"id": 0, "v": "other"})
    yield
    for step in range(4):
        rows = [
            changes[order[step] - 1](order[step], id=key, v=f"{order[step]}") for key, order in enumerate(orders, 1)
        ]
        table.changes(*rows)
        yield
        assert table.values() == {0: "other"} | {
            key: f"{newest}" for key, order in enumerate(orders, 1) if (newest := max(order[: step + 1])) != 3
        }
    table.check()


@story
def test_a_late_delete_of_an_absent_row_changes_nothing(told):
    """S4, S7"""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    table.changes(update(9, id=1, v="newest"))
    yield
    table.changes(delete(4, id=7))
    yield
    assert table.values() == {1: "newest"}
    assert table.counts() == {"read": 1, "unchanged": 1}
    table.changes(insert(3, id=7, v="older than its delete"), insert(5, id=8, v="late, never deleted"))
    yield
    assert table.values() == {1: "newest", 8: "late, never deleted"}
    assert table.counts() == {"read": 2, "late": 1, "inserted": 1}


@story
def test_a_row_of_a_load_file_that_comes_late_stays_deleted(told):
    """S8, S10"""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    table.changes(delete(5, id=2), update(6, id=3, v="changed"))
    yield
    table.load(
        {"id": 2, "v": "deleted at the source"},
        {"id": 3, "v": "older"},
        {"id": 4, "v": "loaded"},
        name="LOAD00000002.parquet",
    )
    yield
    assert table.values() == {1: "loaded", 3: "changed", 4: "loaded"}
    assert table.counts() == {"read": 3, "late": 2, "inserted": 1}


@story
def test_deletes_of_an_earlier_load_say_nothing_about_a_later_one(told):
    """S9"""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    table.changes(delete(9, id=1))
    yield
    table.reload({"id": 2, "v": "loaded again"})
    table.changes(insert(20, id=3, v="changed"))
    yield
    table.changes(insert(15, id=1, v="back"))
    yield
    table.check()
    assert table.values() == {1: "back", 2: "loaded again", 3: "changed"}


@story
def test_what_cannot_be_told_goes_to_quarantine(told):
    """S5: the file with the delete is gone; rows that it can say nothing about are applied."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    gone = table.changes(delete(5, id=1), insert(6, id=2, v="new"))
    yield
    table.lake.remove(table.source, gone)
    table.changes(
        insert(3, id=1, v="late"), update(4, id=1, v="late, too"), insert(8, id=3, v="new"), update(2, id=2, v="late")
    )
    yield
    assert table.values() == {2: "new", 3: "new"}
    assert table.counts() == {"read": 4, "quarantined": 1, "collapsed": 1, "inserted": 1, "late": 1}
    (row,) = table.quarantined_rows()
    assert gone in row["reason"]
    assert (row["row"], row["operation"]) == (1, "U")


@story
def test_a_load_row_that_comes_late_is_compared_with_every_delete(told):
    """S10: its sequence is empty, so every change file of its generation is asked."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    for number in range(1, 4):
        table.changes(delete(number, id=10 + number), insert(10 + number, id=20 + number, v="new"))
        yield
    table.load(*(load_row(id=10 + number, v="loaded") for number in range(1, 5)), name="LOAD00000002.parquet")
    yield
    assert table.values() == {1: "loaded", 14: "loaded", 21: "new", 22: "new", 23: "new"}
