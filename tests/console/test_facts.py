"""What the console tells: the same as the commands, bounded, and never twice read for two tabs."""

from __future__ import annotations

import json
import threading

import pytest

from odpf.clock import iso, utc_now
from odpf.errors import TransientError
from odpf.manifest import run_key, summary_key
from odpf.states import ExecutionState, Outcome, RefreshStatus
from odpf_cli.console.overview import COLUMNS, MOST_ROWS, OverviewReader
from odpf_cli.console.run_view import RunReader
from odpf_cli.console.shared import Shared
from odpf_cli.status import current
from tests.console.builders import HOURLY, NO_SPACE, PAUSE, Shop, name_of, table_item


def rows_of(document):
    return {row[1]: dict(zip(COLUMNS, row[1:], strict=True)) for row in document["rows"]}


def test_tables_are_told_as_status_tells_them(browser, shop):
    told = browser.get("tables")
    expected = current(shop.aws, utc_now())
    assert list(rows_of(told)) == [entry.source_table_name for entry in expected]
    assert [row["pending_files"] for row in rows_of(told).values()] == [entry.pending_files for entry in expected]
    assert [row["word"] for row in rows_of(told).values()] == [entry.word for entry in expected]
    assert rows_of(told)[name_of(4)]["last_error"] == NO_SPACE
    assert rows_of(told)[name_of(5)]["word"] is None


def test_a_paused_table_says_who_paused_it_and_why(browser, shop):
    shop.aws.config.put_tables([table_item(4, is_active="N", pause=PAUSE)])
    row = rows_of(browser.get("tables"))[name_of(4)]
    assert (row["word"], "the source moves" in row["why_paused"], "user/eve" in row["why_paused"]) == (
        "paused",
        True,
        True,
    )
    assert browser.get("table", name=name_of(4))["tables"][0]["why_paused"] == row["why_paused"]
    items = {item["source_table_name"]: item["why_paused"] for item in browser.get("configuration")["tables"]}
    assert (items[name_of(4)], items[name_of(0)]) == (row["why_paused"], None)


def test_a_cadence_has_the_objective_that_the_watch_goes_by(browser):
    objectives = {each["refresh_cadence"]: each["lag_objective_seconds"] for each in browser.get("tables")["cadences"]}
    assert objectives == {"10_min_refresh": 1800, HOURLY: 7200}


def test_a_browser_gets_what_has_changed_since_and_nothing_else(shop):
    reader = OverviewReader(shop.aws)
    first = reader.read(None)
    assert first.since(first.version, 0)["rows"] == []
    raw = f"shop_raw.{name_of(6).split('.')[1]}"
    shop.aws.ledger._states[raw] = shop.aws.ledger._states[raw].model_copy(
        update={"refresh_status": RefreshStatus.COMPLETED, "lease_owner": None}
    )
    changed = reader.read(first).since(first.version, 0)
    assert {name: row["word"] for name, row in rows_of(changed).items()} == {name_of(6): "completed"}
    assert changed["order"] is None


def test_tables_that_come_and_go_are_told(shop):
    reader = OverviewReader(shop.aws)
    first = reader.read(None)
    shop.aws.config.put_tables([table_item(99)])
    shop.aws.config.remove_tables([("10_min_refresh", name_of(0))])
    later = reader.read(first._replace(configured_at=first.configured_at.replace(year=2020)))
    told = later.since(first.version, 0)
    assert list(rows_of(told)) == [name_of(99)]
    assert f"{name_of(0)} 10_min_refresh" not in told["order"]
    assert len(told["order"]) == 18


@pytest.fixture(scope="module")
def many():
    return OverviewReader(Shop(3000, runs=0).aws)


def test_three_thousand_tables_come_in_bounded_pages(many):
    overview = many.read(None)
    pages = [overview.since(0, first) for first in range(0, 3000, MOST_ROWS)]
    assert [page["next"] for page in pages] == [1000, 2000, None]
    assert len({row[0] for page in pages for row in page["rows"]}) == 3000
    assert max(len(json.dumps(page)) for page in pages) < 300_000
    assert len(json.dumps(overview.since(overview.version, 0))) < 1000


def test_a_look_again_reads_only_what_may_have_changed(many):
    first = many.read(None)
    again = many.read(first)
    waiting = len(first.facts.pending)
    assert first.items == 3000 + waiting + 1
    assert again.items < 1300  # what waits, with the states of those tables and of those being written
    assert again.rows == first.rows


def test_two_tabs_read_once_and_a_failure_leaves_what_was_known():
    read, go_on = [], threading.Event()

    def reading(before):
        read.append(before)
        if len(read) == 2:
            raise TransientError("Reading table x failed: no network.")
        go_on.wait(5)
        return len(read)

    shared = Shared(reading, lambda _: 0.0)
    assert shared.look(0.01).reading
    assert shared.look(0.01).value is None
    go_on.set()
    assert shared.look(5).value == 1
    assert len(read) == 1
    failed = shared.look(5).told(), shared.look(5)
    assert (failed[0]["problem"], failed[0]["read_at"] is not None) == ("Reading table x failed: no network.", True)
    assert (failed[1].value, failed[1].error) == (3, None)


def test_a_page_without_facts_says_why_there_are_none(browser, shop, monkeypatch):
    def unreachable():
        raise TransientError("Reading table odpf_file_tracker failed: no network.")

    monkeypatch.setattr(shop.aws.tracker, "all_pending", unreachable)
    told = browser.get("tables")
    assert (told["version"], "no network" in told["problem"], told["read_at"]) == (0, True, None)
    answer = browser.client.get("/api/table", params={"name": name_of(0)})
    assert (answer.status_code, "no network" in answer.json()["error"]) == (503, True)


def test_rows_per_run_are_read_once_per_run(browser, shop, monkeypatch):
    asked = []
    newest = shop.aws.audit.newest_of_table
    monkeypatch.setattr(shop.aws.audit, "newest_of_table", lambda *given: asked.append(given) or newest(*given))
    raw = [f"shop_raw.{name_of(number).split('.')[1]}" for number in (0, 4)]
    lines = browser.get("lines", raw_table=raw)
    assert [rows for rows, _, _ in lines[raw[0]]] == [run * 911 % 5000 for run in range(5)]
    assert lines[raw[1]][-1][1] == Outcome.REFRESH_ERROR
    assert browser.get("lines", raw_table=raw) == lines
    assert len(asked) == 2


def test_one_table_is_told_in_full(browser, shop):
    told = browser.get("table", name=name_of(4))
    assert [run["outcome"] for run in told["runs"]] == ["refresh_error", *["completed"] * 4]
    assert told["tables"][0]["last_error"] == NO_SPACE
    assert len(told["waiting"]) == 1
    missing = browser.client.get("/api/table", params={"name": "shop.nothing"})
    assert (missing.status_code, "No table" in missing.json()["error"]) == (422, True)


def test_runs_are_listed_and_those_that_ended_read_once(browser, shop, monkeypatch):
    runs = browser.get("runs")["runs"]
    assert [run["run_id"] for run in runs] == [shop.run_id(number) for number in (4, 3, 2, 1, 0)]
    assert (runs[0]["status"], runs[0]["tables_failed"], runs[1]["status"]) == ("PARTIAL", 1, "SUCCEEDED")
    monkeypatch.setattr(shop.aws.objects, "get", lambda *_: pytest.fail("read again"))
    assert browser.get("runs")["runs"] == runs


def test_a_run_is_a_time_line_of_its_tables(browser, shop):
    run = browser.get("run", id=shop.run_id(4))
    assert (run["status"], run["ended"], len(run["tables"])) == ("PARTIAL", True, 14)
    failed = [table for table in run["tables"] if table["outcome"] == "refresh_error"]
    assert [(table["source_table_name"], table["commits"]) for table in failed] == [(name_of(4), [])]
    done = run["tables"][0]
    assert run["started_at"] < done["started_at"] < done["commits"][0] < done["ended_at"] < run["ended_at"]
    assert list(done["phases"]) == ["take", "read", "commit", "settle"]
    assert browser.client.get("/api/run", params={"id": "never"}).status_code == 404


def test_a_run_under_way_shows_what_is_being_written_and_what_waits(browser, shop):
    run_id = shop.run_id(4)
    shop.executions.known[run_id] = shop.executions.known[run_id]._replace(state=ExecutionState.RUNNING, ended_at=None)
    shop.aws.audit._rows.pop("shop_raw.prices_0006")
    shop.aws.audit._rows.pop("shop_raw.returns_0007")
    shop.aws.objects.delete(shop.aws.settings.artifacts_bucket, [f"runs/{run_id}/summary.json"])
    tables = {table["raw_table"]: table for table in browser.get("run", id=run_id)["tables"]}
    assert tables["shop_raw.prices_0006"]["refresh_status"] == "updating_table"
    assert tables["shop_raw.prices_0006"]["started_at"] == iso(shop.now)
    assert tables["shop_raw.returns_0007"]["started_at"] is None


def test_the_plan_of_a_run_under_way_is_read_once(shop, monkeypatch):
    run_id, read = shop.run_id(4), []
    shop.executions.known[run_id] = shop.executions.known[run_id]._replace(state=ExecutionState.RUNNING, ended_at=None)
    get = shop.aws.objects.get
    monkeypatch.setattr(shop.aws.objects, "get", lambda *place: read.append(place[1]) or get(*place))
    reader = RunReader(run_id, shop.deployment.runs)
    assert [len(reader.read(None)["tables"]) for _ in range(3)] == [14] * 3
    assert (read.count(run_key(run_id)), read.count(summary_key(run_id))) == (1, 3)


def test_files_that_wait_and_all_of_a_table(browser, shop):
    waiting = browser.get("files")
    assert waiting["total"] == len(list(shop.aws.tracker.all_pending()))
    assert waiting["files"][0]["last_modified"] <= waiting["files"][-1]["last_modified"]
    states = [file["state"] for file in browser.get("files", table=name_of(1))["files"]]
    assert states == ["quarantined"]


def test_quarantine_says_why_and_what_to_do(browser, shop):
    (file,) = browser.get("quarantine")["files"]
    assert (file["file_id"], "footer" in file["reason"]) == (shop.bad_file.file_id, True)
    told = browser.get("quarantine", id=shop.bad_file.file_id)
    assert "release" in told["next"]
    assert browser.client.get("/api/quarantine", params={"id": "nothing"}).status_code == 404
