"""S17: with `delete_mode: soft` a deleted row stays, marked, with the values it had; whatever the order of delivery."""

from __future__ import annotations

from itertools import permutations

import pyarrow as pa
import pytest

from tests.engines.staged_table import delete, insert, sequence, update
from tests.engines.stories import arms, story

LONG_ARMS = ("spark",)
"""Its arm is for the long tests; where the engines take turns it does half of the work all the same."""

BOTH_TYPES = pytest.mark.parametrize("table_type", ["copy_on_write", "merge_on_read"])
EVERY_ENGINE = ("spark", "arrow", "spark-arrow", "arrow-spark")
WITH_IMAGES = {"id": pa.int64(), "v": pa.string(), "BI_ID": pa.int64()}


def soft(told, **options):
    return told.table(delete_mode="soft", **options)


def state(table):
    """Value and mark by key."""
    return {row["id"]: (row["v"], row["_odpf_is_deleted"]) for row in table.rows()}


@arms(*EVERY_ENGINE)
@story
@BOTH_TYPES
def test_a_deleted_row_stays_marked_until_an_insert_clears_the_mark(told, table_type):
    """S17, S14: the delete carries the key alone."""
    table = soft(told, hudi_table_type=table_type)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"}, {"id": 3, "v": "three"})
    yield
    assert state(table) == {1: ("one", False), 2: ("two", False), 3: ("three", False)}
    table.changes(delete(1, id=1), delete(2, id=2), update(3, id=3, v="changed"))
    yield
    assert state(table) == {1: ("one", True), 2: ("two", True), 3: ("changed", False)}
    assert table.counts() == {"read": 3, "deleted": 2, "updated": 1}
    table.changes(insert(4, id=1, v="back"), delete(5, id=2), delete(6, id=9))
    yield
    assert state(table) == {1: ("back", False), 2: ("two", True), 3: ("changed", False)}
    assert table.counts() == {"read": 3, "inserted": 1, "unchanged": 2}


@story
@BOTH_TYPES
def test_a_marked_row_says_which_change_it_comes_from(told, table_type):
    table = soft(told, hudi_table_type=table_type)
    table.load({"id": 1, "v": "one"})
    yield
    table.changes(update(1, id=1, v="changed"), delete(2, id=1))
    yield
    (row,) = table.rows()
    assert (row["v"], row["_odpf_is_deleted"], row["_odpf_operation"]) == ("changed", True, "D")
    assert row["_odpf_order"].split(" ")[1] == sequence(2)
    assert row["_odpf_values_order"].split(" ")[1] == sequence(1)
    assert table.counts() == {"read": 2, "deleted": 1, "collapsed": 1}


@arms(*EVERY_ENGINE)
@story
def test_every_order_of_delivery_ends_the_same(told):
    """S4, S5, S17: four changes of a key in every order, each in a run of its own."""
    operations = (insert, update, delete, insert)
    orders = list(permutations(range(1, 5)))
    table = soft(told)
    table.load({"id": 0, "v": "other"})
    yield
    for step in range(4):
        rows = [
            operations[order[step] - 1](order[step], id=key, v=f"{order[step]}") for key, order in enumerate(orders, 1)
        ]
        table.changes(*rows)
        yield
        expected = {0: ("other", False)}
        for key, order in enumerate(orders, 1):
            came = order[: step + 1]
            if upserts := [number for number in came if number != 3]:
                expected[key] = (f"{max(upserts)}", 3 in came and max(upserts) < 3)
        assert state(table) == expected
    assert {row["_odpf_operation"] for row in table.rows()} == {"I"}


@story
@BOTH_TYPES
def test_a_late_update_fills_in_the_values_of_a_marked_row(told, table_type):
    """S4: counted late, written all the same; older ones and those of rows that are there change nothing."""
    table = soft(told, hudi_table_type=table_type)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"})
    yield
    table.changes(delete(9, id=1), update(10, id=2, v="newest"))
    yield
    table.changes(update(5, id=1, v="before the delete"), update(6, id=2, v="late"))
    yield
    assert state(table) == {1: ("before the delete", True), 2: ("newest", False)}
    assert table.counts() == {"read": 2, "late": 2}
    table.changes(update(4, id=1, v="older"), delete(7, id=1))
    yield
    assert state(table) == {1: ("before the delete", True), 2: ("newest", False)}
    assert table.counts() == {"read": 2, "late": 1, "collapsed": 1}
    table.changes(update(11, id=1, v="back"))
    yield
    assert state(table)[1] == ("back", False)


@story
def test_a_late_row_of_a_key_that_was_only_deleted_comes_marked(told):
    """S5"""
    table = soft(told)
    table.load({"id": 1, "v": "one"})
    yield
    table.changes(delete(5, id=7), delete(6, id=8), update(9, id=1, v="newest"))
    yield
    assert table.counts() == {"read": 3, "unchanged": 2, "updated": 1}
    table.changes(insert(3, id=7, v="late"), insert(7, id=8, v="after its delete"), insert(4, id=9, v="never deleted"))
    yield
    assert state(table) == {
        1: ("newest", False),
        7: ("late", True),
        8: ("after its delete", False),
        9: ("never deleted", False),
    }
    assert table.counts() == {"read": 3, "late": 1, "inserted": 2}
    table.changes(update(4, id=7, v="later, before the delete"))
    yield
    assert state(table)[7] == ("later, before the delete", True)
    table.changes(update(8, id=7, v="after the delete"))
    yield
    assert state(table)[7] == ("after the delete", False)


@story
def test_rows_that_come_and_go_in_one_batch_are_there_marked(told):
    """S1: also in the batch of the first load."""
    table = soft(told)
    table.load({"id": 1, "v": "one"})
    table.changes(delete(1, id=1), insert(2, id=2, v="two"), delete(3, id=2), delete(4, id=3))
    yield
    assert state(table) == {1: ("one", True), 2: ("two", True)}
    assert table.counts() == {"read": 5, "deleted": 2, "collapsed": 2, "unchanged": 1}
    table.changes(insert(5, id=4, v="four"), delete(6, id=4), insert(7, id=1, v="back"), delete(8, id=1))
    yield
    assert state(table) == {1: ("back", True), 2: ("two", True), 4: ("four", True)}
    assert table.counts() == {"read": 4, "deleted": 2, "collapsed": 2}


@story
def test_the_same_changes_again_change_nothing(told):
    """S6: under new names."""
    table = soft(told)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"})
    yield
    day = (update(1, id=1, v="a"), delete(2, id=1), delete(3, id=2), insert(4, id=3, v="b"))
    name = table.changes(*day)
    yield
    before = table.rows()
    table.changes(*day, name=name, compression="zstd")
    yield
    assert table.rows() == before
    assert table.counts() == {"read": 4, "late": 3, "collapsed": 1}
    assert len(table.lake.commits(table.location)) == 2


@arms(*EVERY_ENGINE)
@story
@BOTH_TYPES
def test_a_marked_row_stays_in_its_partition_and_a_row_still_moves(told, table_type):
    """S13"""
    table = soft(told, hudi_partition_key="v", hudi_table_type=table_type)
    table.load({"id": 1, "v": "p"}, {"id": 2, "v": "p"}, {"id": 3, "v": ""})
    yield
    table.changes(delete(1, id=1), update(2, id=2, v="q"), update(3, id=3, v=None))
    yield
    assert state(table) == {1: ("p", True), 2: ("q", False), 3: (None, False)}
    assert table.counts() == {"read": 3, "deleted": 1, "updated": 2}
    table.changes(insert(4, id=1, v="r"), delete(5, id=2), delete(6, id=3))
    yield
    assert state(table) == {1: ("r", False), 2: ("q", True), 3: (None, True)}
    table.changes(update(4, id=2, v="s"))
    yield
    assert state(table) == {1: ("r", False), 2: ("s", True), 3: (None, True)}
    assert table.counts() == {"read": 1, "late": 1}


@story
def test_a_key_that_a_row_left_is_marked(told):
    """S11"""
    table = soft(told, columns=WITH_IMAGES)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"})
    yield
    table.changes(update(1, id=10, v="ten", BI_ID=1))
    yield
    assert state(table) == {1: ("one", True), 2: ("two", False), 10: ("ten", False)}
    assert table.counts() == {"read": 1, "updated": 1}


@story
def test_a_column_that_comes_later_is_null_in_a_row_that_was_marked_before(told):
    """S19"""
    table = soft(told)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"})
    yield
    table.columns["extra"] = pa.int32()
    table.changes(delete(1, id=1), update(2, id=2, v="changed", extra=7))
    yield
    assert table.rows("id", "v", "extra") == [
        {"id": 1, "v": "one", "extra": None},
        {"id": 2, "v": "changed", "extra": 7},
    ]


@story
def test_a_reload_replaces_marked_rows_too(told):
    """S9"""
    table = soft(told)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"}, {"id": 3, "v": "three"}, {"id": 4, "v": "four"})
    yield
    table.changes(delete(1, id=1), delete(2, id=2))
    yield
    table.reload({"id": 2, "v": "again"}, {"id": 3, "v": "again"}, {"id": 5, "v": "new"})
    table.changes(delete(20, id=5))
    yield
    assert state(table) == {2: ("again", False), 3: ("again", False), 5: ("new", True)}
    assert table.counts() == {"read": 4, "inserted": 1, "updated": 1, "deleted": 1, "collapsed": 1, "removed": 1}
    table.changes(insert(15, id=1, v="newer than the load"), delete(1, id=3), name="20230101-000000000.parquet")
    yield
    assert state(table)[3] == ("again", False)


@story
def test_what_cannot_be_told_goes_to_quarantine(told):
    """S5: the file with the delete is gone."""
    table = soft(told)
    table.load({"id": 1, "v": "one"})
    yield
    gone = table.changes(delete(5, id=7), insert(6, id=2, v="new"))
    yield
    table.lake.remove(table.source, gone)
    table.changes(insert(3, id=7, v="late"), insert(4, id=8, v="late"), delete(5, id=8), insert(9, id=3, v="new"))
    yield
    assert state(table) == {1: ("one", False), 2: ("new", False), 3: ("new", False)}
    assert table.counts() == {"read": 4, "quarantined": 2, "unchanged": 1, "inserted": 1}
    assert all(gone in row["reason"] for row in table.quarantined_rows())


@story
def test_the_mode_of_an_existing_table_cannot_change(told):
    """S25: in either direction."""
    hard, marked = told.table(), soft(told)
    for table in (hard, marked):
        table.load({"id": 1, "v": "one"})
    yield
    hard.reconfigure(delete_mode="soft")
    marked.reconfigure(delete_mode="hard")
    for table in (hard, marked):
        table.changes(delete(1, id=1))
    yield
    assert "was made with delete_mode='hard'" in hard.result.error
    assert "was made with delete_mode='soft'" in marked.result.error
    assert state(marked) == {1: ("one", False)}
