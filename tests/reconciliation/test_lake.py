"""Which rows of a raw table stand for the source's, in each mode."""

from __future__ import annotations

import pyarrow as pa
import pytest

from odpf.table_config import TableConfig
from reconciliation.dialects.athena import Athena
from reconciliation.lake import current_rows
from tests.cli.builders import table_item
from tests.reconciliation.duck import DuckLake


def current(config, rows):
    lake = DuckLake({"shop_raw.orders": pa.Table.from_pylist(rows)})
    listed = lake.run(f"SELECT id FROM {current_rows(config, Athena())} ORDER BY id")
    return [int(str(row[0])) for row in listed]


def config(**more):
    return TableConfig.model_validate(table_item(**more))


def change(key, order, operation="I", sequence="2", generation=1):
    own = {"_odpf_operation": operation, "_odpf_change_sequence": sequence, "_odpf_generation": generation}
    return {"id": key, "_odpf_order": order, **own}


def test_rows_that_are_marked_deleted_are_not_the_source_s():
    rows = [
        {"id": 1, "_odpf_is_deleted": True},
        {"id": 2, "_odpf_is_deleted": False},
        {"id": 3, "_odpf_is_deleted": None},
    ]
    assert current(config(delete_mode="soft"), rows) == [2, 3]


def test_current_versions_are_the_source_s():
    rows = [
        {"id": 1, "_odpf_is_current": False},
        {"id": 1, "_odpf_is_current": True},
        {"id": 2, "_odpf_is_current": False},
    ]
    assert current(config(table_data_versioning_type="V"), rows) == [1]


def test_of_a_history_the_newest_change_of_a_key_counts_unless_it_is_a_delete():
    rows = [
        change(1, "1"),
        change(1, "2", "U"),
        change(2, "1"),
        change(2, "2", "D"),
        change(3, "1", "D"),
        change(3, "2"),
    ]
    assert current(config(table_data_versioning_type="H"), rows) == [1, 3]


@pytest.mark.parametrize(("sequence", "expected"), [("", [2]), ("3", [1, 2])])
def test_keys_that_the_newest_load_did_not_have_are_gone_and_a_raised_generation_is_no_load(sequence, expected):
    rows = [change(1, "1"), change(2, "1"), change(2, "2", sequence=sequence, generation=2)]
    assert current(config(table_data_versioning_type="H"), rows) == expected
