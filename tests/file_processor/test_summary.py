"""How a run ended."""

import pytest

from file_processor.summary import cause, summarise
from odpf.audit import AuditRow
from odpf.manifest import PlannedTable, RunManifest
from odpf.states import Outcome, RunStatus


def planned(*names):
    tables = tuple(
        PlannedTable(source_table_name=f"s.{n}", raw_database_name="raw", raw_table_name=n, files=1, bytes=1) for n in names
    )  # fmt: skip
    return RunManifest(run_id="r", started_at="2026", refresh_cadence="c", batches=(tables,))


def row(name, outcome, error=None):
    return AuditRow(
        source_table_name=f"s.{name}", raw_database_name="raw", raw_table_name=name, outcome=outcome, error=error,
        raw_table=f"raw.{name}", run_id="r", run_started_at="2026", batch_no=0, refresh_cadence="c",
        glue_job_run_id="jr", started_at="2026", ended_at="2026",
    )  # fmt: skip


DONE, ERROR, LOCKED = Outcome.COMPLETED, Outcome.REFRESH_ERROR, Outcome.SKIPPED_LOCKED


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ((DONE, DONE), RunStatus.SUCCEEDED),
        ((DONE, ERROR), RunStatus.PARTIAL),
        ((ERROR, ERROR), RunStatus.FAILED),
        ((DONE, LOCKED), RunStatus.SUCCEEDED),
        ((LOCKED, LOCKED), RunStatus.SUCCEEDED),
        ((LOCKED, ERROR), RunStatus.PARTIAL),
    ],
)
def test_the_status_is_honest(outcomes, status):
    rows = [row(name, outcome, "why") for name, outcome in zip("ab", outcomes, strict=True)]
    assert summarise(planned("a", "b"), rows, "2026").status is status


def test_a_table_without_an_audit_row_failed_with_its_job_run():
    summary = summarise(planned("a", "b"), [row("a", DONE)], "2026")
    assert summary.status is RunStatus.PARTIAL
    assert "job run ended before" in summary.failed[0].error


def test_the_cause_names_the_tables():
    summary = summarise(planned("a", "b"), [row("a", DONE), row("b", ERROR, "disk full")], "2026")
    assert cause(summary) == "1 of 2 tables failed. s.b: disk full"
