"""What applying would change, against what is deployed and what the raw tables already are."""

from __future__ import annotations

import pytest

from config_manager.parse import parse_content
from config_manager.prepare import prepare
from odpf.table_state import TableState
from odpf_local.memory import MemoryAws
from tests.config_manager.builders import cadence, deploy, existing, messages, parsed, plan, table


class CountedReads(MemoryAws):
    """Counts how often states are asked for."""

    def __init__(self, *states: TableState) -> None:
        super().__init__()
        self.asked: list[list[str]] = []
        self._given = {state.raw_table: state for state in states}
        self.ledger.states = self._states  # type: ignore[method-assign]

    def _states(self, raw_tables):
        self.asked.append(list(raw_tables))
        return {name: self._given[name] for name in self.asked[-1] if name in self._given}


def with_existing(**values) -> CountedReads:
    """A deployment whose table `table(**values)` is configured and has a commit."""
    stores = CountedReads(existing(**values))
    deploy(stores, table(**values))
    return stores


def test_everything_is_new_in_an_empty_deployment(stores):
    found = plan(stores, table(), table("b"))
    assert found.printed() | {"warnings": []} == {
        "added": ["shop.orders", "shop.b"],
        "changed": [],
        "removed": [],
        "unchanged": [],
        "cadences_added": ["hourly"],
        "cadences_changed": [],
        "cadences_removed": [],
        "cadences_unchanged": [],
        "schedules_put": {"hourly": "rate(1 hour)"},
        "schedules_removed": [],
        "dangerous": [],
        "unfinished": [],
        "warnings": [],
        "problems": [],
    }
    assert found.databases == ("shop_raw",)


def test_what_is_deployed_as_written_leaves_nothing_to_do_whatever_the_spelling(stores):
    deploy(stores, table(hudi_primary_key="A, B"))
    found = plan(stores, table(hudi_primary_key=["a", "b"], is_active=True, engine="auto"))
    assert found.nothing_to_do
    assert (found.unchanged_tables, found.unchanged_cadences) == (("shop.orders",), ("hourly",))


def test_a_change_tells_every_key_before_and_after(stores):
    deploy(stores, table())
    (change,) = plan(stores, table(hudi_partition_key="DAY", is_active="N")).changed
    assert [(field.field, field.before, field.after) for field in change.fields] == [
        ("hudi_partition_key", None, "day"),
        ("is_active", "Y", "N"),
    ]
    assert change.danger == (
        "hudi_partition_key can be changed while the table has no rows, later only by a rebuild; "
        "the table is not refreshed any more"
    )


def test_an_item_put_by_hand_that_is_not_valid_is_shown_as_it_stands_and_replaced(stores):
    deploy(stores, table())
    (item,) = stores.config.tables()
    stores.config.put_tables([{**item, "nonsense": "x"}])
    (change,) = plan(stores, table()).changed
    assert ("nonsense", "x", None) in [(field.field, field.before, field.after) for field in change.fields]


def test_tables_that_the_files_do_not_name_stay_without_prune_and_go_with_it(stores):
    deploy(stores, table(), table("b"))
    assert plan(stores, table()).removed == ()
    assert [removal.name for removal in plan(stores, table(), prune=True).removed] == ["shop.b"]


def test_prune_stays_within_the_cadences_named(stores):
    deploy(stores, table(), table("b", refresh_cadence="daily"), cadences=(cadence(), cadence("daily")))
    assert plan(stores, table(), prune=True).nothing_to_do


def test_a_cadence_named_by_tables_only_keeps_its_item_and_gets_a_missing_schedule_back(stores):
    deploy(stores, table(), cadences=(cadence(glue_job_max_workers=40),))
    assert plan(stores, table(), cadences=()).nothing_to_do
    stores.schedules.remove("hourly")
    assert plan(stores, table(), cadences=()).schedules_put == {"hourly": "rate(1 hour)"}


def test_schedules_follow_the_cadence(stores):
    deploy(stores, table())
    assert plan(stores, cadences=(cadence(schedule="rate(2 hours)"),)).schedules_put == {"hourly": "rate(2 hours)"}
    assert plan(stores, cadences=(cadence(schedule=None),)).schedules_removed == ("hourly",)


def test_maintenance_has_a_schedule_of_its_own_that_no_cadence_can_have(stores):
    daily = cadence(maintenance_schedule="cron(0 3 * * ? *)")
    assert plan(stores, table(), cadences=(daily,)).schedules_put == {
        "hourly": "rate(1 hour)",
        "hourly.maintenance": "cron(0 3 * * ? *)",
    }
    deploy(stores, table(), cadences=(daily,))
    assert plan(stores, table(), cadences=(daily,)).nothing_to_do
    stores.schedules.remove("hourly.maintenance")
    assert plan(stores, table(), cadences=()).schedules_put == {"hourly.maintenance": "cron(0 3 * * ? *)"}
    deploy(stores, table(), cadences=(daily,))
    assert plan(stores, cadences=(cadence(),)).schedules_removed == ("hourly.maintenance",)
    assert plan(stores, cadences=(cadence("hourly.maintenance"),)).problems


def test_a_table_deployed_in_another_cadence_is_refused_and_moved_by_prune_when_both_are_named(stores):
    both = (cadence(), cadence("daily"))
    deploy(stores, table(), cadences=both)
    moved = table(refresh_cadence="daily")
    assert "deployed in cadence 'hourly'" in messages(plan(stores, moved))["c.yaml:tables[0].source_table_name"]
    found = plan(stores, moved, cadences=both, prune=True)
    assert (found.problems, found.removed) == ((), ())
    (change,) = found.changed
    assert (change.name, change.moved_from) == ("shop.orders", "hourly")
    deploy(stores, moved, cadences=both, prune=True)
    assert [item["refresh_cadence"] for item in stores.config.tables()] == ["daily"]
    assert plan(stores, moved, cadences=both, prune=True).nothing_to_do


def test_a_raw_table_that_another_deployed_table_feeds_is_refused(stores):
    deploy(stores, table())
    found = messages(plan(stores, table("b", raw_table_name="orders")))
    assert "fed by source table 'shop.orders'" in found["c.yaml:tables[0].raw_table_name"]
    assert plan(stores, table("b", raw_table_name="orders"), prune=True).problems == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hudi_primary_key", "ID,B"),
        ("hudi_partition_key", "DAY"),
        ("hudi_table_type", "merge_on_read"),
        ("table_data_versioning_type", "H"),
        ("delete_mode", "soft"),
    ],
)
def test_what_an_existing_table_cannot_become_is_refused_with_the_way_to_do_it(key, value):
    stores = with_existing()
    message = messages(plan(stores, table(**{key: value})))[f"c.yaml:tables[0].{key}"]
    assert "odpf resnapshot --table" in message
    assert "give the table a new raw_table_name" in message
    assert plan(stores, table(**{key: value, "raw_table_name": "orders_2"})).problems == ()


def test_a_table_with_marked_rows_does_not_become_one_without():
    """S25: of tables made by earlier releases the state does not say how they delete."""
    assert "exists with soft and cannot become hard" in messages(
        plan(with_existing(delete_mode="soft"), table())
    )["c.yaml:tables[0].delete_mode"]  # fmt: skip
    assert "delete_mode" not in existing().identity
    assert plan(with_existing(), table(delete_mode="hard")).problems == ()


def test_what_tells_the_changes_of_a_history_apart_stays():
    """S15, S25: it is a part of the record key; in other modes it is none."""
    position = {"cdc_stream_position_column": "POSITION"}
    history = {"table_data_versioning_type": "H"}
    key = "c.yaml:tables[0].cdc_stream_position_column"
    assert "exists with none and cannot become position" in messages(
        plan(with_existing(**history), table(**history, **position))
    )[key]  # fmt: skip
    assert key in messages(plan(with_existing(**history, **position), table(**history)))
    assert plan(with_existing(), table(**position)).problems == ()


def test_an_existing_table_cannot_change_its_bucket_but_may_spell_out_the_default():
    stores = with_existing()
    found = messages(plan(stores, table(raw_database_S3_bucket="elsewhere")))
    assert "lies at s3://odpf-raw/shop_raw/orders" in found["c.yaml:tables[0].raw_database_S3_bucket"]
    assert plan(stores, table(raw_database_S3_bucket="odpf-raw")).problems == ()


def test_a_table_taken_out_and_put_back_with_another_key_is_refused():
    stores = CountedReads(existing())
    assert list(messages(plan(stores, table(hudi_primary_key="B")))) == ["c.yaml:tables[0].hudi_primary_key"]
    assert plan(stores, table()).problems == ()


def test_an_existing_raw_table_is_not_given_to_another_source_table():
    stores = CountedReads(existing())
    found = messages(plan(stores, table("b", raw_table_name="orders")))
    assert "holds the rows of source table 'shop.orders'" in found["c.yaml:tables[0].raw_table_name"]


def test_other_changes_of_an_existing_table_are_fine():
    stores = with_existing()
    assert plan(stores, table(is_active="N", on_bad_file="stop", reload_mode="difference")).problems == ()


def test_a_table_without_a_commit_may_change_its_key():
    stores = CountedReads(TableState(raw_table="shop_raw.orders", source_table_name="shop.orders"))
    deploy(stores, table())
    assert plan(stores, table(hudi_primary_key="B")).problems == ()


def test_states_are_asked_once_and_only_for_tables_that_change():
    stores = CountedReads()
    deploy(stores, table(), table("b"))
    stores.asked.clear()
    plan(stores, table(), table("b", is_active="N"))
    assert stores.asked == [["shop_raw.b"]]


def test_any_problem_leaves_an_empty_plan(stores):
    found = plan(stores, table(), table("b", engine="flink"))
    assert (found.added, found.nothing_to_do, len(found.problems)) == ((), True, 1)


def test_warnings_name_what_a_person_may_want_to_look_at(stores):
    found = plan(
        stores,
        table(table_data_versioning_type="H"),
        table("c"),
    )
    assert [warning.split(":")[0] for warning in found.warnings] == ["shop.c"]
    assert "before image, as BI_ID" in found.warnings[0]


def test_a_broken_cadence_item_that_the_tables_rest_on_is_a_warning(stores):
    stores.config.put_cadence({"refresh_cadence": "hourly", "refresh_tables_batch_size": "many"})
    found = plan(stores, table(table_data_versioning_type="H"), cadences=())
    assert "refresh_tables_batch_size" in found.warnings[0]


def test_3000_tables_are_planned_with_one_read_of_each_store():
    names = [f"t{n}" for n in range(3000)]
    stores = CountedReads()
    reads = []
    tables = stores.config.tables
    stores.config.tables = lambda *of: reads.append(of) or tables(*of)  # type: ignore[method-assign]
    found = prepare(parsed(*(table(name) for name in names)), stores)
    assert (len(found.added), found.problems) == (3001, ())
    assert (len(reads), len(stores.asked)) == (1, 1)


def test_the_digest_is_of_what_is_meant_not_of_how_it_is_written(stores):
    one, two = plan(stores, table(), table("b")), plan(stores, table("b"), table(is_active="y"))
    other = plan(stores, table(), table("b", is_active="N"))
    assert one.digest == two.digest != other.digest


def test_files_that_name_nothing_ask_no_store():
    assert prepare(parse_content("c.yaml", b""), None).problems  # type: ignore[arg-type]
