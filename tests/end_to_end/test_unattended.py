"""A schedule fires by itself."""

from __future__ import annotations

from tests.end_to_end.lake import DATABASE, Lake
from tests.end_to_end.unattended import CADENCE, SOURCE
from tests.end_to_end.waiting import eventually


def test_a_scheduled_cadence_runs_by_itself(lake: Lake) -> None:
    eventually(lambda: lake.status()[SOURCE]["refresh_status"] == "completed", 300, pause=3)
    assert len(lake.query(f"SELECT id FROM {DATABASE}.{SOURCE.replace('.', '_')}")) == 2
    scheduled = [run for run in lake.odpf("runs", "--limit", "1000").document if run["refresh_cadence"] == CADENCE]
    assert scheduled[-1]["status"] in ("SUCCEEDED", "RUNNING")
    assert lake.files("--table", SOURCE)[0]["run_id"] == scheduled[-1]["run_id"]
