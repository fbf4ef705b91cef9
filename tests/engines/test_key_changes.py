"""S11: a change of the primary key, told by before images, moves the row."""

from __future__ import annotations

import pyarrow as pa
import pytest

from tests.engines.staged_table import delete, insert, update
from tests.engines.stories import arms, story

LONG_ARMS = ("spark",)
"""Its arm is for the long tests; where the engines take turns it does half of the work all the same."""

ARMS = ("spark", "arrow")
WITH_IMAGES = {"id": pa.int64(), "v": pa.string(), "BI_ID": pa.int64()}
BOTH_TYPES = pytest.mark.parametrize("table_type", ["copy_on_write", "merge_on_read"])


@arms("spark", "arrow", "spark-arrow")
@story
@BOTH_TYPES
def test_the_old_key_goes_and_the_new_one_comes(told, table_type):
    table = told.table(columns=WITH_IMAGES, hudi_table_type=table_type)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"}, {"id": 3, "v": "three"})
    yield
    table.changes(update(1, id=10, v="ten", BI_ID=1), update(2, id=2, v="same key", BI_ID=2), insert(3, id=4, v="new"))
    yield
    assert table.values() == {2: "same key", 3: "three", 4: "new", 10: "ten"}
    assert table.counts() == {"read": 3, "updated": 2, "inserted": 1}


@story
def test_without_before_images_the_old_row_stays(told):
    table = told.table()
    table.load({"id": 1, "v": "one"})
    yield
    table.changes(update(1, id=10, v="ten"))
    yield
    assert table.values() == {1: "one", 10: "ten"}


@story
def test_a_key_that_changes_several_times_in_a_file_counts_as_one_row(told):
    table = told.table(columns=WITH_IMAGES)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"})
    yield
    table.changes(
        update(1, id=10, v="first", BI_ID=1),
        update(2, id=20, v="second", BI_ID=10),
        update(3, id=12, v="to go", BI_ID=2),
        delete(4, id=12, v="to go"),
    )
    yield
    assert table.values() == {20: "second"}
    assert table.counts() == {"read": 4, "updated": 1, "unchanged": 1, "collapsed": 2}


@story
def test_two_rows_swap_their_keys(told):
    table = told.table(columns=WITH_IMAGES)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"})
    yield
    table.changes(
        update(1, id=9, v="one", BI_ID=1), update(2, id=1, v="two", BI_ID=2), update(3, id=2, v="one", BI_ID=9)
    )
    yield
    assert table.values() == {1: "two", 2: "one"}


@story
def test_a_change_of_key_that_comes_late_deletes_nothing_newer(told):
    table = told.table(columns=WITH_IMAGES)
    table.load({"id": 1, "v": "one"})
    yield
    table.changes(delete(5, id=1), insert(6, id=1, v="again"))
    yield
    table.changes(update(3, id=10, v="ten", BI_ID=1))
    yield
    assert table.values() == {1: "again", 10: "ten"}


@story
def test_a_key_that_was_left_is_remembered_as_deleted(told):
    """S5, S11"""
    table = told.table(columns=WITH_IMAGES)
    table.load({"id": 1, "v": "one"})
    yield
    table.changes(update(5, id=10, v="ten", BI_ID=1))
    yield
    table.changes(update(3, id=1, v="late", BI_ID=1))
    yield
    assert table.values() == {10: "ten"}
    assert table.counts() == {"read": 1, "late": 1}


@story
def test_a_part_of_a_composite_key_changes_and_the_row_moves_between_partitions(told):
    columns = {"a": pa.int64(), "b": pa.string(), "v": pa.string(), "BI_A": pa.int64(), "BI_B": pa.string()}
    table = told.table(key="a,b", columns=columns, hudi_partition_key="v")
    table.load({"a": 1, "b": "x", "v": "p"}, {"a": 1, "b": "y", "v": "p"})
    yield
    table.changes(update(1, a=1, b="z", v="q", BI_A=1, BI_B="x"), update(2, a=1, b="y", v="r", BI_A=1, BI_B="y"))
    yield
    assert table.rows("a", "b", "v") == [{"a": 1, "b": "y", "v": "r"}, {"a": 1, "b": "z", "v": "q"}]
    assert table.counts() == {"read": 2, "updated": 2}


@story
def test_a_history_keeps_the_change_itself(told):
    table = told.table(columns=WITH_IMAGES, history=True)
    table.load({"id": 1, "v": "one"})
    yield
    table.changes(update(1, id=10, v="ten", BI_ID=1))
    yield
    table.check()
    assert {row["id"]: row["_odpf_operation"] for row in table.rows()} == {1: "I", 10: "U"}
