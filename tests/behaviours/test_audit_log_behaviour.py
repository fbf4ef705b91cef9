"""The audit is append only and answers by run, by table and by day."""

from __future__ import annotations

from odpf.states import Outcome, RefreshStatus
from tests.behaviours.builders import RAW_TABLE, audit_row

NEXT_DAY = "2026-02-01T00:00:00.000000Z"


def test_a_row_comes_back_as_it_was_written(stores):
    row = audit_row(
        outcome=Outcome.REFRESH_ERROR,
        refresh_status=RefreshStatus.ERROR,
        error="no such column",
        fence=7,
        high_water_mark="000001 x",
        recovered=True,
    )
    stores.audit.append(row)
    assert stores.audit.of_table(RAW_TABLE) == [row]


def test_rows_of_a_run_a_table_and_a_day(stores):
    rows = [audit_row(), audit_row(table="table_2"), audit_row(run="r2", started=NEXT_DAY)]
    for row in rows:
        stores.audit.append(row)
    assert {row.raw_table for row in stores.audit.of_run("r1")} == {"lake_raw.table_1", "lake_raw.table_2"}
    assert stores.audit.of_table(RAW_TABLE) == [rows[0], rows[2]]
    assert stores.audit.of_day("2026-02-01") == [rows[2]]
    assert stores.audit.of_day("2026-02-02") == stores.audit.of_run("r9") == stores.audit.of_table("lake_raw.x") == []


def test_rows_of_a_table_since_a_moment(stores):
    rows = [audit_row(), audit_row(attempt=2), audit_row(run="r2", started=NEXT_DAY)]
    for row in reversed(rows):
        stores.audit.append(row)
    assert stores.audit.of_table(RAW_TABLE, "2026-02") == [rows[2]]
    assert stores.audit.of_table(RAW_TABLE, rows[1].run_sort) == rows[1:]


def test_the_newest_rows_of_a_table_come_first_and_no_more_than_asked_for(stores):
    rows = [audit_row(attempt=number) for number in (1, 2, 3)]
    for row in rows:
        stores.audit.append(row)
    assert stores.audit.newest_of_table(RAW_TABLE, 2) == [rows[2], rows[1]]
    assert stores.audit.newest_of_table(RAW_TABLE, 9) == rows[::-1]
    assert stores.audit.newest_of_table("lake_raw.x", 9) == []


def test_the_same_row_again_is_nothing_new_and_another_is_the_next_attempt(stores):
    assert stores.audit.append(audit_row()) == audit_row()
    assert stores.audit.append(audit_row()) == audit_row()
    assert stores.audit.append(audit_row(files=9)) == audit_row(files=9, attempt=2)
    assert stores.audit.append(audit_row(files=8)) == audit_row(files=8, attempt=3)
    assert stores.audit.of_table(RAW_TABLE) == [
        audit_row(),
        audit_row(files=9, attempt=2),
        audit_row(files=8, attempt=3),
    ]
