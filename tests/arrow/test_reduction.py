"""One row a key, and what it does to the table."""

from __future__ import annotations

from types import SimpleNamespace

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from file_processor.choosing import CycleKind
from file_processor.columns import CHANGE_SEQUENCE, GENERATION, OPERATION, ORDER
from file_processor.engines.arrow.reduction import (
    EFFECT,
    GROUP,
    KEY,
    MOVED,
    PATH,
    Stored,
    latest_of_each_key,
    reduced,
    with_effects,
)
from odpf.table_config import read_table_config
from tests.file_processor.workbench import table_item


def plan(
    kind: CycleKind = CycleKind.CHANGES, mode: str = "S", generation: int = 1, position: str | None = None
) -> SimpleNamespace:
    item = table_item(table_data_versioning_type=mode, cdc_stream_position_column=position)
    return SimpleNamespace(kind=kind, generation=generation, mode=mode, config=read_table_config(item))


def stored(paths: dict[str, str] | None = None, **orders: str) -> Stored:
    """The table has these keys, at these order positions, each in group `g<key>`."""
    groups = {f"g{key}": "" for key in orders} | (paths or {})
    texts = [[*orders], [*orders.values()], [f"g{key}" for key in orders]]
    return Stored(*(pa.chunked_array([each], pa.string()) for each in texts), len(orders), groups)


def row(operation: str, order: str = "5", generation: int = 1, path: str | None = None, key: str = "k") -> pa.Table:
    columns = {KEY: [key], OPERATION: [operation], ORDER: [order], **({PATH: [path]} if path is not None else {})}
    table = pa.table({name: pa.chunked_array([values], pa.string()) for name, values in columns.items()})
    return table.append_column(GENERATION, pa.chunked_array([[generation]], pa.int32()))


def effect(rows: pa.Table, found: Stored | None, of_plan: SimpleNamespace) -> str:
    (one,) = with_effects(rows, found, of_plan)[EFFECT].to_pylist()
    return str(one)


CHANGES = [
    ("I", None, "inserted"),
    ("U", None, "inserted"),
    ("D", None, "unchanged"),
    ("I", "4", "updated"),
    ("U", "4", "updated"),
    ("D", "4", "deleted"),
    ("U", "5", "late"),
    ("U", "6", "late"),
    ("D", "6", "late"),
]


@pytest.mark.parametrize(("operation", "there", "expected"), CHANGES)
def test_a_change_counts_against_what_is_stored(operation, there, expected):
    found = stored(**({"k": there} if there else {}))
    assert effect(row(operation), found, plan()) == expected


@pytest.mark.parametrize("operation", "IUD")
def test_a_row_of_an_earlier_generation_is_late(operation):
    for kind in (CycleKind.CHANGES, CycleKind.RELOAD):
        assert effect(row(operation, generation=1), stored(k="1"), plan(kind, generation=2)) == "late"


@pytest.mark.parametrize(
    ("operation", "there", "expected"),
    [("I", None, "inserted"), ("I", "9", "updated"), ("D", "1", "unchanged"), ("D", None, "unchanged")],
)
def test_a_reload_replaces_whatever_is_stored(operation, there, expected):
    found = stored(**({"k": there} if there else {}))
    assert effect(row(operation), found, plan(CycleKind.RELOAD)) == expected


@pytest.mark.parametrize(("there", "expected"), [(None, "inserted"), ("9", "unchanged"), ("1", "unchanged")])
@pytest.mark.parametrize("operation", "IUD")
def test_a_history_takes_every_change_once(operation, there, expected):
    found = stored(**({"k": there} if there else {}))
    assert effect(row(operation), found, plan(mode="H")) == expected


@pytest.mark.parametrize(
    ("there", "comes", "expected"),
    [("", "20", "inserted"), ("20", "20", "unchanged"), ("30", "20", "unchanged"), ("10", "20", "updated")],
)
def test_a_change_at_a_position_that_a_history_has_is_told_by_its_greatest_sequence(there, comes, expected):
    found = stored(**({"k": f"000001 {there} a.parquet 0000000001"} if there else {}))
    again = row("U", order=f"000001 {comes} b.parquet 0000000001")
    again = again.append_column(CHANGE_SEQUENCE, pa.chunked_array([[comes]], pa.string()))
    assert effect(again, found, plan(mode="H", position="pos")) == expected


def test_a_load_that_a_history_has_is_nothing_new():
    found = stored(k="000001  LOAD00000001.parquet 0000000001")
    again = row("I", order="000001  LOAD00000002.parquet 0000000001")
    again = again.append_column(CHANGE_SEQUENCE, pa.chunked_array([[""]], pa.string()))
    assert effect(again, found, plan(mode="H", position="pos")) == "unchanged"


def test_a_first_load_has_nothing_to_compare_with():
    rows = with_effects(row("I"), None, plan(CycleKind.LOAD))
    assert rows.select([EFFECT, GROUP, MOVED]).to_pylist() == [{EFFECT: "inserted", GROUP: None, MOVED: False}]


@pytest.mark.parametrize(("operation", "was", "moves"), [("U", "p=a", True), ("U", "p=b", False), ("D", "p=a", False)])
def test_only_an_update_into_another_partition_moves(operation, was, moves):
    rows = with_effects(row(operation, path="p=b"), stored({"gk": was}, k="1"), plan())
    assert rows[GROUP].to_pylist() == ["gk"]
    assert rows[MOVED].to_pylist() == [moves]


def test_a_late_row_does_not_move():
    rows = with_effects(row("U", path="p=b"), stored({"gk": "p=a"}, k="9"), plan())
    assert rows[MOVED].to_pylist() == [False]


def test_rows_are_counted_by_what_they_do():
    rows = pa.concat_tables([row("I", key="new"), row("U", key="old"), row("D", key="gone"), row("D", key="never")])
    found = stored(old="1", gone="1", other="1")
    counted = reduced(pa.table({KEY: ["k"] * 9}), "7", with_effects(rows, found, plan()), found, plan())
    assert counted._asdict() == {
        "valid": 9,
        "inserted": 1,
        "updated": 1,
        "deleted": 1,
        "unchanged": 1,
        "late": 0,
        "greatest": "7",
        "moved": 0,
        "removed": 0,
        "written": 3,
        "loaded": None,
    }


def test_a_reload_counts_the_rows_that_it_does_not_have_again():
    found, of_plan = stored(old="1", gone="1", other="1"), plan(CycleKind.RELOAD)
    rows = pa.concat_tables([row("I", key="new"), row("I", key="old")])
    assert reduced(pa.table({KEY: ["k"] * 2}), "5", with_effects(rows, found, of_plan), found, of_plan).removed == 2


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 10**6)), max_size=30, unique_by=lambda each: each[1]))
def test_the_row_with_the_greatest_position_of_every_key_is_left(changes):
    texts = [(key, f"{number:07d}") for key, number in changes]
    rows = pa.table(
        {KEY: pa.array([k for k, _ in texts], pa.string()), ORDER: pa.array([o for _, o in texts], pa.string())}
    )
    latest = latest_of_each_key(rows)
    assert {each[KEY]: each[ORDER] for each in latest.to_pylist()} == dict(sorted(texts, key=lambda each: each[1]))
    assert latest.num_rows == len({key for key, _ in texts})
    assert latest.num_rows == 0 or pc.max(latest[ORDER]).as_py() == max(order for _, order in texts)
