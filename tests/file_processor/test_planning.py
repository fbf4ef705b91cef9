"""Which tables a run takes, in which batches."""

import pytest

from file_processor.planning import plan_run, read_cadence
from odpf.errors import InvalidConfiguration
from odpf.landed_file import LandedFile
from odpf.settings import StagingPlace
from odpf.states import Outcome
from odpf.table_state import TableState
from tests.file_processor.workbench import START, table_item

PLACES = (StagingPlace(bucket="b"),)


def item(number, **values):
    names = {"source_table_name": f"shop.t{number}", "raw_table_name": f"t{number}"}
    return table_item(**{**names, **values})


def load(number, size=100):
    return LandedFile.parse(
        bucket="b", key=f"shop/t{number}/LOAD00000001.parquet", etag="e", size=size, last_modified=START, places=PLACES
    )


def test_eighteen_tables_make_four_batches_of_at_most_five():
    tables = read_cadence("hourly", {"refresh_cadence": "hourly"}, [item(n) for n in range(18)])
    plan = plan_run(tables, {f"shop.t{n}": [load(n)] for n in range(18)}, {})
    assert [len(batch.tables) for batch in plan.batches] == [5, 5, 4, 4]


def test_the_largest_tables_come_first():
    tables = read_cadence("hourly", None, [item(n) for n in range(3)])
    plan = plan_run(tables, {f"shop.t{n}": [load(n, size=n)] for n in range(3)}, {})
    assert [table.config.raw_table_name for table in plan.batches[0].tables] == ["t2", "t1", "t0"]


def test_inactive_tables_and_tables_without_files_are_left_out():
    tables = read_cadence("hourly", None, [item(1), item(2, is_active="N"), item(3)])
    plan = plan_run(tables, {"shop.t1": [load(1)], "shop.t2": [load(2)]}, {})
    assert [table.config.raw_table_name for batch in plan.batches for table in batch.tables] == ["t1"]


def test_nothing_pending_is_nothing_to_do():
    plan = plan_run(read_cadence("hourly", None, [item(1)]), {}, {})
    assert plan.nothing_to_do
    assert plan.batches == ()


def test_a_broken_item_fails_its_table_and_no_other():
    tables = read_cadence("hourly", None, [item(1), item(2, hudi_primary_key="", surprise="x")])
    plan = plan_run(tables, {"shop.t1": [load(1)], "shop.t2": [load(2)]}, {})
    assert len(plan.batches) == 1
    assert [(t.source_table_name, t.outcome) for t in plan.decided] == [("shop.t2", Outcome.REFRESH_ERROR)]
    assert not plan.nothing_to_do


def test_a_source_table_in_two_cadences_fails_in_both():
    tables = read_cadence("hourly", None, [item(1), item(1, refresh_cadence="daily", raw_table_name="other")])
    assert tables.active == ()
    assert "more than one cadence" in tables.broken[0].error


def test_a_raw_table_with_two_sources_fails_for_both():
    tables = read_cadence("hourly", None, [item(1), item(2, raw_table_name="t1")])
    assert tables.active == ()
    assert all("shop.t1, shop.t2" in table.error for table in tables.broken)


def test_an_unknown_cadence_is_an_error_that_says_what_to_do():
    with pytest.raises(InvalidConfiguration, match="odpf config"):
        read_cadence("never", None, [item(1)])


def test_a_table_that_a_dead_run_left_is_planned_without_files():
    state = TableState(raw_table="raw.t1", source_table_name="shop.t1", lease_owner="jr", run_id="r")
    plan = plan_run(read_cadence("hourly", None, [item(1)]), {}, {"raw.t1": state}, unfinished={"raw.t1"})
    assert len(plan.batches) == 1


def test_three_thousand_tables_fit_into_the_batches_that_a_map_can_number():
    tables = read_cadence(
        "hourly", {"refresh_cadence": "hourly", "refresh_tables_batch_size": 1}, map(item, range(3000))
    )
    plan = plan_run(tables, {f"shop.t{n}": [load(n)] for n in range(3000)}, {})
    assert len(plan.batches) == 1000
    assert sum(len(batch.tables) for batch in plan.batches) == 3000
