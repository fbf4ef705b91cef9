"""The catalog is written only where it differs, and never loses a partition."""

from __future__ import annotations

import pytest

from odpf.errors import TerminalError
from odpf.ports import CatalogTable

TABLE = CatalogTable(
    database="lake_raw",
    name="table_1",
    location="s3://odpf-raw/lake_raw/table_1",
    columns=(("id", "bigint"), ("vendorid", "int"), ("fare", "decimal(10,2)"), ("at", "timestamp")),
    partition_key="vendorid",
    partitions=(("1", "1"), ("2", "2")),
    merge_on_read=False,
)


@pytest.fixture
def catalog(stores):
    stores.catalog.ensure_database("lake_raw")
    return stores.catalog


def test_the_same_table_again_writes_nothing(catalog):
    assert catalog.publish(TABLE) is True
    assert catalog.publish(TABLE) is False


def test_the_columns_are_told_and_those_of_no_table_are_not(catalog):
    catalog.publish(TABLE)
    assert catalog.columns("lake_raw", "table_1") == {"id", "vendorid", "fare", "at"}
    assert catalog.columns("lake_raw", "table_2") is None
    assert catalog.columns("nowhere", "table_1") is None


def test_a_database_is_made_once(catalog):
    catalog.publish(TABLE)
    catalog.ensure_database("lake_raw")
    assert catalog.publish(TABLE) is False


def test_a_missing_database_is_said(stores):
    with pytest.raises(TerminalError, match="lake_raw"):
        stores.catalog.publish(TABLE)


@pytest.mark.parametrize(
    "changed",
    [
        TABLE._replace(columns=(*TABLE.columns, ("tip", "double"))),
        TABLE._replace(columns=(("id", "string"), *TABLE.columns[1:])),
        TABLE._replace(partitions=(*TABLE.partitions, ("3", "3"))),
        TABLE._replace(location="s3://odpf-raw/elsewhere"),
    ],
    ids=["column added", "column widened", "partition added", "moved"],
)
def test_a_difference_is_written_once(catalog, changed):
    catalog.publish(TABLE)
    assert catalog.publish(changed) is True
    assert catalog.publish(changed) is False


def test_a_table_that_moves_takes_its_partitions_along_and_leaves_none(stores, catalog):
    catalog.publish(TABLE)
    moved = TABLE._replace(location=f"{TABLE.location}.000007", partitions=(("2", "2"), ("3", "3")))
    assert catalog.publish(moved) is True
    assert catalog.publish(moved) is False
    assert catalog.publish(moved._replace(partitions=(*moved.partitions, ("1", "1")))) is True


def test_partitions_that_are_not_named_any_more_stay(catalog):
    catalog.publish(TABLE)
    assert catalog.publish(TABLE._replace(partitions=(("2", "2"),))) is False
    assert catalog.publish(TABLE) is False


def test_tables_without_partitions_and_merge_on_read(catalog):
    for table in (TABLE._replace(partition_key=None, partitions=()), TABLE._replace(name="m", merge_on_read=True)):
        assert [catalog.publish(table) for _ in range(2)] == [True, False]


def test_an_entry_is_dropped_once_and_published_anew(catalog):
    catalog.publish(TABLE)
    assert catalog.drop("lake_raw", "table_1") is True
    assert catalog.drop("lake_raw", "table_1") is False
    assert catalog.publish(TABLE) is True
