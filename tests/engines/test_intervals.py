"""S16: validity intervals, whatever the order of delivery."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pyarrow as pa
import pytest

from tests.engines.staged_table import StagedTable, bad
from tests.engines.stories import arms, story
from tests.reference.oracle import Change

LONG_ARMS = ("spark",)
"""Its arm is for the long tests; where the engines take turns it does half of the work all the same."""

EVERY_ARM = ("spark", "arrow", "spark-arrow")
BOTH_TYPES = pytest.mark.parametrize("table_type", ["copy_on_write", "merge_on_read"])
DAY = datetime(2024, 3, 1, tzinfo=UTC)
COLUMNS = {"id": pa.int64(), "v": pa.string()}


def at(minute: int) -> datetime:
    """A moment of the day."""
    return DAY + timedelta(minutes=minute)


def change(operation: str, minute: int, /, counter: int = 1, **row: object) -> Change:
    """A change committed in that minute."""
    return Change(operation, f"{at(minute):%Y%m%d%H%M%S}00{counter:019d}", row)


def versions(table: StagedTable) -> dict[int, list[tuple[object, ...]]]:
    """(value, minute from, minute to) of every version, by key; `loaded` is where a load began."""
    found: dict[int, list[tuple[object, ...]]] = {}
    for row in sorted(table.rows(), key=lambda row: row["_odpf_order"]):
        assert row["_odpf_is_current"] == (row["_odpf_valid_to"] is None)
        times = [row["_odpf_valid_from"], row["_odpf_valid_to"]]
        found.setdefault(row["id"], []).append((row["v"], *map(minute, times)))
    return found


def minute(moment: datetime | None) -> object:
    """Of the day; a load began at another one."""
    if moment is None:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - DAY) // timedelta(minutes=1) if moment.date() == DAY.date() else "loaded"


@arms(*EVERY_ARM)
@story
@BOTH_TYPES
def test_every_change_is_a_version_that_ends_where_the_next_begins(told, table_type):
    table = told.table(columns=COLUMNS, full_load="none", table_data_versioning_type="V", hudi_table_type=table_type)
    table.changes(change("I", 1, id=1, v="a"), change("I", 1, id=2, v="x"))
    yield
    assert versions(table) == {1: [("a", 1, None)], 2: [("x", 1, None)]}
    assert table.counts() == {"read": 2, "inserted": 2}
    table.changes(change("U", 3, id=1, v="b"), change("D", 4, id=2), change("U", 5, id=1, v="c"))
    yield
    assert versions(table) == {1: [("a", 1, 3), ("b", 3, 5), ("c", 5, None)], 2: [("x", 1, 4)]}
    assert table.counts() == {"read": 3, "updated": 2, "deleted": 1}
    table.changes(change("I", 9, id=2, v="y"))
    yield
    assert versions(table)[2] == [("x", 1, 4), ("y", 9, None)]


@arms(*EVERY_ARM)
@story
def test_every_order_of_delivery_ends_in_the_same_intervals(told):
    steps = (change("I", 1, v="a"), change("U", 2, v="b"), change("D", 3), change("I", 4, v="d"))
    orders = list(permutations(range(4)))
    table = told.table(columns=COLUMNS, full_load="none", table_data_versioning_type="V")
    for number in range(4):
        rows = [
            steps[order[number]]._replace(row={"id": key, **steps[order[number]].row})
            for key, order in enumerate(orders)
        ]
        table.changes(*rows)
        yield
    assert versions(table) == {key: [("a", 1, 2), ("b", 2, 3), ("d", 4, None)] for key in range(len(orders))}


@story
def test_a_late_change_splits_the_interval_it_falls_into(told):
    table = told.table(columns=COLUMNS, full_load="none", table_data_versioning_type="V")
    table.changes(change("I", 1, id=1, v="a"), change("U", 9, id=1, v="c"), change("I", 1, id=2, v="x"))
    yield
    table.changes(change("U", 5, id=1, v="b"), change("D", 6, id=2))
    yield
    assert versions(table) == {1: [("a", 1, 5), ("b", 5, 9), ("c", 9, None)], 2: [("x", 1, 6)]}
    assert table.counts() == {"read": 2, "updated": 1, "deleted": 1}
    table.changes(change("D", 7, id=1), change("U", 3, id=2, v="y"))
    yield
    assert versions(table) == {1: [("a", 1, 5), ("b", 5, 7), ("c", 9, None)], 2: [("x", 1, 3), ("y", 3, 6)]}


@story
def test_a_delete_that_ended_nothing_ends_what_comes_late(told):
    table = told.table(columns=COLUMNS, full_load="none", table_data_versioning_type="V")
    table.changes(change("I", 1, id=9, v="other"))
    yield
    table.changes(change("D", 5, id=1), change("I", 8, id=2, v="x"))
    yield
    assert table.counts() == {"read": 2, "unchanged": 1, "inserted": 1}
    table.changes(change("I", 2, id=1, v="late"))
    yield
    assert versions(table)[1] == [("late", 2, 5)]


@arms(*EVERY_ARM)
@story
def test_the_same_changes_again_change_nothing(told):
    table = told.table(columns=COLUMNS, full_load="none", table_data_versioning_type="V")
    rows = (change("I", 1, id=1, v="a"), change("U", 2, id=1, v="b"), change("D", 3, id=1), change("D", 4, id=2))
    table.changes(*rows)
    yield
    before = table.rows()
    table.changes(*rows)
    yield
    assert table.rows() == before
    assert table.counts() == {"read": 4, "unchanged": 4}


@story
def test_changes_of_one_moment_are_versions_of_no_length(told):
    """S1: nothing is lost, and no moment lies in them."""
    table = told.table(columns=COLUMNS, full_load="none", table_data_versioning_type="V")
    table.changes(change("I", 1, 1, id=1, v="a"), change("U", 1, 2, id=1, v="b"), change("U", 1, 3, id=1, v="c"))
    yield
    assert versions(table) == {1: [("a", 1, 1), ("b", 1, 1), ("c", 1, None)]}


@arms(*EVERY_ARM)
@story
def test_what_comes_late_with_a_reload_ends_where_a_delete_of_before_did(told):
    """S5, S9: the delete ended nothing when it was applied, so it is stored nowhere."""
    table = told.table(columns=COLUMNS, table_data_versioning_type="V")
    table.load({"id": 1, "v": "a"})
    table.changes(change("D", 3, id=2), change("U", 4, id=1, v="b"))
    yield
    table.check()
    table.reload({"id": 1, "v": "b"}, {"id": 2, "v": "back"})
    table.changes(change("I", 2, id=2, v="before the delete"))
    yield
    table.check()


@story
def test_a_reload_ends_what_it_does_not_have_and_keeps_what_is_the_same(told):
    """S9"""
    table = told.table(columns={**COLUMNS, "f": pa.float64()}, table_data_versioning_type="V")
    table.load({"id": 1, "v": "a", "f": float("nan")}, {"id": 2, "v": "b"}, {"id": 3, "v": "c", "f": 0.0})
    yield
    assert {key: [each[0] for each in of] for key, of in versions(table).items()} == {1: ["a"], 2: ["b"], 3: ["c"]}
    table.reload({"id": 1, "v": "a", "f": float("nan")}, {"id": 3, "v": "c", "f": -0.0}, {"id": 4, "v": "d"})
    yield
    assert versions(table) == {
        1: [("a", "loaded", None)],
        2: [("b", "loaded", "loaded")],
        3: [("c", "loaded", "loaded"), ("c", "loaded", None)],
        4: [("d", "loaded", None)],
    }
    assert table.counts() == {"read": 3, "unchanged": 1, "updated": 1, "inserted": 1, "removed": 1}


@story
def test_a_change_of_key_ends_the_old_one(told):
    """S11"""
    table = told.table(columns={**COLUMNS, "BI_ID": pa.int64()}, full_load="none", table_data_versioning_type="V")
    table.changes(change("I", 1, id=1, v="a"))
    yield
    table.changes(change("U", 3, id=10, v="b", BI_ID=1))
    yield
    assert versions(table) == {1: [("a", 1, 3)], 10: [("b", 3, None)]}
    assert table.counts() == {"read": 1, "updated": 1}


@arms(*EVERY_ARM)
@story
def test_intervals_lie_in_the_partitions_of_their_values(told):
    """S13"""
    table = told.table(
        key="id,w", columns={"id": pa.int64(), "w": pa.string(), "v": pa.string()}, full_load="none",
        table_data_versioning_type="V", hudi_partition_key="v",
    )  # fmt: skip
    table.changes(change("I", 1, id=1, w="k", v="p"), change("I", 1, id=2, w="k", v="q"))
    yield
    table.changes(change("U", 3, id=1, w="k", v="q"), change("D", 4, id=2, w="k"))
    yield
    assert versions(table) == {1: [("p", 1, 3), ("q", 3, None)], 2: [("q", 1, 4)]}


@story
def test_a_change_whose_time_nobody_tells_goes_to_quarantine(told):
    table = told.table(columns=COLUMNS, full_load="none", table_data_versioning_type="V")
    table.changes(change("I", 1, id=1, v="a"), bad(Change("I", "9" * 35, {"id": 2, "v": "no time"})))
    yield
    assert versions(table) == {1: [("a", 1, None)]}
    assert "when it was committed" in table.quarantined_rows()[0]["reason"]
