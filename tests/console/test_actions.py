"""What the console does when it may: the same as the commands, and the same records of it."""

from __future__ import annotations

from odpf.table_config import read_table_config
from tests.console.builders import CADENCE, HOURLY, PAUSE, name_of, table_item

NEW = table_item(40)
NEW_NAME = NEW["source_table_name"]


def document(*tables, cadences=()):
    return {"document": {"cadences": list(cadences), "tables": list(tables)}}


def test_a_file_is_put_back_from_quarantine(acting, shop):
    answer = acting.post("actions/release", {"ids": [shop.bad_file.file_id]}).json()
    assert [file["result"] for file in answer["files"]] == ["put_back"]
    assert [file.file_id for file in shop.aws.tracker.pending(name_of(1))] == [shop.bad_file.file_id]
    assert acting.get("quarantine")["total"] == 0
    assert "released" in acting.said[-1]


def test_nothing_is_released_when_an_id_is_unknown(acting, shop):
    answer = acting.post("actions/release", {"ids": [shop.bad_file.file_id, "f" * 32]})
    assert answer.status_code == 404
    assert len(list(shop.aws.tracker.quarantined())) == 1


def test_a_cadence_or_a_table_is_run_now(acting, shop):
    run_id = acting.post("actions/run", {"refresh_cadence": HOURLY}).json()["run_id"]
    acting.post("actions/run", {"tables": [name_of(4)]})
    assert [(each.refresh_cadence, each.tables) for each in shop.executions.started] == [
        (HOURLY, ()),
        (CADENCE, (name_of(4),)),
    ]
    assert acting.get("runs")["runs"][1]["run_id"] == run_id


def test_what_cannot_be_run_is_refused_with_a_reason(acting, shop):
    for asked, why in (({}, "which"), ({"refresh_cadence": "daily"}, "no refresh cadence"), ({"tables": "x"}, "list")):
        answer = acting.post("actions/run", asked)
        assert (answer.status_code in (409, 422), why in answer.json()["error"]) == (True, True)
    assert shop.executions.started == []


def test_a_table_whose_writer_has_ended_is_unlocked(acting, shop):
    told = acting.get("holder", table=name_of(6))
    assert (told["held"], told["has_ended"]) == (True, True)
    assert acting.post("actions/unlock", {"table": name_of(6), "stop": True}).json()["unlocked"] is True
    assert shop.aws.ledger.state("shop_raw.prices_0006").lease_owner is None
    assert acting.post("actions/unlock", {"table": name_of(6)}).json()["unlocked"] is False


def test_a_table_is_planned_then_applied_with_the_record_of_config_apply(acting, shop):
    plan = acting.post("configuration/plan", document(NEW)).json()
    assert (plan["added"], plan["problems"]) == ([NEW_NAME], [])
    assert shop.aws.config.deployments() == []
    done = acting.post("configuration/apply", {**document(NEW), "plan": plan["plan"]}).json()
    (record,) = shop.aws.config.deployments()
    assert (record["deployment_id"], record["status"]) == (done["deployment_id"], "applied")
    assert record["deployed_by"] == "arn:aws:iam::123456789012:user/ada by console"
    assert record["tables_added"] == [NEW_NAME]
    deployed = {item["source_table_name"]: item for item in shop.aws.config.tables()}
    assert read_table_config(deployed[NEW_NAME]).raw_table == f"shop_raw.{NEW['raw_table_name']}"
    assert NEW_NAME in {row[1] for row in acting.get("tables")["rows"]}


def test_what_was_applied_is_seen_at_the_next_look(acting):
    before = {row[1]: row[4] for row in acting.get("tables")["rows"]}
    slower = {"refresh_cadence": CADENCE, "schedule": "rate(20 minutes)"}
    change = document({**table_item(0), "is_active": "N"}, cadences=[slower])
    plan = acting.post("configuration/plan", change).json()
    acting.post("configuration/apply", {**change, "plan": plan["plan"]})
    told = acting.get("tables")
    after = {row[1]: row[4] for row in told["rows"]}
    assert (before[name_of(0)], after[name_of(0)]) == ("completed", "inactive")
    assert {each["refresh_cadence"]: each["lag_objective_seconds"] for each in told["cadences"]}[CADENCE] == 3600


def test_an_edit_leaves_a_paused_table_paused_and_says_so(acting, shop):
    shop.aws.config.put_tables([table_item(0, is_active="N", pause=PAUSE)])
    change = document(table_item(0, hudi_partition_key="day", is_active="Y"))
    plan = acting.post("configuration/plan", change).json()
    assert "the source moves" in plan["warnings"][0]
    assert acting.post("configuration/apply", {**change, "plan": plan["plan"]}).status_code == 200
    item = next(each for each in shop.aws.config.tables() if each["source_table_name"] == name_of(0))
    assert (item["pause"], item["is_active"], item["hudi_partition_key"]) == (PAUSE, "N", "day")
    assert "pause" not in {field["name"] for field in acting.get("configuration")["form"]["tables"]}


def test_a_console_that_only_shows_plans_and_does_not_apply(browser, shop):
    plan = browser.post("configuration/plan", document(NEW)).json()
    assert plan["added"] == [NEW_NAME]
    assert browser.post("configuration/apply", {**document(NEW), "plan": plan["plan"]}).status_code == 403
    assert shop.aws.config.deployments() == []


def test_problems_name_the_field_and_nothing_is_written(acting, shop):
    broken = {**NEW, "hudi_table_type": "copy", "engin": "spark"}
    plan = acting.post("configuration/plan", document(broken)).json()
    assert {problem["path"] for problem in plan["problems"]} == {
        "console.json:tables[0].hudi_table_type",
        "console.json:tables[0].engin",
    }
    answer = acting.post("configuration/apply", {**document(broken), "plan": plan["plan"]})
    assert (answer.status_code, shop.aws.config.deployments()) == (422, [])


def test_what_somebody_else_changed_meanwhile_is_looked_at_again(acting, shop):
    change = {**table_item(0), "is_active": "N"}
    plan = acting.post("configuration/plan", document(change)).json()
    assert plan["changes"][0]["danger"] == "the table is not refreshed any more"
    shop.aws.config.put_tables([{**table_item(0), "hudi_partition_key": "day"}])
    answer = acting.post("configuration/apply", {**document(change), "plan": plan["plan"]})
    assert (answer.status_code, "look at the plan again" in answer.json()["error"]) == (409, True)
    assert shop.aws.config.deployments() == []


def test_a_pasted_file_is_read_as_apply_reads_it(acting):
    text = "tables:\n  - source_table_name: shop.orders_0000\n    refresh_cadence: 10_min_refresh\n    is_activ: N\n"
    plan = acting.post("configuration/plan", {"text": text}).json()
    problem = next(each for each in plan["problems"] if each["path"].endswith("is_activ"))
    assert ("did you mean 'is_active'" in problem["message"], problem["line"]) == (True, 4)


def test_the_form_has_every_key_of_the_models(browser):
    form = browser.get("configuration")["form"]
    tables = {field["name"]: field for field in form["tables"]}
    assert tables["hudi_primary_key"] == {
        "name": "hudi_primary_key",
        "kind": "list",
        "choices": [],
        "default": "",
        "required": True,
    }
    assert tables["engine"]["choices"] == ["auto", "spark", "arrow"]
    assert tables["schema_policy.narrowed"]["default"] == "quarantine"


def test_a_request_that_is_no_document_is_refused(acting):
    answer = acting.post("configuration/plan", ["no mapping"])
    assert (answer.status_code, "JSON document" in answer.json()["error"]) == (422, True)
    answer = acting.post("configuration/plan", {"text": "x" * 2_100_000})
    assert (answer.status_code, "odpf config apply" in answer.json()["error"]) == (422, True)
