"""The whole way of a change, and what every command says of it: configured in a file, put with boto3, run, queried."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from pyathena import connect

from tests.end_to_end.conftest import CRM
from tests.end_to_end.lake import ARTIFACTS, DATABASE, STAGING, Answer, Lake, results, table
from tests.end_to_end.source import Source, answered, rows
from tests.end_to_end.waiting import eventually

CADENCE, OTHER = "flow", "flow_other"
DOWNSTREAM = "downstream"
ORDER_COLUMNS = {
    "order_no": pa.int64(),
    "line": pa.string(),
    "shop": pa.string(),
    "price": pa.decimal128(12, 2),
    "ordered": pa.timestamp("us"),
    "due": pa.date32(),
    "picture": pa.binary(),
    "weight": pa.float64(),
}
CONFIGURATION = {
    "cadences": [{"refresh_cadence": CADENCE, "refresh_tables_batch_size": 10}, {"refresh_cadence": OTHER}],
    "tables": [
        table(
            "shop.orders",
            CADENCE,
            hudi_primary_key=["order_no", "line"],
            hudi_precombine_field="CDC_TIMESTAMP_SEQ",
            hudi_partition_key="SHOP",
        ),
        table("shop.items", CADENCE),
        table("shop.prices", CADENCE, table_data_versioning_type="H"),
        table("crm.sales.leads", CADENCE),
        table("shop.asleep", CADENCE, is_active="N"),
        table("shop.returns", OTHER),
    ],
}
COUNTS = ("read", "inserted", "updated", "deleted", "collapsed", "late", "unchanged", "quarantined")


class Flow(NamedTuple):
    """Everything that was asked of the program, in order."""

    orders: Source
    items: Source
    prices: Source
    leads: Source
    applied: Answer
    applied_again: Answer
    before: dict[str, Any]
    loaded: Answer
    between: dict[str, Any]
    changed: Answer
    idle: Answer
    after: dict[str, Any]


@pytest.fixture(scope="module")
def flow(lake: Lake) -> Flow:
    orders = Source("shop.orders", ORDER_COLUMNS, ("order_no", "line"), mapped=True)
    items, prices, leads = Source("shop.items"), Source("shop.prices"), Source("sales.leads")
    strangers, asleep, returns = Source("shop.strangers"), Source("shop.asleep"), Source("shop.returns")
    applied, applied_again = lake.apply(CONFIGURATION), lake.apply(CONFIGURATION)
    subscribe(lake)

    load_all(lake, orders, items, prices, leads)
    for source in (strangers, asleep, returns):
        lake.put(*source.load(rows(2)))
    before = eventually(lambda: statuses_with(lake, 7))
    loaded = lake.run(CADENCE)
    between = lake.status()

    change_all(lake, orders, items, prices, leads)
    changed, idle = lake.run(CADENCE), lake.run(CADENCE)
    return Flow(
        orders, items, prices, leads, applied, applied_again, before, loaded, between, changed, idle, lake.status()
    )


def subscribe(lake: Lake) -> None:
    """A pipeline of somebody else's starts on refreshed tables."""
    arn = lake.client("sqs").get_queue_attributes(QueueUrl=downstream(lake), AttributeNames=["QueueArn"])
    pattern = {"detail-type": ["odpf.table.refreshed"], "detail": {"raw_table_name": ["shop_items"]}}
    events = lake.client("events")
    events.put_rule(Name=DOWNSTREAM, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=DOWNSTREAM, Targets=[{"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}])


def downstream(lake: Lake) -> str:
    url: str = lake.client("sqs").create_queue(QueueName=DOWNSTREAM)["QueueUrl"]
    return url


def load_all(lake: Lake, orders: Source, items: Source, prices: Source, leads: Source) -> None:
    lake.put(*orders.load([order(1, "a"), order(1, "b"), order(2, "a", shop="Würzburg 1/2"), order(2, "b")]))
    lake.put(*items.load(rows(3)))
    lake.put(*items.load([{"id": number, "value": 0, "note": "second file"} for number in (4, 5)]))
    lake.put(*prices.load(rows(2)))
    lake.put(*leads.load(rows(1)), bucket=CRM["bucket"], folder=CRM["folder"])


def change_all(lake: Lake, orders: Source, items: Source, prices: Source, leads: Source) -> None:
    orders.update(order_no=1, line="a", shop="Bonn")  # moves to another partition
    orders.delete(order_no=1, line="b")
    orders.insert(**order(3, "c", price=Decimal("-0.01"), ordered=datetime(1, 1, 1), due=date(9999, 12, 31)))
    lake.put(*orders.changes())
    items.update(id=1, value=1)
    items.update(id=1, value=2)
    items.delete(id=2)
    lake.put(*items.changes())
    items.insert(id=2, note="back")
    items.insert(id=6, note="new")
    items.delete(id=6)
    lake.put(*items.changes())
    prices.update(id=1, value=11)
    prices.delete(id=2)
    lake.put(*prices.changes())
    leads.update(id=1, note="won")
    lake.put(*leads.changes(folder=""), bucket=CRM["bucket"], folder=CRM["folder"])


def order(number: int, line: str, **more: Any) -> dict[str, Any]:
    values = {"shop": "Köln", "price": Decimal("19.90"), "weight": 0.1, "picture": b"\x00\xff", "due": date(2026, 2, 1)}
    return {"order_no": number, "line": line, "ordered": datetime(1899, 12, 31, 23, 59, 59, 999999), **values, **more}


def statuses_with(lake: Lake, files: int) -> dict[str, Any]:
    """The status once so many files are registered by their events."""
    found = lake.status()
    registered = sum(e["pending_files"] for name, e in found.items() if name.startswith(("shop.", "crm.")))
    return found if registered >= files else {}


def counts(result: dict[str, Any]) -> dict[str, int]:
    return {kind: result[f"rows_{kind}"] for kind in COUNTS if result[f"rows_{kind}"]}


def stored(lake: Lake, source: Source, raw_table: str) -> list[dict[str, Any]]:
    found = lake.query(f"SELECT {', '.join(source.columns)} FROM {DATABASE}.{raw_table}")
    return sorted(found, key=repr)


def test_a_configuration_file_is_applied_once(flow: Flow) -> None:
    sources = {entry["source_table_name"] for entry in CONFIGURATION["tables"]}
    assert (flow.applied.status, flow.applied_again.status) == (0, 0)
    assert set(flow.applied.document["added"]) == sources
    assert flow.applied.document["deployment_id"]
    assert flow.applied.document["problems"] == []
    assert flow.applied_again.document["added"] == flow.applied_again.document["changed"] == []
    assert set(flow.applied_again.document["unchanged"]) == sources


def test_files_wait_for_a_run_whether_their_table_is_configured_or_not(flow: Flow) -> None:
    assert {name: flow.before[name]["pending_files"] for name in ("shop.orders", "shop.items", "crm.sales.leads")} == {
        "shop.orders": 1,
        "shop.items": 2,
        "crm.sales.leads": 1,
    }
    assert flow.before["shop.orders"]["refresh_status"] is None
    assert flow.before["shop.orders"]["high_water_mark"] is None
    assert flow.before["shop.orders"]["freshness_lag_seconds"] >= 0
    assert flow.before["shop.strangers"]["state"] == "unconfigured"
    assert flow.before["shop.strangers"]["refresh_cadence"] is None


def test_a_run_that_succeeds_says_so(flow: Flow) -> None:
    assert (flow.loaded.status, flow.changed.status) == (0, 0)
    assert flow.loaded.document["status"] == flow.changed.document["status"] == "SUCCEEDED"
    assert flow.loaded.document["warnings"] == []
    for result in results(flow.loaded).values():
        assert (result["outcome"], result["refresh_status"], result["error"]) == ("completed", "completed", None)
        assert result["engine"] == "arrow"


def test_a_run_counts_every_row_it_read(flow: Flow) -> None:
    assert {name: counts(result) for name, result in results(flow.loaded).items()} == {
        "shop.orders": {"read": 4, "inserted": 4},
        "shop.items": {"read": 5, "inserted": 5},
        "shop.prices": {"read": 2, "inserted": 2},
        "crm.sales.leads": {"read": 1, "inserted": 1},
    }
    assert {name: counts(result) for name, result in results(flow.changed).items()} == {
        "shop.orders": {"read": 3, "inserted": 1, "updated": 1, "deleted": 1},
        "shop.items": {"read": 6, "updated": 2, "collapsed": 3, "unchanged": 1},
        "shop.prices": {"read": 2, "inserted": 2},
        "crm.sales.leads": {"read": 1, "updated": 1},
    }


def test_the_lake_holds_what_the_source_holds(lake: Lake, flow: Flow) -> None:
    assert stored(lake, flow.orders, "shop_orders") == flow.orders.expected()
    assert stored(lake, flow.items, "shop_items") == flow.items.expected()
    assert stored(lake, flow.leads, "crm_sales_leads") == flow.leads.expected()


def test_a_history_table_holds_every_change(lake: Lake, flow: Flow) -> None:
    sql = f"SELECT _odpf_operation, _odpf_change_sequence, id, value, note FROM {DATABASE}.shop_prices"
    found = [(row.pop("_odpf_operation"), row.pop("_odpf_change_sequence"), row) for row in lake.query(sql)]
    assert sorted(found, key=repr) == sorted(flow.prices.history, key=repr)


def test_a_table_has_the_columns_of_its_source_and_reserved_ones(lake: Lake, flow: Flow) -> None:
    (row, *_) = lake.query(f"SELECT * FROM {DATABASE}.shop_orders")
    own = [name for name in row if not name.startswith(("_hoodie_", "_odpf_"))]
    assert sorted(own) == sorted([*flow.orders.columns, "cdc_timestamp_seq", "cdc_operation"])


def test_nothing_pending_starts_no_job_run(lake: Lake, flow: Flow) -> None:
    assert (flow.idle.status, flow.idle.document["status"]) == (0, "NOTHING_TO_DO")
    assert flow.idle.document["tables"] == []
    assert lake.job_runs(flow.idle.document["run_id"]) == []
    assert len(lake.job_runs(flow.changed.document["run_id"])) == 1


def test_a_run_touches_neither_inactive_tables_nor_those_of_other_cadences(flow: Flow) -> None:
    for name, state in (("shop.asleep", "inactive"), ("shop.returns", "active"), ("shop.strangers", "unconfigured")):
        assert flow.after[name]["state"] == state
        assert flow.after[name]["refresh_status"] is None
        assert flow.after[name]["pending_files"] == 1


def test_status_tells_how_far_each_table_is(flow: Flow) -> None:
    loaded, changed = flow.between["shop.items"], flow.after["shop.items"]
    assert (loaded["refresh_status"], loaded["pending_files"], loaded["pending_bytes"]) == ("completed", 0, 0)
    assert (loaded["high_water_mark"]["generation"], loaded["high_water_mark"]["sequence"]) == (1, "")
    newest = max(sequence for _, sequence, _ in flow.items.history)
    assert changed["high_water_mark"]["sequence"] == newest
    assert changed["complete_through"] == changed["high_water_mark"]
    assert changed["freshness_lag_seconds"] == 0
    assert changed["last_change_at"].startswith("2026-01-31T10:00:00")
    assert changed["last_error"] is None


def test_every_landed_file_is_listed_with_its_state(lake: Lake, flow: Flow) -> None:
    found = lake.files("--table", "shop.items")
    assert [entry["path"] for entry in found] == sorted(
        f"s3://{STAGING}/internal_staging/{k}" for k in flow.items.files
    )
    assert {entry["state"] for entry in found} == {"raw_file_processed"}
    assert [entry["dms_file_type"] for entry in found].count("Full") == 2
    waiting = {entry["source_table_name"] for entry in lake.files("--state", "raw_file_landed")}
    assert waiting >= {"shop.strangers", "shop.asleep", "shop.returns"}


def test_runs_lists_all_of_them_and_shows_each(lake: Lake, flow: Flow) -> None:
    listed = {entry["run_id"]: entry for entry in lake.odpf("runs", "--limit", "1000").document}
    ids = [answer.document["run_id"] for answer in (flow.loaded, flow.changed, flow.idle)]
    assert [listed[run]["status"] for run in ids] == ["SUCCEEDED", "SUCCEEDED", "NOTHING_TO_DO"]
    shown = lake.odpf("runs", "--run", ids[1])
    assert shown.status == 0
    assert results(shown) == results(flow.changed)


def test_only_pointers_travel_through_the_state_machine(lake: Lake, flow: Flow) -> None:
    execution = lake.execution(flow.changed.document["run_id"])
    assert execution["status"] == "SUCCEEDED"
    assert len(execution["output"]) < 500
    (run,) = lake.job_runs(flow.changed.document["run_id"])
    arguments = run["Arguments"]
    assert arguments["--manifest_uri"] == f"s3://{ARTIFACTS}/runs/{arguments['--run_id']}/batches/0.json"


def test_pyathena_reads_the_tables_unmodified(lake: Lake, flow: Flow) -> None:
    with connect(
        s3_staging_dir=f"s3://{ARTIFACTS}/pyathena/",
        region_name=lake.environment["AWS_REGION"],
        endpoint_url=lake.environment["AWS_ENDPOINT_URL"],
        aws_access_key_id="any",
        aws_secret_access_key="any",
    ) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT order_no, line, price, ordered, due FROM {DATABASE}.shop_orders ORDER BY 1, 2")
        found = cursor.fetchall()
    names = ("order_no", "line", "price", "ordered", "due")
    kept = sorted(flow.orders.rows.values(), key=lambda row: (row["order_no"], row["line"]))
    assert [tuple(map(answered, row)) for row in found] == [tuple(answered(row[n]) for n in names) for row in kept]


def test_a_table_that_does_not_exist_cannot_be_queried(lake: Lake) -> None:
    answer = lake.odpf("query", f"SELECT * FROM {DATABASE}.nowhere")
    assert answer.status == 1
    assert "TABLE_NOT_FOUND" in answer.document["error"]


def test_a_cadence_that_nobody_configured_cannot_run(lake: Lake, flow: Flow) -> None:
    answer = lake.run("flwo")
    assert answer.status == 1
    assert "flow" in answer.document["error"]


def test_other_pipelines_are_told_of_every_commit(lake: Lake, flow: Flow) -> None:
    received = lake.client("sqs").receive_message(QueueUrl=downstream(lake), MaxNumberOfMessages=10)["Messages"]
    details = [json.loads(message["Body"])["detail"] for message in received]
    told = {detail["run_id"]: detail["counts"]["rows_read"] for detail in details}
    runs = (flow.loaded, flow.changed)
    assert told == {run.document["run_id"]: results(run)["shop.items"]["rows_read"] for run in runs}
