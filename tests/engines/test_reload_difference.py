"""S9: with `reload_mode: difference` a reload is written as the inserts, updates and deletes that make the table equal to it."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from odpf.states import Outcome
from tests.engines.staged_table import COLUMNS, bad, delete, insert, load_row, update
from tests.engines.stories import arms, story

LONG_ARMS = ("spark",)
"""Its arm is for the long tests; where the engines take turns it does half of the work all the same."""

BOTH_TYPES = pytest.mark.parametrize("table_type", ["copy_on_write", "merge_on_read"])
EVERY_ENGINE = ("spark", "arrow", "spark-arrow", "arrow-spark")


def difference(told, **options):
    return told.table(reload_mode="difference", **options)


def state(table):
    """Value and mark by key."""
    return {row["id"]: (row["v"], row["_odpf_is_deleted"]) for row in table.rows()}


def orders(table):
    """Order position by key: who wrote the row last."""
    return {row["id"]: row["_odpf_order"] for row in table.rows()}


@arms(*EVERY_ENGINE)
@story
@BOTH_TYPES
def test_only_what_differs_is_written(told, table_type):
    table = difference(told, hudi_table_type=table_type)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"}, {"id": 3, "v": "three"}, {"id": 4, "v": "four"})
    yield
    table.changes(update(1, id=1, v="changed"), delete(2, id=4))
    yield
    before = orders(table)
    table.reload({"id": 1, "v": "changed"}, {"id": 2, "v": "other"}, {"id": 5, "v": "new"})
    yield
    assert table.values() == {1: "changed", 2: "other", 5: "new"}
    assert table.counts() == {"read": 3, "unchanged": 1, "updated": 1, "inserted": 1, "removed": 1}
    assert orders(table)[1] == before[1]
    table.changes(update(3, id=1, v="newer than the load"), insert(4, id=3, v="back"))
    yield
    assert table.values() == {1: "newer than the load", 2: "other", 3: "back", 5: "new"}
    assert table.counts() == {"read": 2, "updated": 1, "inserted": 1}


@story
def test_a_reload_of_the_same_rows_makes_no_commit(told):
    table = difference(told)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": None})
    yield
    commits = table.lake.commits(table.location)
    table.reload({"id": 2, "v": None}, {"id": 1, "v": "one"}, compression="zstd")
    yield
    assert table.counts() == {"read": 2, "unchanged": 2}
    assert table.lake.commits(table.location) == commits
    table.changes(update(1, id=1, v="changed"))
    yield
    assert table.values() == {1: "changed", 2: None}


OF_DMS = {"DMS_TIMESTAMP": pa.string(), "CDC_COMMIT_TIMESTAMP": pa.string(), "CDC_STREAM_POSITION": pa.string()}


@story
@pytest.mark.parametrize("own", [False, True], ids=["recommended", "own"])
def test_columns_that_dms_adds_make_no_row_another(told, own):
    """The moment of transfer is another in every load, and a load's rows have no place in a log."""
    added = {f"MY_{name}": kind for name, kind in OF_DMS.items()} if own else OF_DMS
    table = difference(
        told,
        columns={**COLUMNS, **added},
        **({"cdc_extra_columns": ",".join(added)} if own else {}),
    )
    of_load, of_change, of_reload = (dict.fromkeys(added, text) for text in ("load", "change", "reload"))
    table.load({"id": 1, "v": "one", **of_load}, {"id": 2, "v": "two", **of_load})
    yield
    table.changes(update(1, id=2, v="changed", **of_change))
    yield
    table.reload({"id": 1, "v": "one", **of_reload}, {"id": 2, "v": "changed"}, {"id": 3, "v": "new", **of_reload})
    yield
    assert table.counts() == {"read": 3, "unchanged": 2, "inserted": 1}
    column = next(iter(added)).lower()
    assert {row["id"]: row[column] for row in table.rows()} == {1: "load", 2: "change", 3: "reload"}


@story
def test_changes_of_before_the_reload_lose_and_later_ones_win(told):
    """R3a: over rows that the reload left as they were, too."""
    table = difference(told)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"})
    yield
    table.changes(update(10, id=2, v="changed"))
    yield
    table.reload({"id": 1, "v": "one"}, {"id": 2, "v": "changed"})
    yield
    table.changes(update(5, id=1, v="late"), delete(6, id=2), insert(7, id=3, v="late"))
    yield
    assert table.values() == {1: "one", 2: "changed"}
    assert table.counts() == {"read": 3, "late": 3}
    table.changes(delete(11, id=1), update(12, id=2, v="newest"))
    yield
    assert table.values() == {2: "newest"}


@story
def test_changes_on_top_of_the_reload_are_merged_in_the_same_commit(told):
    """A change that says what is stored already stands against older changes all the same."""
    table = difference(told)
    table.load(*({"id": key, "v": "loaded"} for key in range(1, 6)))
    yield
    table.reload(*({"id": key, "v": "loaded"} for key in (1, 2, 3)))
    table.changes(update(20, id=1, v="loaded"), delete(21, id=2), delete(22, id=4), insert(23, id=6, v="new"))
    yield
    assert table.values() == {1: "loaded", 3: "loaded", 6: "new"}
    assert table.counts() == {
        "read": 7, "collapsed": 2, "unchanged": 2, "deleted": 2, "inserted": 1, "removed": 1
    }  # fmt: skip
    table.changes(update(15, id=1, v="older"), insert(16, id=4, v="older"))
    yield
    assert table.values() == {1: "loaded", 3: "loaded", 6: "new"}
    assert table.counts() == {"read": 2, "late": 2}


@arms(*EVERY_ENGINE)
@story
@BOTH_TYPES
def test_with_soft_deletes_missing_rows_are_marked(told, table_type):
    """S17"""
    table = difference(told, delete_mode="soft", hudi_table_type=table_type)
    table.load(*({"id": key, "v": "loaded"} for key in range(1, 6)))
    yield
    table.changes(delete(1, id=1), delete(2, id=2))
    yield
    before = orders(table)
    table.reload({"id": 2, "v": "loaded"}, {"id": 3, "v": "loaded"}, {"id": 4, "v": "other"})
    yield
    assert state(table) == {
        1: ("loaded", True), 2: ("loaded", False), 3: ("loaded", False), 4: ("other", False), 5: ("loaded", True)
    }  # fmt: skip
    assert table.counts() == {"read": 3, "inserted": 1, "unchanged": 1, "updated": 1, "removed": 1}
    assert [key for key, order in orders(table).items() if order == before[key]] == [1, 3]
    table.load({"id": 5, "v": "after all"}, {"id": 1, "v": "after all"}, name="LOAD00000002.parquet")
    yield
    assert state(table)[5] == state(table)[1] == ("after all", False)


@arms(*EVERY_ENGINE)
@story
def test_values_are_equal_exactly_when_they_are_the_same(told):
    """S20: NaN is NaN, 0.0 is not -0.0, null is null, and empty text is not null."""
    columns = {"id": pa.int64(), "v": pa.string(), "n": pa.float64(), "f": pa.float32(), "b": pa.binary()}
    table = difference(told, columns=columns)
    same = [
        {"id": 1, "v": None, "n": math.nan, "f": math.nan, "b": b"\0"},
        {"id": 2, "v": "", "n": -0.0, "f": None, "b": None},
        {"id": 3, "v": "é", "n": 0.1, "f": 0.5, "b": b""},
    ]
    table.load(*same, {"id": 4, "v": None}, {"id": 5, "n": 0.0}, {"id": 6, "f": 0.0}, {"id": 7, "n": None})
    yield
    table.reload(*same, {"id": 4, "v": ""}, {"id": 5, "n": -0.0}, {"id": 6, "f": -0.0}, {"id": 7, "n": math.nan})
    yield
    assert table.counts() == {"read": 7, "unchanged": 3, "updated": 4}
    rows = {row["id"]: row for row in table.rows()}
    assert [math.copysign(1, value) for value in (rows[5]["n"], rows[6]["f"])] == [-1, -1]


@arms(*EVERY_ENGINE)
@story
def test_a_row_moves_between_partitions(told):
    """S13"""
    table = difference(told, hudi_partition_key="v")
    table.load({"id": 1, "v": "p"}, {"id": 2, "v": "p"}, {"id": 3, "v": "q"})
    yield
    table.reload({"id": 1, "v": "q"}, {"id": 2, "v": "p"})
    yield
    assert table.values() == {1: "q", 2: "p"}
    assert table.counts() == {"read": 2, "updated": 1, "unchanged": 1, "removed": 1}


@story
def test_a_column_that_the_load_brings_makes_rows_differ(told):
    """S19: one that is null everywhere does not."""
    table = difference(told)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"})
    yield
    table.columns["extra"] = pa.int32()
    table.reload({"id": 1, "v": "one", "extra": 7}, {"id": 2, "v": "two"})
    yield
    assert table.counts() == {"read": 2, "updated": 1, "unchanged": 1}
    assert table.rows("id", "extra") == [{"id": 1, "extra": 7}, {"id": 2, "extra": None}]


@story
def test_a_reload_without_a_readable_row_does_not_empty_the_table(told):
    table = difference(told)
    table.load({"id": 1, "v": "one"})
    yield
    table.reload(bad(load_row(id=None, v="no key")))
    table.changes(delete(5, id=9))
    yield
    assert table.result.outcome is Outcome.REFRESH_ERROR
    assert "none can be applied" in table.result.error
    assert table.values() == {1: "one"}


@story
def test_a_reload_that_cannot_be_read_whole_waits(told):
    table = difference(told)
    table.load({"id": 1, "v": "one"})
    yield
    table.reload({"id": 2, "v": "two"})
    table.put("LOAD00000002.parquet", b"no parquet", ())
    yield
    assert table.result.outcome is Outcome.REFRESH_ERROR
    assert table.values() == {1: "one"}
