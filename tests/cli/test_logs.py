"""What a run has logged: found at its sources, read as lines, the trouble first."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from odpf.adapters.job_runs import JobRunSeen
from odpf.adapters.log_events import LogEvent
from odpf.clock import utc_now
from odpf.errors import NothingRunning
from odpf.manifest import run_key, summary_key
from odpf.states import ExecutionState, JobRunState, Outcome, RunStatus
from odpf_cli.log_lines import read_lines
from odpf_cli.logs_view import document, render
from odpf_cli.run_log import LogSource, follow_log, read_log
from odpf_local.memory import MemoryAws
from tests.cli.builders import audit_row, manifest, printed, result, summary
from tests.cli.fakes import ScriptedExecutions
from tests.cli.fakes import source as run_source

RUN = "hourly-20260131T120000-ab12"
AT = datetime(2026, 1, 31, 12, 0, 20, tzinfo=UTC)
JOBS, LAMBDA = "/odpf_file_processor/output", "/aws/lambda/odpf_process_batch"
TRACE = ["Traceback (most recent call last):", '  File "a.py", line 1, in b', "MemoryError: no room"]


def said(message, level="INFO", **more):
    return json.dumps({"level": level, "message": message, "timestamp": AT.isoformat(), "run_id": RUN, **more})


class Log:
    """Log groups as lists of (stream, text)."""

    def __init__(self, at=AT, **groups):
        self.at = at
        self.groups = {JOBS: groups.get("jobs", []), LAMBDA: groups.get("functions", [])}

    def events(self, group, since, until=None, *, streams="", having=""):
        for number, (stream, text) in enumerate(self.groups.get(group, [])):
            at = self.at + timedelta(milliseconds=number)
            if since <= at and stream.startswith(streams) and having in text:
                yield LogEvent(f"{stream}{number}", group, stream, at, text)


class Jobs:
    def __init__(self, *errors):
        self.runs = [JobRunSeen(f"jr_{n}", JobRunState.FAILED, AT, error, "") for n, error in enumerate(errors)]

    def of_run(self, run_id, since):
        return self.runs


def log_source(log, *, jobs=(None,), states=(ExecutionState.FAILED,), ended=None, between=()):
    aws = MemoryAws()
    aws.objects.put("odpf-artifacts", run_key(RUN), manifest(RUN, "orders", "lines").to_bytes())
    if ended:
        aws.objects.put("odpf-artifacts", summary_key(RUN), ended.model_dump_json().encode())
    aws.audit.append(audit_row(RUN, "orders"))
    executions = ScriptedExecutions(list(states), list(between))
    return LogSource(aws.settings, run_source(aws, executions), Jobs(*jobs), log)


FAILED = summary(RUN, RunStatus.PARTIAL, result(), result("lines", Outcome.REFRESH_ERROR, error="no space left."))


def test_what_failed_stands_first_with_the_next_step_and_the_stack_trace():
    log = Log(jobs=[("jr_0", said("fine")), *(("jr_0", text) for text in TRACE)])
    text = printed(render(read_log(RUN, log_source(log, ended=FAILED)), chatter=False))
    places = [text.index(part) for part in ("no space left.", "odpf run --table 'shop.lines' --wait", "a.py", "fine")]
    assert places == sorted(places)


def test_a_table_has_its_lines_and_the_errors_that_may_be_anybodys():
    lines = [said("o", source_table_name="shop.orders"), said("l", raw_table="shop_raw.lines"), said("died", "ERROR")]
    found = read_log(RUN, log_source(Log(jobs=[("jr_0", line) for line in [*lines, said("began")]]), ended=FAILED))
    assert [line.message for line in found.of_table("shop.orders").lines] == ["o", "died"]
    assert [line.message for line in found.of_table("shop_raw.lines").lines] == ["l", "died"]
    assert [table.source_table_name for table in found.of_table("shop_raw.lines").failures] == ["shop.lines"]


def test_an_invocation_that_timed_out_is_told_though_its_line_names_no_run():
    lines = [said("began", function_request_id="q1"), "2026-01-31 q1 Task timed out after 900.00 seconds", "q2 END"]
    found = read_log(RUN, log_source(Log(functions=[("s", line) for line in lines]), jobs=()))
    assert [(line.level, line.message[:4]) for line in found.lines] == [("INFO", "bega"), ("ERROR", "2026")]


def test_what_spark_says_is_left_out_unless_it_is_asked_for_or_tells_of_trouble():
    plain = ["26/01/31 12:00:00 INFO SparkContext: up", "26/01/31 12:00:01 ERROR Executor: lost", ":: loading settings"]
    found = read_log(RUN, log_source(Log(jobs=[("jr_0", line) for line in plain])))
    assert [line["message"] for line in document(found, chatter=False)["lines"]] == ["Executor: lost"]
    assert document(found, chatter=False)["lines_hidden"] == 2
    assert len(document(found, chatter=True)["lines"]) == 3


def test_streams_side_by_side_do_not_mix_their_stack_traces():
    events = [
        LogEvent(f"{number}{stream}", JOBS, stream, AT + timedelta(milliseconds=number), text)
        for number, text in enumerate([*TRACE, said("after")])
        for stream in ("a", "b")
    ]
    traces = [line.exception for line in read_lines(events) if line.exception]
    assert traces == ["\n".join(TRACE)] * 2


@pytest.mark.parametrize(
    ("status", "state", "why"),
    [
        (RunStatus.NOTHING_TO_DO, ExecutionState.SUCCEEDED, "Nothing waited"),
        (None, ExecutionState.RUNNING, "--follow"),
        (RunStatus.SUCCEEDED, ExecutionState.SUCCEEDED, "retention"),
    ],
)
def test_when_there_is_nothing_it_says_why(status, state, why):
    ended = summary(RUN, status) if status else None
    assert (
        why
        in document(read_log(RUN, log_source(Log(), jobs=(), states=[state], ended=ended)), chatter=False)["nothing"]
    )


def test_a_job_run_that_died_without_a_word_is_told():
    text = printed(render(read_log(RUN, log_source(Log(), jobs=("ended by SIGKILL",))), chatter=False))
    assert "jr_0 FAILED: ended by SIGKILL" in text


def test_following_tells_each_line_once_until_the_run_has_ended():
    log, told = Log(at=utc_now(), jobs=[("jr_0", said("one"))]), []
    more = [lambda: None, lambda: log.groups[JOBS].append(("jr_0", said("two")))]
    states = [ExecutionState.RUNNING, ExecutionState.SUCCEEDED]
    found = follow_log(RUN, log_source(log, states=states, between=more), told.append, sleep=lambda _: None)
    assert [line.message for line in told] == ["one", "two"]
    assert (found.is_over, len(found.lines)) == (True, 2)


def test_a_run_without_any_trace_is_an_error():
    with pytest.raises(NothingRunning, match="never"):
        read_log("never", log_source(Log(), states=()))
