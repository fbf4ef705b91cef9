from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from tests.engines.staged_table import delete, insert, update
from tests.engines.stories import story

ONE_KEY = (
    insert(1, id=10, v="50"),
    update(2, id=10, v="60"),
    update(3, id=10, v="70"),
    delete(4, id=10, v="70"),
    insert(5, id=10, v="80"),
    update(6, id=10, v="100"),
)
BOTH_TYPES = pytest.mark.parametrize("table_type", ["copy_on_write", "merge_on_read"])


@story
def test_the_change_sequence_decides_within_one_file(told):
    """S1, S20: equal commit times, rows in any order, several changes of a key."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"}, {"id": 2, "v": "loaded"}, {"id": 3, "v": "loaded"})
    yield
    table.check()
    table.changes(
        update(6, id=1, v="last"),
        delete(3, id=2, v="loaded"),
        update(2, id=1, v="first"),
        insert(4, id=2, v="again"),
        insert(5, id=4, v="new"),
        delete(7, id=3, v="loaded"),
        update(1, id=3, v="soon gone"),
    )
    yield
    table.check()
    assert table.values() == {1: "last", 2: "again", 4: "new"}


@story
def test_six_changes_of_a_key_in_one_file_end_at_the_last(told):
    """S2"""
    table = told.table()
    table.load({"id": 1, "v": "other"})
    yield
    table.changes(*ONE_KEY[::-1])
    yield
    table.check()
    assert table.values() == {1: "other", 10: "100"}


@story
def test_six_changes_of_a_key_in_six_files_of_one_run_end_at_the_last(told):
    """S2: names and times of the files that contradict the sequence mean nothing."""
    table = told.table()
    table.load({"id": 1, "v": "other"})
    yield
    for change in ONE_KEY[::-1]:
        table.changes(change)
    yield
    table.check()
    assert table.values() == {1: "other", 10: "100"}


@story
@BOTH_TYPES
def test_six_changes_of_a_key_over_six_runs_end_at_the_last(told, table_type):
    """S2"""
    table = told.table(hudi_table_type=table_type)
    table.load({"id": 1, "v": "other"})
    yield
    for change in ONE_KEY:
        table.changes(change)
        yield
        table.check()
    assert table.values() == {1: "other", 10: "100"}


@story
@pytest.mark.parametrize("seed", range(2))
def test_six_changes_of_a_key_split_at_random_end_at_the_last(told, seed):
    """S2"""
    random = Random(seed)
    table = told.table()
    table.load({"id": 1, "v": "other"}, {"id": 10, "v": "loaded"})
    yield
    rest = iter(ONE_KEY)
    while part := list(islice(rest, random.randint(1, 4))):
        random.shuffle(part)
        cut = random.randint(1, len(part))
        for file in filter(None, (part[:cut], part[cut:])):
            table.changes(*file)
        yield
        table.check()
    assert table.values() == {1: "other", 10: "100"}


@story
def test_a_change_file_stamped_before_the_last_load_file_is_applied(told):
    """S3: earlier than the load and in the same second, in one run with it."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"}, {"id": 2, "v": "loaded"})
    table.changes(update(1, id=1, v="changed"), name="20200101-000000000.parquet")
    table.changes(update(2, id=2, v="changed"))
    yield
    table.check()
    assert table.values() == {1: "changed", 2: "changed"}


@story
def test_a_change_file_stamped_before_the_load_is_applied_after_it(told):
    """S3: in a run of its own."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    table.changes(update(1, id=1, v="changed"), name="20200101-000000000.parquet")
    yield
    table.check()
    assert table.values() == {1: "changed"}


@story
def test_changes_that_were_put_before_the_load_wait_for_it_and_go_on_top(told):
    """S3, S8"""
    waits, at_once = told.table(), told.table()
    for table in (waits, at_once):
        table.changes(update(1, id=1, v="changed"), insert(2, id=2, v="new"))
    at_once.load({"id": 1, "v": "loaded"})
    yield
    assert waits.result.outcome == "waiting_for_full_load"
    at_once.check()
    waits.load({"id": 1, "v": "loaded"})
    yield
    waits.check()
    assert waits.values() == at_once.values() == {1: "changed", 2: "new"}


@story
@BOTH_TYPES
def test_a_late_change_changes_nothing(told, table_type):
    """S4"""
    table = told.table(hudi_table_type=table_type)
    table.load({"id": 1, "v": "loaded"}, {"id": 2, "v": "loaded"})
    yield
    table.changes(update(10, id=1, v="newest"), update(11, id=2, v="newest"))
    yield
    table.changes(update(5, id=1, v="late"), delete(6, id=2, v="late"))
    yield
    table.check()
    assert table.counts() == {"read": 2, "late": 2}
    assert table.values() == {1: "newest", 2: "newest"}


@story
def test_a_row_that_is_late_for_its_key_stands_beside_newer_ones(told):
    """S4: one file with rows that are late and rows that are not."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"}, {"id": 2, "v": "loaded"})
    yield
    table.changes(update(10, id=1, v="newest"))
    yield
    table.changes(update(5, id=1, v="late"), update(6, id=2, v="in time"), update(11, id=3, v="new"))
    yield
    table.check()
    assert table.values() == {1: "newest", 2: "in time", 3: "new"}


@story
def test_change_files_delivered_again_with_other_bytes_change_nothing(told):
    """S6: under the same names, and under new ones."""
    table = told.table()
    table.load(*({"id": number, "v": "loaded"} for number in range(5)))
    yield
    days = [
        (update(1, id=1, v="a"), insert(2, id=7, v="b"), delete(3, id=2, v="loaded")),
        (update(4, id=1, v="c"), delete(5, id=7, v="b"), insert(6, id=8, v="d")),
    ]
    names = [table.changes(*day) for day in days]
    yield
    before = table.rows()
    for day, name in zip(days, names, strict=True):
        table.changes(*day, name=name, compression="zstd")
    yield
    table.check()
    assert table.rows() == before
    assert not table.counts().keys() & {"inserted", "updated", "deleted"}
    assert len(table.lake.commits(table.location)) == 2
    table.changes(*days[0], *days[1])
    yield
    table.check()
    assert [row["v"] for row in table.rows()] == [row["v"] for row in before]


@story
def test_upsert_semantics_are_counted(told):
    """S7: delete of an absent key, insert of a present one, update of an absent one."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    table.changes(delete(1, id=99), insert(2, id=1, v="inserted again"), update(3, id=2, v="never inserted"))
    yield
    table.check()
    assert table.counts() == {"read": 3, "unchanged": 1, "updated": 1, "inserted": 1}
    table.changes(delete(4, id=98))
    yield
    table.check()
    assert table.counts() == {"read": 1, "unchanged": 1}


@story
@BOTH_TYPES
def test_a_delete_that_carries_only_the_key_deletes(told, table_type):
    """S14"""
    table = told.table(hudi_table_type=table_type)
    table.load({"id": 1, "v": "loaded"}, {"id": 2, "v": "loaded"})
    yield
    table.changes(delete(1, id=1))
    yield
    table.check()
    assert table.values() == {2: "loaded"}


@story
def test_every_row_of_a_table_can_be_deleted_and_inserted_again(told):
    """S1"""
    table = told.table()
    table.load({"id": 1, "v": "loaded"}, {"id": 2, "v": "loaded"})
    yield
    table.changes(delete(1, id=1), delete(2, id=2))
    yield
    table.check()
    assert table.rows() == []
    table.changes(insert(3, id=2, v="back"))
    yield
    table.check()
    assert table.values() == {2: "back"}
