"""What on-call types, one command after the other, while a table is refreshed, paused and taken out of service."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from odpf_local.aws.running import REPOSITORY
from tests.end_to_end.lake import DATABASE, Answer, Lake, results, table
from tests.end_to_end.source import Source, rows
from tests.end_to_end.waiting import eventually

pytestmark = pytest.mark.more

CADENCE, TABLE = "on_call", "desk.calls"
EXAMPLES = ("duckdb_raw_table.py", "athena.py")


@pytest.fixture(scope="module")
def looked(lake: Lake) -> Answer:
    """A dry run of a table whose files wait."""
    lake.apply({"cadences": [{"refresh_cadence": CADENCE}], "tables": [table(TABLE, CADENCE)]}, "on_call.yaml")
    lake.put(*Source(TABLE).load(rows(3)))
    eventually(lambda: lake.files("--table", TABLE))
    return lake.odpf("run", CADENCE, "--dry-run")


@pytest.fixture(scope="module")
def run(lake: Lake, looked: Answer) -> Answer:
    return lake.run(CADENCE)


def test_the_dry_run_told_what_the_run_then_did(looked: Answer, run: Answer) -> None:
    (batch,) = looked.document["batches"]
    (work,) = batch["tables"]
    done = results(run)[TABLE]
    assert (work["source_table_name"], len(work["files"]), work["engine"]) == (TABLE, done["files"], done["engine"])


def test_the_log_has_the_run_from_its_plan_to_its_summary(lake: Lake, run: Answer) -> None:
    found = lake.odpf("logs", run.document["run_id"]).document
    assert [job["state"] for job in found["job_runs"]] == ["SUCCEEDED"]
    services = [line["said"]["service"] for line in found["lines"]]
    assert (services[0], services[-1], "file_processor" in services) == ("batch_manager", "summarise", True)
    about = lake.odpf("logs", run.document["run_id"], "--table", f"{DATABASE}.desk_calls").document
    assert {line["source_table_name"] for line in about["lines"]} == {TABLE}


def test_a_report_has_the_run_and_its_page_is_written(lake: Lake, run: Answer) -> None:
    found = lake.odpf("report", "--since", "1h", "--into", "report.html").document
    assert run.document["run_id"] in {each["run_id"] for each in found["runs"]}
    assert run.document["run_id"] in (lake.folder / "report.html").read_text()


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_notebooks_run(lake: Lake, run: Answer, example: str) -> None:
    environment: dict[str, Any] = {**lake.environment, "EXAMPLE_TABLE": f"{DATABASE}.desk_calls"}
    script = REPOSITORY / "examples" / "notebook" / example
    ended = subprocess.run([sys.executable, str(script)], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "3" in ended.stdout


def test_a_paused_table_waits_goes_on_and_leaves_its_service(lake: Lake, run: Answer) -> None:
    paused = lake.odpf("table", "pause", TABLE, "--reason", "the desk moves", "--yes")
    assert paused.document["tables"] == [TABLE]
    assert lake.status()[TABLE]["pause"]["reason"] == "the desk moves"
    again = lake.apply({"tables": [table(TABLE, CADENCE)]}, "again.yaml")
    assert (again.document["unchanged"], len(again.document["warnings"])) == ([TABLE], 1)
    assert lake.odpf("table", "resume", TABLE, "--yes").document["tables"] == [TABLE]
    retired = lake.odpf("table", "retire", TABLE, "--yes")
    assert (retired.status, retired.document["tables"][0]["objects_removed"]) == (0, 0)
    assert TABLE not in lake.status()
    assert len(lake.query(f"SELECT id FROM {DATABASE}.desk_calls")) == 3
