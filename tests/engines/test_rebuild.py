"""A table is rebuilt from its staged files beside the one that readers read, compared with it, and moved."""

import pyarrow as pa
import pytest

from odpf.states import Outcome, RefreshStatus
from tests.engines.staged_table import DATABASE, delete, insert, load_row, sequence, update
from tests.engines.stories import arms, story
from tests.reference.plain_values import plain_rows

ARMS = ("arrow",)
LONG_ARMS = ("spark-arrow",)
MODES = {
    "snapshot": {},
    "history": {"history": True},
    "intervals": {"table_data_versioning_type": "V"},
    "soft": {"delete_mode": "soft"},
    "partitioned": {"hudi_partition_key": "v"},
}


def position(number, generation=1):
    """The beginning of an order position."""
    return f"{generation:06d} {sequence(number)}"


def some_changes(table):
    """Three cycles of changes."""
    table.load({"id": 1, "v": "a"}, {"id": 2, "v": "b"}, {"id": 3, "v": "c"})
    yield
    table.changes(update(1, id=1, v="a1"), delete(2, id=2), insert(3, id=4, v="d"))
    yield
    table.changes(update(4, id=1, v="a2"), insert(5, id=2, v="b2"))
    yield
    table.changes(delete(6, id=3), update(7, id=4, v="d2"))
    yield


@story
def test_a_table_with_other_record_keys_is_right_after_the_rebuild_that_is_advised(told):
    """S24"""
    table = told.table()
    table.load({"id": 1, "v": "a"})
    yield
    objects, bucket = table.lake.aws.objects, table.lake.settings.raw_bucket
    key = f"{DATABASE}/{table.name}/.hoodie/hoodie.properties"
    objects.put(bucket, key, objects.get(bucket, key).replace(b"NonpartitionedKeyGenerator", b"ComplexKeyGenerator"))
    table.changes(update(1, id=1, v="changed"))
    yield
    assert table.result.outcome is Outcome.REFRESH_ERROR
    assert f"odpf resnapshot --table {table.source}" in table.result.error
    table.rebuild()
    yield
    table.check()
    assert table.values() == {1: "changed"}


def differs_in(report):
    found = report.differences
    return found.changed, found.only_before, found.only_after


@story
@pytest.mark.parametrize("mode", MODES)
def test_a_table_that_is_right_is_the_same_after_its_rebuild(told, mode):
    table = told.table(**MODES[mode])
    yield from some_changes(table)
    table.check()
    rows, former, mark = table.rows(), table.location, table.mark
    report = table.rebuild()
    assert differs_in(report) == (0, 0, 0)
    assert report.differences.same == len(rows)
    assert (report.former_location, report.location) == (former, table.location)
    assert table.location != former
    assert plain_rows(table.rows()) == plain_rows(told.lake.rows(former)) == plain_rows(rows)
    assert table.mark == mark
    table.changes(update(8, id=4, v="d3"), update(2, id=1, v="late"), insert(6, id=3, v="deleted later"))
    yield
    assert table.result.outcome is Outcome.COMPLETED, table.result.error


@arms("arrow", "spark-arrow")
@story
@pytest.mark.parametrize("mode", MODES)
def test_a_table_is_right_after_what_follows_its_rebuild(told, mode):
    table = told.table(**MODES[mode])
    yield from some_changes(table)
    table.rebuild()
    table.changes(update(8, id=4, v="d3"), update(2, id=1, v="late"), update(1, id=3, v="before it was deleted"))
    yield
    table.check()
    table.rebuild()
    table.changes(delete(9, id=1), insert(10, id=5, v="e"))
    yield
    table.check()


@story
@pytest.mark.parametrize("mode", MODES)
def test_what_came_after_a_position_is_applied_again(told, mode):
    table = told.table(**MODES[mode])
    yield from some_changes(table)
    rows = table.rows()
    report = table.rebuild(since=position(4))
    assert report.began_behind is not None
    assert report.files == 2
    assert differs_in(report) == (0, 0, 0)
    assert plain_rows(table.rows()) == plain_rows(rows)
    table.changes(update(8, id=4, v="d3"), update(2, id=1, v="late"), update(1, id=3, v="before it was deleted"))
    yield
    table.check()


@story
def test_only_compared_the_table_stays_where_it_is(told):
    table = told.table()
    yield from some_changes(table)
    former = table.location
    report = table.rebuild(compare_only=True)
    assert differs_in(report) == (0, 0, 0)
    assert table.location == former == report.location
    bucket, prefix = former.removeprefix("s3://").split("/", 1)
    assert not list(told.lake.aws.objects.list(bucket, f"{prefix}."))


@arms("arrow", "spark")
@story
def test_rows_that_differ_are_shown(told):
    """A column that the policy left out, and that is wanted now, is what a rebuild is for."""
    table = told.table()
    table.load({"id": 1, "v": "a"}, {"id": 2, "v": "b"}, {"id": 3, "v": "c"})
    yield
    table.changes(update(1, id=1, v="a1"))
    yield
    table.columns = {**table.columns, "w": pa.int64()}
    table.reconfigure(schema_policy={"added": "discard"})
    table.changes(update(2, id=2, v="b1", w=7))
    yield
    table.reconfigure(schema_policy={"added": "evolve"})
    report = table.rebuild()
    assert report.differences.columns == ("w",)
    assert [(each.key, each.before, each.after) for each in report.differences.examples] == [
        ("2", {"w": None}, {"w": 7})
    ]
    assert [row["w"] for row in table.rows()] == [None, 7, None]


@story
def test_a_reload_begins_the_rebuild_of_a_snapshot_table(told):
    table = told.table()
    yield from some_changes(table)
    table.reload({"id": 1, "v": "r"}, {"id": 9, "v": "r9"})
    yield
    table.changes(update(11, id=1, v="r1"), update(3, id=9, v="captured before the load"))
    yield
    table.check()
    rows = table.rows()
    report = table.rebuild()
    assert (report.files, differs_in(report)) == (2, (0, 0, 0))
    assert plain_rows(table.rows()) == plain_rows(rows)


@story
@pytest.mark.parametrize("mode", ["history", "intervals", "soft"])
def test_files_that_are_gone_stop_a_rebuild_and_a_replay_begins_behind_them(told, mode):
    table = told.table(**MODES[mode])
    yield from some_changes(table)
    table.reload({"id": 1, "v": "r"}, {"id": 9, "v": "r9"})
    yield
    table.changes(update(11, id=1, v="r1"))
    yield
    rows, former = table.rows(), table.location
    result, report = table.rebuilt()
    assert (result.outcome, report) == (Outcome.REFRESH_ERROR, None)
    assert "LOAD00000001.parquet" in result.error
    assert "odpf replay" in result.error
    assert table.location == former
    assert plain_rows(table.rows()) == plain_rows(rows)
    report = table.rebuild(since=position(11, generation=2))
    assert differs_in(report) == (0, 0, 0)
    assert plain_rows(table.rows()) == plain_rows(rows)


@story
@pytest.mark.parametrize(
    ("since", "said"),
    [
        ("000000 ", ("ends at 1:", "odpf resnapshot")),  # before all that can be read
        ("000009 ", ("No file",)),  # behind everything
    ],
)
def test_a_position_without_a_beginning_or_an_end_is_refused(told, since, said):
    table = told.table()
    yield from some_changes(table)
    former = table.location
    result, report = table.rebuilt(since=since)
    assert (result.outcome, report) == (Outcome.REFRESH_ERROR, None)
    assert [text for text in said if text not in result.error] == []
    assert table.location == former
    state = told.lake.aws.ledger.state(f"{DATABASE}.{table.name}")
    assert (state.refresh_status, state.last_error) == (RefreshStatus.COMPLETED, None)


@story
def test_generation_floor_and_mark_stay(told):
    table = told.table()
    yield from some_changes(table)
    table.reload({"id": 1, "v": "r"}, {"id": 2, "v": "r2"}, {"id": 3, "v": "r3"})
    yield
    table.reload({"id": 1, "v": "s"}, {"id": 2, "v": "s2"})
    table.changes(update(12, id=2, v="s3"))
    yield
    before = told.lake.aws.ledger.state(f"{DATABASE}.{table.name}")
    table.rebuild()
    after = told.lake.aws.ledger.state(f"{DATABASE}.{table.name}")
    kept = ("generation", "floor", "load_started_at", "load_id", "high_water_mark", "last_change_at")
    assert {name: getattr(before, name) for name in kept} == {name: getattr(after, name) for name in kept}
    table.load(load_row(id=1, v="t"), load_row(id=4, v="t4"))
    yield
    assert table.values() == {1: "t", 4: "t4"}


@arms("spark")
@story
def test_a_merge_on_read_table_is_rebuilt_and_replayed(told):
    table = told.table(hudi_table_type="merge_on_read")
    yield from some_changes(table)
    rows = table.rows()
    for since in (position(4), ""):
        assert differs_in(table.rebuild(since=since)) == (0, 0, 0)
        assert plain_rows(table.rows()) == plain_rows(rows)
    table.changes(update(8, id=4, v="d3"), update(1, id=3, v="before it was deleted"))
    yield
    table.check()
