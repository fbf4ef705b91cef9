"""Where a table's time went stands in its audit row."""

from __future__ import annotations

from threading import Event

import pytest

from odpf.phases import Phase, Phases, begin, phase_seconds, phases_of_table


def test_time_belongs_to_the_phase_that_was_begun_last_and_adds_up():
    now = [0.0]
    phases = Phases(lambda: now[0])
    for phase, until in ((Phase.READ, 2.0), (Phase.COMMIT, 3.0), (Phase.READ, 7.0)):
        now[0] = until - 1.0
        phases.begin(phase)
        now[0] = until
    assert phases.seconds() == {Phase.TAKE: 1.0, Phase.READ: 2.0, Phase.COMMIT: 4.0}


def test_outside_of_a_tables_work_nothing_is_marked():
    begin(Phase.COMMIT)
    assert phase_seconds() == {}
    with phases_of_table():
        begin(Phase.COMMIT)
    assert phase_seconds() == {}


def test_the_audit_row_says_where_the_time_of_its_run_went(bench, monkeypatch):
    bench.load((1, 10))
    prepare = bench.engine.prepare

    def slowly(plan):
        Event().wait(0.05)
        return prepare(plan)

    monkeypatch.setattr(bench.engine, "prepare", slowly)
    summary = bench.run()
    (row,) = bench.aws.audit.of_run(summary.run_id)
    assert row.phases[Phase.READ] >= 0.05
    assert sum(row.phases.values()) == pytest.approx(row.seconds, abs=0.05)
    assert (row.result(),) == summary.tables
