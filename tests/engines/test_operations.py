from __future__ import annotations

import pyarrow as pa
import pytest

from tests.engines.staged_table import SEQUENCE, bad, delete, insert, load_row, parquet, sequence, update
from tests.engines.stories import story
from tests.reference.oracle import Change

MAPPED = {"id": pa.int64(), "v": pa.string(), "CDC_OPERATION": pa.string()}


@story
def test_load_files_without_an_operation_column_hold_inserts(told):
    """S21: decided for each file, beside one that has the column."""
    table = told.table()
    rows = [load_row(id=1, v="without"), load_row(id=2, v="without")]
    table.put("LOAD00000001.parquet", parquet(table.arrow(rows).drop_columns("Op")), rows, is_load=True)
    table.load({"id": 3, "v": "with"}, name="LOAD00000002.parquet")
    table.load(load_row(id=4, v="empty")._replace(operation=None), name="LOAD00000003.parquet")
    yield
    table.check()
    assert table.values() == {1: "without", 2: "without", 3: "with", 4: "empty"}


@story
def test_change_files_without_an_operation_column_hold_inserts(told):
    """S21: as DMS writes them with cdcInsertsOnly."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    rows = [insert(1, id=2, v="without"), insert(2, id=1, v="again")]
    table.put("20240101-120000001.parquet", parquet(table.arrow(rows).drop_columns("Op")), rows)
    table.changes(update(3, id=1, v="with"), name="20240101-120000002.parquet")
    yield
    table.check()
    assert table.values() == {1: "with", 2: "without"}


@story
@pytest.mark.parametrize("words", [("INSERT", "UPDATE", "DELETE"), ("insert", " Update ", "d"), ("I", "U", "D")])
def test_the_operation_may_be_a_word_in_a_mapped_column(told, words):
    """S21"""
    table = told.table(columns=MAPPED)
    first, second, third = words
    loaded = [load_row(id=1, v="loaded", CDC_OPERATION=None), load_row(id=2, v="loaded", CDC_OPERATION=first)]
    table.put("LOAD00000001.parquet", parquet(table.arrow(loaded).drop_columns("Op")), loaded, is_load=True)
    changes = [
        insert(1, id=3, v="new", CDC_OPERATION=first),
        update(2, id=1, v="changed", CDC_OPERATION=second),
        delete(3, id=2, CDC_OPERATION=third),
    ]
    table.put("20240101-120000001.parquet", parquet(table.arrow(changes).drop_columns("Op")), changes)
    yield
    assert _rows(table) == {1: "changed", 3: "new"}


@story
def test_the_operation_column_may_be_named_in_the_configuration(told):
    """S21"""
    table = told.table(columns={"id": pa.int64(), "v": pa.string(), "What": pa.string()}, cdc_operation_column="what")
    loaded, changes = (
        [load_row(id=1, v="loaded"), load_row(id=2, v="loaded")],
        [
            Change("", sequence(1), {"id": 1, "What": "DELETE"}),
            Change("", sequence(2), {"id": 2, "v": "changed", "What": "UPDATE"}),
        ],
    )
    table.put("LOAD00000001.parquet", parquet(table.arrow(loaded).drop_columns("Op")))
    table.put("20240101-120000001.parquet", parquet(table.arrow(changes).drop_columns("Op")))
    yield
    assert _rows(table) == {2: "changed"}


@story
def test_rows_whose_operations_disagree_are_quarantined(told):
    """S21"""
    table = told.table(columns=MAPPED)
    table.load({"id": 1, "v": "loaded", "CDC_OPERATION": "INSERT"})
    yield
    table.check()
    table.changes(
        bad(update(1, id=1, v="changed", CDC_OPERATION="DELETE")),
        update(2, id=2, v="agreed", CDC_OPERATION="UPDATE"),
        update(3, id=3, v="said once", CDC_OPERATION=None),
    )
    yield
    table.check()
    assert [row["reason"] for row in table.quarantined_rows()] == ["Op and the mapped operation column disagree"]
    assert _rows(table) == {1: "loaded", 2: "agreed", 3: "said once"}


@story
def test_rows_without_a_usable_operation_are_quarantined(told):
    """S21: no letter of DMS's, none at all in a change, a delete in a full load."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"}, bad(load_row(id=2, v="deleted")._replace(operation="D")))
    yield
    table.check()
    changes = [update(n, id=1, v="changed") for n in range(1, 5)]
    table.changes(
        *(bad(change._replace(operation=word)) for change, word in zip(changes, ("X", "", None, "I U"), strict=True))
    )
    yield
    table.check()
    assert table.counts() == {"read": 4, "quarantined": 4}
    assert len({row["reason"] for row in table.quarantined_rows()}) == 4
    assert table.values() == {1: "loaded"}


@story
def test_a_change_without_a_well_formed_sequence_is_quarantined(told):
    """S21"""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    wrong = ("", None, "1", sequence(1) + "0", sequence(1)[:-1] + "x", " " + sequence(1)[1:], sequence(1)[:-1] + "١")
    table.changes(
        *(bad(Change("U", text, {"id": 1, "v": "unknown order"})) for text in wrong), update(5, id=2, v="fine")
    )
    yield
    table.check()
    assert table.counts() == {"read": len(wrong) + 1, "quarantined": len(wrong), "inserted": 1}
    assert all("sequence" in row["reason"] for row in table.quarantined_rows())
    assert table.values() == {1: "loaded", 2: "fine"}


@story
def test_a_change_file_without_the_sequence_column_is_quarantined(told):
    """S21: the others of its table go on."""
    table = told.table()
    table.load({"id": 1, "v": "loaded"})
    yield
    rows = table.arrow([update(1, id=1, v="no order")])
    table.put("20240101-110000001.parquet", parquet(rows.drop_columns(SEQUENCE)))
    numbers = rows.set_column(rows.schema.get_field_index(SEQUENCE), SEQUENCE, pa.array([5], pa.int64()))
    table.put("20240101-110000002.parquet", parquet(numbers))
    table.changes(update(2, id=1, v="ordered"))
    yield
    table.check()
    reasons = table.quarantined_files()
    assert "missing" in reasons["20240101-110000001.parquet"]
    assert "bigint" in reasons["20240101-110000002.parquet"]
    assert table.values() == {1: "ordered"}


@story
def test_a_full_load_without_the_sequence_column_is_applied(told):
    """S21"""
    table = told.table()
    rows = [load_row(id=1, v="loaded")]
    table.put("LOAD00000001.parquet", parquet(table.arrow(rows).drop_columns(SEQUENCE)))
    yield
    assert table.values() == {1: "loaded"}
    table.changes(update(1, id=1, v="changed"), insert(2, id=2, v="new"))
    yield
    assert table.values() == {1: "changed", 2: "new"}


@story
def test_a_data_column_called_op_is_data(told):
    """S21: DMS's own stands first in a file."""
    table = told.table(columns={"id": pa.int64(), "v": pa.string(), "op": pa.string()})
    rows = [load_row(id=1, v="loaded", op="sum"), load_row(id=2, v="loaded", op="D")]
    table.put("LOAD00000001.parquet", parquet(table.arrow(rows).drop_columns("Op")), rows, is_load=True)
    yield
    table.check()
    assert table.rows("id", "op") == [{"id": 1, "op": "sum"}, {"id": 2, "op": "D"}]


def _rows(table):
    assert table.result.outcome == "completed", table.result.error
    assert table.result.counts.add_up
    return table.values()
