"""How `odpf run --wait` follows a run and what it makes of its end."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from odpf.errors import InvalidManifest, NothingRunning
from odpf.manifest import run_key, summary_key
from odpf.states import ExecutionState, Outcome, RunStatus
from odpf.table_state import TableState
from odpf_cli.run import EXIT_STATUS, render
from odpf_cli.run_following import end_of, follow
from odpf_cli.run_progress import LineWatcher, watching
from odpf_local.memory import MemoryAws
from tests.cli.builders import NOW, audit_row, manifest, result, summary
from tests.cli.fakes import ScriptedExecutions, source

RUN = "hourly-20260131T120000-ab12"


class Notes:
    """A watcher that remembers what it was told."""

    def __init__(self):
        self.told = []

    def planned(self, tables):
        self.told.append(("planned", sorted(tables)))

    def busy(self, raw_tables):
        self.told.append(("busy", sorted(raw_tables)))

    def ended(self, row):
        self.told.append(("ended", row.raw_table))


@pytest.fixture
def aws():
    return MemoryAws()


def put(aws, key, content):
    aws.objects.put(aws.settings.artifacts_bucket, key, content)


def finish(aws, status, *tables, warnings=()):
    document = summary(RUN, status, *tables, warnings=warnings).model_dump_json().encode()
    put(aws, summary_key(RUN), document)


def test_progress_is_told_once_per_table_and_the_summary_is_the_end(aws):
    def plan():
        put(aws, run_key(RUN), manifest(RUN, "orders", "lines").to_bytes())

    def write():
        fresh = TableState(raw_table="shop_raw.orders", source_table_name="shop.orders")
        aws.ledger.acquire(fresh, "jr_1", RUN, NOW)

    def end():
        aws.audit.append(audit_row(RUN, "orders", ended_at="2026-01-31T12:00:20.000000Z"))
        aws.audit.append(audit_row(RUN, "lines", Outcome.REFRESH_ERROR, error="no space"))
        finish(aws, RunStatus.PARTIAL, result("orders"), result("lines", Outcome.REFRESH_ERROR, error="no space"))

    running = ExecutionState.RUNNING
    executions = ScriptedExecutions([running] * 3 + [ExecutionState.FAILED], [lambda: None, plan, write, end])
    notes = Notes()
    found = follow(RUN, source(aws, executions), notes, sleep=lambda _: None)
    assert notes.told == [
        ("busy", []),
        ("planned", ["shop_raw.lines", "shop_raw.orders"]),
        ("busy", []),
        ("busy", ["shop_raw.orders"]),
        ("ended", "shop_raw.lines"),
        ("ended", "shop_raw.orders"),
    ]
    assert (found.status, EXIT_STATUS[found.status]) == (RunStatus.PARTIAL, 3)
    assert [table["error"] for table in found.printed()["tables"]] == [None, "no space"]


@pytest.mark.parametrize(
    ("status", "exit_status"),
    [
        (RunStatus.SUCCEEDED, 0),
        (RunStatus.NOTHING_TO_DO, 0),
        (RunStatus.PARTIAL, 3),
        (RunStatus.FAILED, 1),
    ],
)
def test_every_outcome_has_its_exit_status(status, exit_status):
    assert EXIT_STATUS[status] == exit_status


@pytest.mark.parametrize("state", [ExecutionState.FAILED, ExecutionState.ABORTED, ExecutionState.TIMED_OUT])
def test_an_execution_without_a_summary_failed_and_says_why(aws, state):
    executions = ScriptedExecutions([state], error="Lambda.Unknown", cause="out of memory")
    document = follow(RUN, source(aws, executions), Notes()).printed()
    assert (document["status"], document["tables"]) == ("FAILED", [])
    assert "Lambda.Unknown: out of memory" in document["error"]


def test_a_summary_that_says_all_is_well_does_not_outvote_a_failed_execution(aws):
    finish(aws, RunStatus.SUCCEEDED, result())
    found = follow(RUN, source(aws, ScriptedExecutions([ExecutionState.ABORTED])), Notes())
    assert (found.status, found.printed()["status"]) == (RunStatus.FAILED, "FAILED")


def test_the_document_has_every_key_of_the_contract(aws):
    finish(aws, RunStatus.SUCCEEDED, result(), warnings=("shop.orders: one file quarantined",))
    found = follow(RUN, source(aws, ScriptedExecutions([ExecutionState.SUCCEEDED])), Notes()).printed()
    assert {"run_id", "status", "warnings", "tables"} <= set(json.loads(json.dumps(found)))
    assert found["warnings"] == ("shop.orders: one file quarantined",) or found["warnings"]
    kinds = ["inserted", "updated", "deleted", "collapsed", "late", "unchanged", "quarantined", "read"]
    names = [
        "source_table_name",
        "raw_database_name",
        "raw_table_name",
        "outcome",
        "refresh_status",
        "error",
        "engine",
        "files",
    ]
    assert {*names, *(f"rows_{kind}" for kind in kinds)} <= set(found["tables"][0])


def test_a_run_that_nobody_started_is_an_error(aws):
    with pytest.raises(NothingRunning, match=RUN):
        follow(RUN, source(aws, ScriptedExecutions([])), Notes())


def test_a_damaged_summary_is_an_error_and_no_success(aws):
    put(aws, summary_key(RUN), b"{}")
    with pytest.raises(InvalidManifest, match=RUN):
        follow(RUN, source(aws, ScriptedExecutions([ExecutionState.SUCCEEDED])), Notes())


def test_lines_tell_what_became_of_each_table():
    text = io.StringIO()
    watcher = LineWatcher(Console(file=text, width=100))
    watcher.ended(audit_row(RUN, "orders"))
    watcher.ended(audit_row(RUN, "lines", Outcome.REFRESH_ERROR, error="no space [left]"))
    first, second = text.getvalue().splitlines()
    assert first.split() == ["shop.orders", "completed", "3", "inserted", "4.5s"]
    assert second.split()[:5] == ["shop.lines", "refresh_error", "no", "space", "[left]"]


def test_a_terminal_shows_a_bar_and_the_tables_being_written():
    text = io.StringIO()
    console = Console(file=text, width=100, force_terminal=True, color_system=None)
    with watching(console) as watcher:
        watcher.planned({"shop_raw.orders": manifest(RUN, "orders").batches[0][0]})
        watcher.busy({"shop_raw.orders"})
        watcher.ended(audit_row(RUN, "orders"))
        watcher.busy(set())
    assert "planned 1 table with 1 file" in text.getvalue()
    assert "1/1" in text.getvalue()


def test_the_result_names_the_failed_tables_and_the_warnings():
    text = io.StringIO()
    failed = result("lines", Outcome.REFRESH_ERROR, error="no space")
    execution = ScriptedExecutions([ExecutionState.FAILED]).get(RUN)
    end = end_of(execution, summary(RUN, RunStatus.PARTIAL, result(), failed, warnings=("look at it",)))
    Console(file=text, width=100).print(render(end))
    shown = text.getvalue()
    assert "no space" in shown
    assert "look at it" in shown
    assert "PARTIAL: 2 tables, 0 rows read, 1m 00s" in shown
