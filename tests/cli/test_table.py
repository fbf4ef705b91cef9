"""Tables that are paused, resumed, taken out of service; and what configuration files do to a pause."""

from __future__ import annotations

from datetime import timedelta

import pytest

from config_manager.parse import Entry, Parsed
from config_manager.pausing import paused, resumed
from config_manager.prepare import prepare
from config_manager.publish import publish
from config_manager.rollback import plan_rollback
from odpf.configured_table import read_items
from odpf.errors import InvalidConfiguration, TableLocked, TerminalError
from odpf.pause import Pause
from odpf.ports import CatalogTable
from odpf.states import ConfigurationState, FileState
from odpf.table_config import read_table_config
from odpf.table_state import TableState
from odpf_cli.retirement import Deployment, Wish, retire
from odpf_cli.table_selection import selected
from odpf_cli.table_status import table_statuses
from odpf_local.memory import MemoryAws
from tests.cli.builders import NOW, landed, table_item

PAUSE = Pause(reason="source is repaired", by="me", since="2026-01-31T12:00:00Z")


@pytest.fixture
def aws():
    aws = MemoryAws()
    aws.config.put_cadence({"refresh_cadence": "hourly"})
    aws.config.put_tables([table_item("shop.orders"), table_item("shop.lines"), table_item("crm.people")])
    return aws


def config_of(aws, name="shop.orders"):
    return next(table.config for table in read_items(aws.config.tables()) if table.source_table_name == name)


def deploy(aws, parsed, now=NOW, **how):
    plan = prepare(parsed, aws, **how)
    return plan, publish(plan, aws, who="me", now=now)


def pause(aws, now=NOW):
    return deploy(aws, paused([config_of(aws)], PAUSE), now)


def files_of(*items):
    return Parsed("tables.yaml", tables=tuple(Entry(f"tables[{n}]", item) for n, item in enumerate(items)))


def test_a_pause_is_a_deployment_with_who_and_why_and_is_shown(aws):
    _, deployment_id = pause(aws)
    assert (config_of(aws).is_active, config_of(aws).pause) == ("N", PAUSE)
    (record,) = aws.config.deployments()
    assert (record["deployment_id"], record["source"]) == (deployment_id, "odpf table pause")
    assert record["tables_changed"] == ["shop.orders"]
    tables = read_items(aws.config.tables())
    (status,) = [s for s in table_statuses(tables, {}, [], [], NOW, most_attempts=5, is_over=bool) if s.pause]
    assert (status.source_table_name, status.state, status.pause) == ("shop.orders", ConfigurationState.PAUSED, PAUSE)


def test_a_pause_can_be_undone_like_any_deployment(aws):
    _, first = deploy(aws, files_of(table_item("shop.orders", on_bad_file="stop")))
    _, paused_by = pause(aws)
    assert [problem.path for problem in plan_rollback(first, aws).problems] == ["table shop.orders"]
    publish(plan_rollback(paused_by, aws), aws, who="me", now=NOW + timedelta(minutes=1))
    assert (config_of(aws).is_active, config_of(aws).pause) == ("Y", None)
    publish(plan_rollback(first, aws), aws, who="me", now=NOW + timedelta(minutes=2))
    assert config_of(aws).on_bad_file == "continue"


def test_going_back_before_a_pause_ends_it_and_going_back_into_one_brings_it_back(aws):
    _, first = deploy(aws, files_of(table_item("shop.orders", on_bad_file="stop")))
    _, paused_by = pause(aws, NOW + timedelta(minutes=1))
    publish(plan_rollback(first, aws, as_of=True), aws, who="me", now=NOW + timedelta(minutes=2))
    assert config_of(aws).pause is None
    publish(plan_rollback(paused_by, aws, as_of=True), aws, who="me", now=NOW + timedelta(minutes=3))
    assert config_of(aws).pause == PAUSE


@pytest.mark.parametrize("change", [{}, {"is_active": "Y"}, {"on_bad_file": "stop"}])
def test_applying_a_file_keeps_a_pause_and_says_so(aws, change):
    pause(aws)
    plan, _ = deploy(aws, files_of(table_item("shop.orders", **change)))
    assert config_of(aws).pause == PAUSE
    assert config_of(aws).on_bad_file == change.get("on_bad_file", "continue")
    assert any("odpf table resume 'shop.orders'" in warning for warning in plan.warnings)


def test_a_table_that_moves_to_another_cadence_stays_paused(aws):
    pause(aws)
    aws.config.put_cadence({"refresh_cadence": "daily"})
    cadences = tuple(Entry(f"cadences[{n}]", {"refresh_cadence": n}) for n in ("hourly", "daily"))
    others = (table_item("shop.lines"), table_item("crm.people"))
    moved = files_of(table_item("shop.orders", refresh_cadence="daily"), *others)._replace(cadences=cadences)
    deploy(aws, moved, prune=True)
    assert (config_of(aws).refresh_cadence, config_of(aws).pause) == ("daily", PAUSE)


def test_a_resumed_table_is_what_it_was_before(aws):
    before = config_of(aws)
    pause(aws)
    deploy(aws, resumed([config_of(aws)]), keeps_pauses=False)
    assert config_of(aws) == before
    assert config_of(aws).digest == before.digest


def test_a_pause_of_an_active_table_is_a_contradiction():
    with pytest.raises(InvalidConfiguration, match="pause says who"):
        read_table_config(table_item(pause=PAUSE.model_dump(), is_active="Y"))


@pytest.mark.parametrize(
    ("names", "pattern", "found"),
    [
        (["shop_raw.lines"], None, ["shop.lines"]),
        ([], "shop.*", ["shop.lines", "shop.orders"]),
        ([], "people", ["crm.people"]),
        (["shop.orders"], "order", ["shop.orders"]),
    ],
)
def test_tables_are_meant_by_name_or_by_pattern(aws, names, pattern, found):
    tables = read_items(aws.config.tables())
    assert sorted(table.source_table_name for table in selected(names, pattern, tables)) == found


@pytest.mark.parametrize(("names", "pattern"), [([], None), ([], "nothing"), (["shop.nobody"], None)])
def test_when_no_table_is_meant_nothing_is_done(aws, names, pattern):
    with pytest.raises(InvalidConfiguration, match="odpf status"):
        selected(names, pattern, read_items(aws.config.tables()))


def retired(aws, **wish):
    work = Deployment(aws.settings, aws.tracker, aws.ledger, aws.objects, aws.catalog, aws.job_runs, "")
    return retire(work, aws, config_of(aws), Wish(**wish), who="me", now=NOW)


def test_a_retired_table_is_configured_no_more_and_its_files_are_in_quarantine(aws):
    aws.tracker.register(landed("LOAD00000001.parquet"), NOW)
    found = retired(aws)
    assert found.quarantined == 1
    assert "shop.orders" not in {item["source_table_name"] for item in aws.config.tables()}
    assert list(aws.tracker.all_pending()) == []
    (record,) = aws.tracker.quarantined("shop.orders")
    assert (record.state, "retired by me" in record.reason) == (FileState.QUARANTINED, True)
    assert aws.ledger.state("shop_raw.orders").lease_owner is None
    assert [entry["tables_removed"] for entry in aws.config.deployments()] == [["shop.orders"]]


def test_files_wait_where_that_is_wished(aws):
    aws.tracker.register(landed("LOAD00000001.parquet"), NOW)
    assert (retired(aws, keep_files=True).waiting, len(list(aws.tracker.all_pending()))) == (1, 1)


@pytest.mark.parametrize(
    ("wish", "entries", "objects"),
    [({}, ["orders"], 2), ({"drop_catalog": True}, [], 2), ({"drop_raw_table": True}, [], 0)],
)
def test_rows_and_catalog_entry_go_only_when_that_is_wished(aws, wish, entries, objects):
    aws.catalog.ensure_database("shop_raw")
    aws.catalog.publish(CatalogTable("shop_raw", "orders", "s3://odpf-raw/shop_raw/orders", (), None, (), False))
    for key in ("orders/.hoodie/1.commit", "orders/a.parquet", "orders_2/b.parquet"):
        aws.objects.put("odpf-raw", f"shop_raw/{key}", b"x")
    retired(aws, **wish)
    assert list(aws.catalog.databases["shop_raw"]) == entries
    assert len(list(aws.objects.list("odpf-raw", "shop_raw/orders/"))) == objects
    assert len(list(aws.objects.list("odpf-raw", "shop_raw/orders_2/"))) == 1


def test_a_table_that_a_run_holds_is_not_retired(aws):
    never_run = TableState(raw_table="shop_raw.orders", source_table_name="shop.orders")
    aws.ledger.acquire(never_run, "jr_1", "r1", NOW)
    with pytest.raises(TableLocked, match="jr_1"):
        retired(aws)
    assert "shop.orders" in {item["source_table_name"] for item in aws.config.tables()}


def test_a_retirement_that_breaks_off_says_what_is_done_and_how_it_goes_on(aws, monkeypatch):
    def refuse(*_):
        raise TerminalError("Access denied.")

    monkeypatch.setattr(aws.catalog, "drop", refuse)
    with pytest.raises(TerminalError, match=r"Access denied.*odpf config rollback \S+, then retire it again"):
        retired(aws, drop_catalog=True)
    (record,) = aws.config.deployments()
    publish(plan_rollback(record["deployment_id"], aws), aws, who="me", now=NOW + timedelta(minutes=1))
    assert config_of(aws).source_table_name == "shop.orders"
