from __future__ import annotations

import json
import time

import pytest

from file_processor.timeline import Timeline
from tests.engines.staged_table import bad, delete, insert, load_row, update
from tests.engines.stories import story


@story
def test_a_load_of_many_files_with_hexadecimal_numbers_is_one_table(told):
    """S8"""
    table = told.table()
    for number in range(1, 18):
        table.load({"id": number, "v": f"load {number:X}"}, name=f"LOAD{number:08X}.parquet")
    yield
    table.check()
    assert len(table.rows()) == 17
    assert len(table.lake.commits(table.location)) == 1


@story
def test_of_a_key_that_a_load_has_twice_the_last_row_counts(told):
    """S8: a row that moved between two segments while DMS read them; rows without a key are set aside beside it."""
    table = told.table()
    table.load({"id": 1, "v": "first"}, {"id": 2, "v": "two"}, bad(load_row(id=None, v="none")))
    table.load({"id": 1, "v": "last"}, {"id": 3, "v": "three"}, name="LOAD00000002.parquet")
    yield
    table.check()
    assert table.values() == {1: "last", 2: "two", 3: "three"}
    assert table.counts() == {"read": 5, "inserted": 3, "collapsed": 1, "quarantined": 1}


@story
def test_every_column_of_a_load_may_be_null_later(told):
    """Also those that no row of a load has empty: a commit's schema is the table's from then on."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    schema = json.loads(Timeline(table.lake.aws.objects, table.location).newest_own().avro_schema)
    assert [field["name"] for field in schema["fields"] if "null" not in field["type"]] == []


@story
def test_a_load_of_which_no_row_can_be_applied_makes_an_empty_table(told):
    table = told.table()
    table.load(bad(load_row(id=None, v="one")), bad(load_row(id=None, v="two")))
    yield
    table.check()
    assert table.counts() == {"read": 2, "quarantined": 2}


@story
def test_load_files_that_come_later_extend_the_load(told):
    """S8: they are older than every change."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    table.changes(update(1, id=2, v="changed before its row was loaded"))
    yield
    table.check()
    table.load({"id": 2, "v": "loaded"}, {"id": 3, "v": "loaded"}, name="LOAD0000000A.parquet")
    table.load({"id": 4, "v": "loaded"}, name="segments/SEGMENT1_LOAD00000001.parquet")
    yield
    table.check()
    assert table.values() == {1: "loaded", 2: "changed before its row was loaded", 3: "loaded", 4: "loaded"}


@story
def test_changes_that_the_load_already_contains_make_no_duplicates(told):
    """S10"""
    table = told.table()
    table.load({"id": 1, "v": "already changed"}, {"id": 2, "v": "already inserted"})
    table.changes(
        update(1, id=1, v="already changed"), insert(2, id=2, v="already inserted"), delete(3, id=3, v="already gone")
    )
    yield
    table.check()
    assert table.values() == {1: "already changed", 2: "already inserted"}


@story
@pytest.mark.parametrize("table_type", ["copy_on_write", "merge_on_read"])
def test_a_second_full_load_replaces_the_table_in_one_commit(told, table_type):
    """S9"""
    table = told.table(hudi_table_type=table_type)
    table.load(*({"id": number, "v": "first"} for number in range(6)))
    yield
    table.changes(update(1, id=1, v="changed"), delete(2, id=2), insert(3, id=9, v="new"))
    yield
    table.reload({"id": 1, "v": "second"}, {"id": 2, "v": "second"}, {"id": 5, "v": "second"})
    yield
    table.check()
    assert table.values() == {1: "second", 2: "second", 5: "second"}
    assert table.counts() == {"read": 3, "updated": 2, "inserted": 1, "removed": 4}
    assert len(table.lake.commits(table.location)) == 3
    table.changes(update(4, id=1, v="after the reload"), delete(5, id=5))
    yield
    table.check()
    assert table.values() == {1: "after the reload", 2: "second"}


@story
def test_a_reload_and_the_changes_after_it_can_come_in_one_run(told):
    """S9"""
    table = told.table()
    table.load({"id": 1, "v": "first"}, {"id": 2, "v": "first"})
    table.changes(update(1, id=1, v="changed"))
    yield
    table.reload({"id": 1, "v": "second"}, {"id": 3, "v": "second"})
    table.changes(update(2, id=1, v="after the reload"), delete(3, id=3), insert(4, id=4, v="new"))
    yield
    table.check()
    assert table.values() == {1: "after the reload", 4: "new"}


@story
def test_a_change_written_before_the_reload_does_not_overwrite_it(told):
    """S9, R3a: it was put before the reload's first object, comes in one run with it, and once more after it."""
    table = told.table()
    table.load({"id": 1, "v": "first"}, {"id": 2, "v": "first"})
    yield
    old = (update(1, id=1, v="before the reload"), insert(2, id=7, v="gone in the reload"))
    table.changes(*old, generation=1)
    time.sleep(1.1)  # LastModified has whole seconds
    table.reload({"id": 1, "v": "second"}, {"id": 2, "v": "second"})
    yield
    table.check()
    assert table.values() == {1: "second", 2: "second"}
    table.changes(*old)
    yield
    table.check()
    assert table.values() == {1: "second", 2: "second"}


@story
def test_a_change_that_a_reload_contains_does_nothing_when_it_is_delivered_again(told):
    """S6, S9: in the reload's own run and after it."""
    table = told.table()
    table.load({"id": 1, "v": "first"}, {"id": 2, "v": "first"})
    old = (update(1, id=1, v="old"), insert(2, id=7, v="old"), delete(3, id=2))
    table.changes(*old)
    yield
    table.reload({"id": 1, "v": "second"}, {"id": 2, "v": "second"})
    table.changes(*old)
    yield
    table.check()
    assert table.values() == {1: "second", 2: "second"}
    table.changes(*old)
    yield
    table.check()
    assert table.values() == {1: "second", 2: "second"}


@story
def test_a_change_before_two_reloads_does_nothing_when_it_is_delivered_after_them(told):
    """S6, S9: a reload without changes in between does not forget what came before."""
    table = told.table()
    table.load({"id": 1, "v": "first"})
    table.changes(update(5, id=1, v="old"))
    yield
    table.reload({"id": 1, "v": "second"})
    yield
    table.reload({"id": 1, "v": "third"})
    yield
    table.check()
    table.changes(update(5, id=1, v="old"), update(6, id=2, v="new"))
    yield
    table.check()
    assert table.values() == {1: "third", 2: "new"}


@story
def test_a_partitioned_table_is_reloaded_whole(told):
    """S9: partitions that the new load does not have are empty."""
    table = told.table(hudi_partition_key="v")
    table.load({"id": 1, "v": "a"}, {"id": 2, "v": "b"}, {"id": 3, "v": "c"})
    yield
    table.reload({"id": 1, "v": "b"}, {"id": 4, "v": "d"})
    yield
    table.check()
    assert table.values() == {1: "b", 4: "d"}
    table.changes(update(1, id=1, v="a"), delete(2, id=4))
    yield
    table.check()
    assert table.values() == {1: "a"}


@story
def test_a_reload_with_columns_of_another_type_leaves_the_table_and_says_so(told):
    """S9, S19: insert_overwrite_table keeps the stored column types, so values would silently become others."""
    table = told.table()
    table.load({"id": 1, "v": "first"})
    yield
    table.columns["v"] = table.columns["id"]
    table.reload({"id": 1, "v": 5})
    yield
    assert table.result.outcome == "refresh_error"
    assert "v is bigint in this file and string in the table" in table.result.error
    assert table.rows("id", "v") == [{"id": 1, "v": "first"}]


@story
def test_history_keeps_what_a_reload_replaces(told):
    """S15: the new load is one more generation."""
    table = told.table(history=True)
    table.load({"id": 1, "v": "first"}, {"id": 2, "v": "first"})
    table.changes(update(1, id=1, v="changed"))
    yield
    table.reload({"id": 1, "v": "second"})
    table.changes(update(2, id=1, v="after the reload"))
    yield
    table.check()
    assert len(table.rows()) == 5


@story
def test_history_does_not_take_a_change_twice_when_it_is_delivered_after_a_reload(told):
    """S15"""
    table = told.table(history=True)
    table.load({"id": 1, "v": "first"})
    table.changes(update(1, id=1, v="changed"))
    yield
    table.reload({"id": 1, "v": "second"})
    yield
    table.changes(update(1, id=1, v="changed"), update(2, id=1, v="after the reload"))
    yield
    table.check()
    assert len(table.rows()) == 4


@story
def test_a_load_without_rows_makes_an_empty_table(told):
    """S20"""
    table = told.table()
    table.load()
    yield
    table.check()
    assert table.rows() == []
    table.changes(insert(1, id=1, v="first"))
    yield
    table.check()
    assert table.values() == {1: "first"}


@story
@pytest.mark.parametrize(
    "options",
    [{}, {"reload_mode": "difference"}, {"delete_mode": "soft"}, {"table_data_versioning_type": "V"}],
    ids=["replace", "difference", "soft", "V"],
)
def test_a_reload_of_which_no_row_can_be_applied_takes_nothing_away_whatever_comes_with_it(told, options):
    """S9: changes on top are no load."""
    table = told.table(**options)
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"})
    yield
    before = table.rows()
    table.reload(bad(load_row(id=None, v="no key")))
    table.changes(insert(5, id=9, v="new"))
    yield
    assert "none can be applied" in table.result.error
    assert table.rows() == before


@story
def test_a_reload_whose_rows_are_all_deleted_on_top_leaves_an_empty_table(told):
    """S9, G2"""
    table = told.table()
    table.load({"id": 1, "v": "one"}, {"id": 2, "v": "two"})
    yield
    table.reload({"id": 3, "v": "three"})
    table.changes(delete(5, id=3))
    yield
    table.check()
    assert table.rows() == []


@story
def test_a_reload_without_rows_empties_the_table(told):
    """S9: the source says so in a file of its own; files that are gone never do."""
    table = told.table()
    table.load({"id": 1, "v": "first"})
    yield
    table.reload()
    yield
    table.check()
    assert table.rows() == []


@story
def test_a_load_removed_at_the_source_changes_nothing(told):
    """S23: a TRUNCATE makes DMS remove the table's files."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    table.lake.remove(table.source, "LOAD00000001.parquet")
    yield
    assert table.values() == {1: "loaded"}


@story
def test_change_files_alone_can_make_a_table(told):
    """S8: full_load none."""
    table = told.table(full_load="none")
    table.changes(insert(1, id=1, v="a"), update(2, id=1, v="b"), delete(3, id=2), insert(4, id=3, v="c"))
    yield
    table.check()
    assert table.values() == {1: "b", 3: "c"}
    table.changes(delete(5, id=3))
    yield
    table.check()
    assert table.values() == {1: "b"}


@story
def test_a_load_of_a_table_made_by_change_files_does_not_overwrite_them(told):
    """S8: its rows are older than every change."""
    table = told.table(full_load="none")
    table.changes(insert(1, id=1, v="changed"))
    yield
    table.load({"id": 1, "v": "loaded"}, {"id": 2, "v": "loaded"})
    yield
    assert table.values() == {1: "changed", 2: "loaded"}
