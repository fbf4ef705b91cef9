"""An invocation's process is killed while it writes: its run fails visibly, the next one finishes without a job run."""

from __future__ import annotations

import time

import pytest

from tests.end_to_end.lake import DATABASE, Lake, ended, results, table
from tests.end_to_end.processes import invocations, kill
from tests.end_to_end.source import Source, rows
from tests.end_to_end.waiting import eventually

pytestmark = pytest.mark.more

CADENCE = "on_lambda_killed"
TABLES = 24


def test_an_invocation_that_is_killed_fails_its_run_and_the_next_one_finishes(lake: Lake) -> None:
    sources = [Source(f"{CADENCE}.t{number:02d}") for number in range(TABLES)]
    tables = [table(source.name, CADENCE) for source in sources]
    assert lake.apply({"cadences": [{"refresh_cadence": CADENCE, "compute": "lambda"}], "tables": tables}).status == 0
    for source in sources:
        lake.put(*source.load(rows(5)))
    process = lake.begin_run(CADENCE)
    (pid,) = eventually(lambda: invocations(f"{CADENCE}-"), 60)
    eventually(lambda: lake.objects("odpf-raw", f"{DATABASE}/on_lambda_killed_"), 60, pause=0.01)
    time.sleep(0.2)
    kill(pid)
    killed = ended(process)
    assert killed.status in (1, 3)
    lost = [name for name, result in results(killed).items() if result["outcome"] == "refresh_error"]
    assert lost
    assert all("next run goes on" in results(killed)[name]["error"] for name in lost)

    finished = lake.run(CADENCE)

    assert (finished.status, lake.job_runs(finished.document["run_id"])) == (0, [])
    counts = " UNION ALL ".join(
        f"SELECT count(*) n, sum(value) v FROM {DATABASE}.{source.name.replace('.', '_')}" for source in sources
    )
    assert lake.query(counts) == [{"n": 5, "v": 150}] * len(sources)
    states = [file["state"] for file in lake.files() if file["source_table_name"].startswith("on_lambda_killed.")]
    assert states == ["raw_file_processed"] * len(sources)
    found = lake.status()
    assert {found[source.name]["refresh_status"] for source in sources} == {"completed"}
