"""What stands against adopting a table, and what becomes of its staged files."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest

from file_processor.adoption_check import check_adoption
from file_processor.adoption_facts import staged_files, table_facts
from odpf.clock import utc_now
from odpf.order import SEQUENCE_DIGITS
from odpf.states import Severity
from odpf.table_config import read_table_config
from odpf.table_state import TableState
from tests.engines.lake import lake_in_folder
from tests.engines.staged_table import StagedTable, insert, sequence, update
from tests.file_processor.foreign_table import INSTANT, SEQUENCE, put_table

ROWS = [{"ID": 1, "V": "a", SEQUENCE: ""}, {"ID": 2, "V": "b", SEQUENCE: sequence(5)}]
LATER = timedelta(hours=2)


@pytest.fixture
def lake(tmp_path):
    return lake_in_folder(tmp_path)


def checked(lake, rows=ROWS, *, state=None, later=LATER, staged=None, config=None, **made):
    """The check of a hand-made table."""
    options = {"key": "ID", "columns": {"ID": pa.int64(), "V": pa.string()}, **(config or {})}
    table = StagedTable(lake, "orders", "hourly", **options)
    if staged:
        staged(table)
    location = put_table(lake.aws.objects, "odpf-raw", "orders", rows, **made)
    told = read_table_config(table.config)
    facts = table_facts(lake.aws.objects, told, location)
    facts = facts._replace(listed_at=utc_now() + later)
    return check_adoption(told, state, facts, staged_files(lake.aws.objects, lake.settings, told, facts), utc_now(), 60)


def test_a_table_of_the_original_framework_can_be_adopted(lake):
    found = checked(lake, staged=lambda table: table.load({"ID": 1, "V": "a"}))
    assert found.obstacles == ()
    assert (found.mark, found.rows, found.files_applied, found.files_waiting) == (sequence(5), 2, 1, 0)
    assert {each.subject for each in found.findings if each.severity is Severity.WARNING} == {
        "payload",
        "metadata table",
        "staged files",
    }


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"hoodie.table.version": "8"}, "table version 8"),
        ({"hoodie.table.type": "MERGE_ON_READ"}, "copy_on_write can be adopted"),
        ({"hoodie.table.recordkey.fields": "OTHER"}, "Correct hudi_primary_key"),
        ({"hoodie.table.recordkey.fields": f"ID,{SEQUENCE}"}, "table_data_versioning_type"),
        ({"hoodie.table.partition.fields": "V"}, "Correct hudi_partition_key"),
        ({"hoodie.table.precombine.field": "ts"}, "Correct hudi_precombine_field"),
        ({"hoodie.bootstrap.base.path": "s3://b/t"}, "do not hold whole rows"),
        ({"hoodie.datasource.write.drop.partition.columns": "true"}, "do not hold whole rows"),
    ],
)
def test_a_table_that_is_made_otherwise_is_refused(lake, properties, told):
    assert any(told in each for each in checked(lake, properties=properties).obstacles)


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ({"later": timedelta(minutes=59)}, "Something was written there 59 minutes ago"),
        ({"rows": [*ROWS, {"ID": 2, "V": "moved", SEQUENCE: ""}]}, "1 of 3 rows have a key"),
        ({"rows": [{"ID": 1, "V": "a", SEQUENCE: "2026-01-01"}]}, f"no text of {SEQUENCE_DIGITS} digits"),
        ({"columns": {"ID": pa.int64(), "V": pa.string()}}, "does not have the column of hudi_precombine_field"),
        (
            {"columns": {"ID": pa.int64(), "V": pa.list_(pa.string()), SEQUENCE: pa.string()}, "rows": []},
            "no raw table can hold",
        ),
        ({"config": {"table_data_versioning_type": "V"}}, "Validity intervals"),
        ({"config": {"delete_mode": "soft"}}, "soft deletes"),
    ],
)
def test_rows_and_modes_that_cannot_be_kept_are_refused(lake, case, told):
    assert any(told in each for each in checked(lake, **case).obstacles)


def test_an_unfinished_commit_and_a_table_of_ours_are_refused(lake):
    lake.aws.objects.put("odpf-raw", "orders/.hoodie/20260101101600123.commit.requested", b"")
    ours = TableState(
        raw_table="semantics.orders", source_table_name="shop.orders", high_water_mark="000001  a 0000000000"
    )
    found = checked(lake, state=ours)
    assert any("Not finished: commit 20260101101600123" in each for each in found.obstacles)
    assert any("written by ODPF already" in each for each in found.obstacles)


def test_a_place_without_a_table_is_told_with_the_way_to_name_another(lake):
    put_table(lake.aws.objects, "odpf-raw", "orders", ROWS)
    lake.aws.objects.delete("odpf-raw", [f"orders/.hoodie/{INSTANT}.commit"])
    table = read_table_config(StagedTable(lake, "orders", "hourly").config)
    facts = table_facts(lake.aws.objects, table, "s3://odpf-raw/elsewhere")
    found = check_adoption(
        table, None, facts, staged_files(lake.aws.objects, lake.settings, table, facts), utc_now(), 60
    )
    assert found.obstacles == ("At s3://odpf-raw/elsewhere is no Hudi table with a commit. Say where it lies: --from",)


def test_a_full_load_that_came_after_the_table_was_written_is_refused(lake):
    location = put_table(lake.aws.objects, "odpf-raw", "orders", ROWS)
    table = StagedTable(lake, "orders", "hourly", key="ID", columns={"ID": pa.int64(), "V": pa.string()})
    table.load({"ID": 1, "V": "new"})
    told = read_table_config(table.config)
    facts = table_facts(lake.aws.objects, told, location)
    facts = facts._replace(written_at=facts.written_at - timedelta(seconds=5), listed_at=utc_now() + LATER)
    found = check_adoption(told, None, facts, staged_files(lake.aws.objects, lake.settings, told, facts), utc_now(), 60)
    assert any("was put after the table was last written" in each for each in found.obstacles)


def test_staged_files_are_told_apart_by_the_mark(lake):
    def staged(table):
        table.changes(insert(1, ID=3, V="c"), update(5, ID=2, V="b"))
        table.changes(update(4, ID=1, V="x"), update(6, ID=1, V="y"), name="20240101-120000002.parquet")
        table.changes(insert(7, ID=7, V="z"), name="20240101-120000003.parquet")
        table.put("20240101-120000004.parquet", b"no parquet")

    found = checked(lake, staged=staged)
    assert found.obstacles == ()
    assert (found.files_applied, found.files_waiting) == (1, 3)
    assert found.files_straddling == ("20240101-120000002.parquet",)
