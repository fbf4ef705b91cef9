"""Many tables: the reference configuration in batches, and two hundred tables of which three have files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.end_to_end.lake import ARTIFACTS, DATABASE, Lake, results, table
from tests.end_to_end.source import Source, rows

EXAMPLE = Path(__file__).parents[2] / "examples" / "taxi"
TAXI = "10_min_refresh"
TAXI_DATABASE = "odpf_demo_taxi_trips_raw"
CADENCE = "hundreds"
PLAN_SECONDS = 30


@pytest.mark.more  # a minute: four job runs
def test_the_reference_configuration_runs_eighteen_tables_in_four_job_runs(lake: Lake) -> None:
    applied = lake.odpf("config", "apply", str(EXAMPLE), "--yes")
    assert (applied.status, len(applied.document["added"])) == (0, 18)
    generated = lake.odpf("dms", "generate", "--rows", "20", "--what", "full-load")
    assert generated.status == 0

    answer = lake.run(TAXI)

    assert (answer.status, answer.document["status"], len(answer.document["tables"])) == (0, "SUCCEEDED", 18)
    run_id = answer.document["run_id"]
    manifests = [lake.document(ARTIFACTS, key) for key in lake.objects(ARTIFACTS, f"runs/{run_id}/batches/")]
    assert sorted(len(manifest["body"]["tables"]) for manifest in manifests) == [4, 4, 5, 5]
    assert [run["JobRunState"] for run in lake.job_runs(run_id)] == ["SUCCEEDED"] * 4
    counted = " UNION ALL ".join(f"SELECT count(*) n FROM {TAXI_DATABASE}.table_{n}" for n in range(1, 19))
    assert [row["n"] for row in lake.query(counted)] == [20] * 18


def test_two_hundred_tables_with_files_for_three_are_planned_quickly_and_start_one_job(lake: Lake) -> None:
    names = [f"hundreds.t{number:03d}" for number in range(200)]
    document = {"cadences": [{"refresh_cadence": CADENCE}], "tables": [table(name, CADENCE) for name in names]}
    assert len(lake.apply(document).document["added"]) == 200
    with_files = names[7::80]
    for name in with_files:
        lake.put(*Source(name).load(rows(3)))

    answer = lake.run(CADENCE)

    assert (answer.status, sorted(results(answer))) == (0, with_files)
    run_id = answer.document["run_id"]
    (job_run,) = lake.job_runs(run_id)
    planned = job_run["StartedOn"] - started(lake, run_id)
    assert planned.total_seconds() < PLAN_SECONDS
    for name in with_files:
        assert lake.query(f"SELECT count(*) n FROM {DATABASE}.{name.replace('.', '_')}") == [{"n": 3}]


def started(lake: Lake, run_id: str) -> datetime:
    moment: datetime = lake.execution(run_id)["startDate"]
    return moment
