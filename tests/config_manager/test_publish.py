"""A plan is written whole, once, and what a crash left is finished by applying again."""

from __future__ import annotations

import pytest

from config_manager import publish as module
from config_manager.publish import publish
from odpf.errors import InvalidConfiguration
from odpf_local.memory import MemoryAws
from tests.config_manager.builders import NOW, deploy, plan, table


def everything(stores: MemoryAws) -> tuple:
    return (
        stores.config.cadences(),
        stores.config.tables(),
        stores.schedules.current(),
        sorted(stores.catalog.databases),
    )


def test_applying_writes_items_schedule_database_and_the_record(stores):
    deployment_id = deploy(stores, table(), table("b"))
    (cadence,) = stores.config.cadences()
    assert cadence["glue_job_name"] == "odpf_file_processor"
    assert [item["source_table_name"] for item in stores.config.tables()] == ["shop.b", "shop.orders"]
    assert stores.schedules.current() == {"hourly": "rate(1 hour)"}
    assert list(stores.catalog.databases) == ["shop_raw"]
    (record,) = stores.config.deployments()
    assert record | {"digest": "", "odpf_version": ""} == {
        "deployment_id": deployment_id,
        "status": "applied",
        "deployed_by": "arn:aws:iam::1:user/ann",
        "deployed_at": "2026-01-31T10:15:30.000000Z",
        "source": "c.yaml",
        "digest": "",
        "odpf_version": "",
        "tables_added": ["shop.orders", "shop.b"],
        "tables_changed": [],
        "tables_removed": [],
        "cadences_added": ["hourly"],
        "cadences_changed": [],
        "cadences_removed": [],
        "parts": 1,
        "schedules_put": ["hourly"],
        "schedules_removed": [],
    }


def test_applying_the_same_again_writes_nothing_and_records_nothing(stores):
    deploy(stores, table())
    before = everything(stores)
    assert deploy(stores, table()) is None
    assert everything(stores) == before
    assert len(stores.config.deployments()) == 1


def test_a_database_that_was_dropped_is_made_again(stores):
    deploy(stores, table())
    stores.catalog.databases.clear()
    assert deploy(stores, table()) is None
    assert list(stores.catalog.databases) == ["shop_raw"]


def test_with_any_problem_nothing_is_written(stores):
    bad = plan(stores, table(), table("b", engine="flink"))
    with pytest.raises(InvalidConfiguration) as refused:
        publish(bad, stores, who="ann", now=NOW)
    assert [path for path, _ in refused.value.problems] == ["c.yaml:tables[1].engine"]
    assert everything(stores) == ([], [], {}, [])
    assert stores.config.deployments() == []


def test_a_plan_that_somebody_has_overtaken_undoes_nothing_unseen(stores):
    deploy(stores, table(), table("b"))
    ours = plan(stores, table(on_bad_file="stop"), table("b"))
    deploy(stores, table(raw_table_name="other"), table("b"))
    with pytest.raises(InvalidConfiguration, match=r"changed table shop\.orders since .* plan again") as refused:
        publish(ours, stores, who="bob", now=NOW)
    assert [path for path, _ in refused.value.problems] == ["table shop.orders"]
    assert [item["raw_table_name"] for item in stores.config.tables()] == ["b", "other"]


def test_a_plan_that_somebody_has_applied_already_may_be_applied(stores):
    deploy(stores, table())
    ours = plan(stores, table(on_bad_file="stop"))
    deploy(stores, table(on_bad_file="stop"))
    assert publish(ours, stores, who="bob", now=NOW) is not None


class Crash(Exception):
    pass


@pytest.mark.parametrize("fatal", range(8))
def test_a_crash_at_any_write_is_healed_by_applying_again(fatal):
    stores, whole = MemoryAws(), MemoryAws()
    for each in (stores, whole):
        deploy(each, table("old"))
    left = fatal

    def fragile(write):
        def call(*arguments):
            nonlocal left
            if left == 0:
                left = -1
                raise Crash
            left -= 1
            return write(*arguments)

        return call

    wanted = [table(), table("b")]
    found = plan(stores, *wanted, prune=True, cadences=({"refresh_cadence": "hourly", "schedule": "rate(2 hours)"},))
    for port, names in (
        (stores.catalog, ["ensure_database"]),
        (stores.config, ["put_deployment", "put_cadence", "put_tables", "remove_tables"]),
        (stores.schedules, ["put"]),
    ):
        for name in names:
            setattr(port, name, fragile(getattr(port, name)))
    crashed = fatal < 7
    try:
        publish(found, stores, who="ann", now=NOW)
    except Crash:
        assert crashed
    else:
        assert not crashed
    again = {"prune": True, "cadences": ({"refresh_cadence": "hourly", "schedule": "rate(2 hours)"},)}
    left = -1
    deploy(stores, *wanted, **again)
    deploy(whole, *wanted, **again)
    assert everything(stores) == everything(whole)


def test_a_record_of_very_many_tables_counts_what_it_leaves_out(stores, monkeypatch):
    monkeypatch.setattr(module, "MOST_NAME_BYTES", 40)
    deploy(stores, *(table(f"t{n}") for n in range(10)))
    (record,) = stores.config.deployments()
    names = record["tables_added"] + record["cadences_added"] + record["schedules_put"]
    assert len(record["tables_added"]) == 4
    assert record["left_out"] == 12 - len(names)
