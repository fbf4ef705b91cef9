"""What `odpf runs` lists and shows."""

from __future__ import annotations

import pytest

from odpf.errors import NothingRunning
from odpf.manifest import run_key, summary_key
from odpf.states import ExecutionState, Outcome, RunStatus
from odpf_cli.run_timeline import stretches, timeline
from odpf_cli.runs import entry, one_run, render_list
from odpf_local.memory import MemoryAws
from tests.cli.builders import NOW, audit_row, manifest, printed, result, summary
from tests.cli.fakes import ScriptedExecutions, source

RUN = "hourly-20260131T120000-ab12"


@pytest.fixture
def aws():
    aws = MemoryAws()
    aws.objects.put("odpf-artifacts", run_key(RUN), manifest(RUN, "orders", "lines").to_bytes())
    aws.audit.append(audit_row(RUN, "orders"))
    return aws


def listed(aws, state, **more):
    executions = ScriptedExecutions([state], **more)
    return entry(executions.get(RUN), source(aws, executions))


def test_an_ended_run_shows_what_its_summary_says(aws):
    document = summary(RUN, RunStatus.PARTIAL, result(), result("lines", Outcome.REFRESH_ERROR, error="no space"))
    aws.objects.put("odpf-artifacts", summary_key(RUN), document.model_dump_json().encode())
    found = listed(aws, ExecutionState.FAILED)
    assert (found["status"], found["tables"], found["tables_failed"], found["seconds"]) == ("PARTIAL", 2, 1, 60.0)
    assert found["refresh_cadence"] == "hourly"


def test_a_run_under_way_shows_what_its_audit_says_so_far(aws):
    found = listed(aws, ExecutionState.RUNNING)
    assert (found["status"], found["tables"], found["rows_inserted"], found["ended_at"]) == ("RUNNING", 1, 3, None)


def test_a_run_that_broke_off_is_a_failure_with_its_cause(aws):
    found = listed(aws, ExecutionState.FAILED, error="States.Runtime", cause="bad cadence")
    assert found["status"] == "FAILED"
    assert "bad cadence" in found["error"]


def test_a_run_is_shown_even_when_step_functions_has_forgotten_it(aws):
    document = summary(RUN, RunStatus.SUCCEEDED, result())
    aws.objects.put("odpf-artifacts", summary_key(RUN), document.model_dump_json().encode())
    shown, _ = one_run(RUN, source(aws, ScriptedExecutions([])))
    assert (shown["status"], len(shown["tables"]), len(shown["audit"])) == ("SUCCEEDED", 1, 1)


def test_a_run_without_any_trace_is_an_error(aws):
    with pytest.raises(NothingRunning, match="never"):
        one_run("never", source(aws, ScriptedExecutions([])))


def test_a_run_is_a_time_line_of_its_tables_and_what_was_before_and_after():
    rows = [
        audit_row(RUN, "lines", started_at="2026-01-31T12:00:20Z", ended_at="2026-01-31T12:00:50Z"),
        audit_row(RUN, "orders"),
    ]
    execution = ScriptedExecutions([ExecutionState.SUCCEEDED]).get(RUN)
    found = stretches(execution, rows, NOW)
    assert [(phase.what, phase.begin, phase.seconds) for phase in found] == [
        ("plan, start of the jobs", 0, 10),
        ("shop.orders", 10, 4.5),
        ("shop.lines", 20, 30),
        ("end of the jobs, summary", 50, 10),
    ]


@pytest.mark.parametrize("width", [80, 200])
def test_a_time_line_fits_the_terminal(width):
    execution = ScriptedExecutions([ExecutionState.SUCCEEDED]).get(RUN)
    text = printed(timeline(execution, [audit_row(RUN, "a_table_with_a_very_long_name" * 3)], NOW), width)
    assert max(map(len, text.splitlines())) <= width
    assert text.count("█") > width / 10


@pytest.mark.parametrize("width", [80, 200])
def test_the_list_of_runs_cuts_nothing_that_is_needed(aws, width):
    found = listed(aws, ExecutionState.RUNNING)
    text = printed(
        render_list([found | {"run_id": "a_cadence_with_a_long_name_" + RUN, "rows_read": 12_345_678}]), width
    )
    assert "…" not in text
    assert "12,345,678" in text
    assert max(map(len, text.splitlines())) <= width
