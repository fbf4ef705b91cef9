"""What is proposed for a table that a source has, and why."""

from __future__ import annotations

import pytest

from config_manager.cadence_choice import LARGE_BYTES, OfferedCadence, choose
from config_manager.found_table import ChangeRate, DmsNames, FoundColumn, FoundTable
from config_manager.partition_choice import advise
from config_manager.proposal import Proposal, Wishes, propose
from odpf.table_config import TableConfig

CADENCES = tuple(
    OfferedCadence(name, "", seconds) for name, seconds in (("daily", 86400), ("often", 600), ("hourly", 3600))
)
REGION = FoundColumn("region_id", nullable=False, distinct=12, divides=True)
STATUS = FoundColumn("status", nullable=False, distinct=5, divides=True)
LARGE = 100_000_000


def found(table: str = "orders", *more: FoundColumn, **values) -> FoundTable:
    return FoundTable("shop", table, (FoundColumn("id", nullable=False), *more), **{"primary_key": ("id",), **values})


def names(table: FoundTable, **values) -> DmsNames:
    return DmsNames(
        **{"schema": table.schema, "table": table.table, "columns": {c.name: c.name for c in table.columns}, **values}
    )


def proposed(table: FoundTable, taken: tuple[str, ...] = (), mapped: bool = False, **values) -> Proposal:
    (proposal,) = propose([(table, names(table, **values))], Wishes(CADENCES, mapped=mapped), taken)
    return proposal


def test_a_table_is_proposed_with_its_primary_key_and_can_be_applied():
    proposal = proposed(found())
    assert (proposal.problems, proposal.warnings) == ((), ())
    assert TableConfig.model_validate(proposal.entry).hudi_primary_key == ("id",)
    assert proposal.entry["hudi_precombine_field"] == "CDC_TIMESTAMP_SEQ"
    assert proposal.entry["raw_database_name"] == "shop_raw"
    assert "engine" not in proposal.entry


def test_without_a_primary_key_the_shortest_unique_index_and_without_that_no_guess():
    unique = found("t", FoundColumn("code"), primary_key=(), unique_keys=(("id", "code"), ("code",)))
    assert (proposed(unique).entry["hudi_primary_key"], proposed(unique).reasons["key"]) == (["code"], "unique index")
    without = proposed(found(primary_key=()))
    assert without.entry["hudi_primary_key"] == []
    assert "no primary key and no unique index" in without.problems[0]


def test_the_rules_of_the_task_rename_add_and_define():
    table = found("orders", FoundColumn("Tenant"))
    proposal = proposed(
        table,
        columns={"id": "ID", "Tenant": "TENANT"},
        sequence="SEQ",
        operation="OPERATION",
        added=("CDC_COMMIT_TIMESTAMP", "WHO"),
        before_image_prefix="OLD_",
        key=("Tenant", "id"),
    )
    assert proposal.problems == ()
    assert proposal.entry["hudi_primary_key"] == ["TENANT", "ID"]
    assert proposal.entry["hudi_precombine_field"] == "SEQ"
    assert proposal.entry["cdc_operation_column"] == "OPERATION"
    assert proposal.entry["cdc_extra_columns"][-1] == "WHO"
    assert proposal.entry["before_image_prefix"] == "OLD_"


def test_rules_without_a_sequence_and_rules_that_drop_the_key_are_told():
    assert "no mapping rule adds $AR_H_CHANGE_SEQ" in proposed(found(), mapped=True).warnings[0]
    assert "leave out id of its key" in proposed(found(), columns={"other": "other"}).problems[0]


@pytest.mark.parametrize(
    ("table", "raw"), [("Orders", "orders"), ("order", "order_table"), ("2026-sales", "_2026_sales"), ("a b", "a_b")]
)
def test_names_are_such_that_athena_can_have_them(table, raw):
    proposal = proposed(found(table))
    assert (proposal.entry["raw_table_name"], proposal.problems) == (raw, ())
    assert bool(proposal.warnings) is (raw != table.lower())


def test_raw_tables_that_would_be_one_get_names_of_their_own():
    tables = [(table, names(table)) for table in (found("Orders"), found("orders"))]
    proposals = propose(tables, Wishes(CADENCES), taken={"shop_raw.orders"})
    assert [each.entry["raw_table_name"] for each in proposals] == ["orders_2", "orders_3"]
    assert "case aside" in proposals[0].warnings[0]


def test_columns_that_are_one_in_lower_case_and_refused_names_make_it_incomplete():
    assert "case aside: id" in proposed(found("t", FoundColumn("ID"))).problems[0]
    assert "cannot be a column" in proposed(found("t", primary_key=("a,b",)), columns={"a,b": "a,b"}).problems[0]
    assert "cannot be a folder" in proposed(found("a/b")).problems[0]


@pytest.mark.parametrize(
    ("per_hour", "size", "cadence"),
    [
        (500.0, 1, "often"),
        (500.0, LARGE_BYTES, "hourly"),
        (5.0, 1, "hourly"),
        (0.1, 1, "daily"),
        (0.0, LARGE_BYTES, "daily"),
        (None, None, "hourly"),
    ],
)
def test_the_more_a_table_changes_the_more_often_and_large_ones_more_rarely(per_hour, size, cadence):
    assert choose(found(changes=ChangeRate(per_hour), bytes=size), CADENCES).refresh_cadence == cadence


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("per_hour", [None, 0.0, 5.0, 500.0])
def test_there_is_always_a_cadence(count, per_hour):
    some = [OfferedCadence(f"c{n}", "", n) for n in range(count)]
    assert choose(found(changes=ChangeRate(per_hour), bytes=LARGE_BYTES), some).refresh_cadence in {
        c.refresh_cadence for c in some
    }


def test_only_large_tables_are_partitioned_and_only_by_columns_that_stay():
    assert advise(found("t", REGION, rows=1000), ("id",)).column is None
    assert advise(found("t", STATUS, REGION, rows=LARGE), ("id",)).column == "region_id"
    assert "part of the key" in advise(found("t", REGION, rows=LARGE), ("id", "region_id")).reason
    mutable = advise(found("t", STATUS, rows=LARGE), ("id",))
    assert (mutable.column, "do not partition by status" in mutable.warning) == (None, True)
    assert advise(found("t", REGION._replace(nullable=True), rows=LARGE), ("id",)).column is None
    assert advise(found("t", REGION._replace(distinct=LARGE), rows=LARGE), ("id",)).column is None
