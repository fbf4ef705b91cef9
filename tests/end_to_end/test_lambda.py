"""A cadence with `compute: lambda`: small tables without a job run, what needs Spark handed over, killed invocations made up for."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from tests.end_to_end.lake import ARTIFACTS, DATABASE, Answer, Lake, ended, results, table
from tests.end_to_end.processes import invocations, kill
from tests.end_to_end.source import COLUMNS, Source, rows
from tests.end_to_end.waiting import eventually

CADENCE, KILLED, HANDED = "on_lambda", "on_lambda_killed", "on_lambda_handed"
NAMES = ("on_lambda.orders", "on_lambda.lines", "on_lambda.stock")
BROKEN = "on_lambda.broken"


class Cycles(NamedTuple):
    """A first load, changes, a run with nothing to do, and one with a table that fails."""

    sources: list[Source]
    load: Answer
    changes: Answer
    idle: Answer
    failing: Answer


@pytest.fixture(scope="module")
def cycles(lake: Lake) -> Cycles:
    sources = [Source(name) for name in NAMES]
    broken = Source(BROKEN)
    configured(lake, CADENCE, *(source.name for source in sources))
    for source in sources:
        lake.put(*source.load(rows(20)))
    load = lake.run(CADENCE)
    for source in sources:
        source.update(id=1, note="changed")
        source.delete(id=2)
        source.insert(id=21, value=1, note="new")
        lake.put(*source.changes())
    changes, idle = lake.run(CADENCE), lake.run(CADENCE)

    configured(lake, CADENCE, BROKEN, on_bad_file="stop")
    lake.put(*broken.load(rows(3)))
    lake.put(f"{broken.folder}/2026/01/31/20260131-000000001.parquet", b"not Parquet")
    sources[0].update(id=3, note="beside a table that fails")
    lake.put(*sources[0].changes())
    return Cycles(sources, load, changes, idle, lake.run(CADENCE))


def configured(lake: Lake, cadence: str, *names: str, **more: str) -> None:
    cadences = [{"refresh_cadence": cadence, "compute": "lambda"}]
    tables = [table(name, cadence, **more) for name in names]
    assert lake.apply({"cadences": cadences, "tables": tables}).status == 0


def content(lake: Lake, source: Source) -> list[dict[str, Any]]:
    return sorted(lake.query(f"SELECT id, value, note FROM {DATABASE}.{raw(source)}"), key=repr)


def raw(source: Source) -> str:
    return source.name.replace(".", "_")


def test_small_tables_are_refreshed_without_a_job_run(lake: Lake, cycles: Cycles) -> None:
    for answer in (cycles.load, cycles.changes):
        assert (answer.status, answer.document["status"]) == (0, "SUCCEEDED")
        assert {result["outcome"] for result in results(answer).values()} == {"completed"}
        assert {result["engine"] for result in results(answer).values()} == {"arrow"}
        assert lake.job_runs(answer.document["run_id"]) == []
    assert cycles.idle.document["status"] == "NOTHING_TO_DO"


def test_the_lake_holds_what_the_source_does(lake: Lake, cycles: Cycles) -> None:
    assert [content(lake, source) for source in cycles.sources] == [source.expected() for source in cycles.sources]


def test_the_run_counts_the_rows_it_read(cycles: Cycles) -> None:
    for result in results(cycles.changes).values():
        told = [result[f"rows_{kind}"] for kind in ("read", "inserted", "updated", "deleted")]
        assert told == [3, 1, 1, 1]


def test_a_table_that_fails_fails_the_run_and_no_other_table(lake: Lake, cycles: Cycles) -> None:
    assert (cycles.failing.status, cycles.failing.document["status"]) == (3, "PARTIAL")
    outcomes = {name: result["outcome"] for name, result in results(cycles.failing).items()}
    assert outcomes == {BROKEN: "refresh_error", NAMES[0]: "completed"}
    assert lake.job_runs(cycles.failing.document["run_id"]) == []
    assert lake.execution(cycles.failing.document["run_id"])["status"] == "FAILED"


def test_the_manifest_says_where_each_table_is_processed_and_why(lake: Lake, cycles: Cycles) -> None:
    (key,) = lake.objects(ARTIFACTS, f"runs/{cycles.changes.document['run_id']}/batches/")
    manifest = lake.document(ARTIFACTS, key)["body"]
    assert manifest["compute"] == "lambda"
    assert {work["engine"] for work in manifest["tables"]} == {"arrow"}
    assert all("small work" in work["engine_reason"] for work in manifest["tables"])


def test_an_invocation_that_is_killed_fails_its_run_and_the_next_one_finishes(lake: Lake) -> None:
    sources = [Source(f"on_lambda_killed.t{number:02d}") for number in range(24)]
    configured(lake, KILLED, *(source.name for source in sources))
    for source in sources:
        lake.put(*source.load(rows(5)))
    process = lake.begin_run(KILLED)
    (pid,) = eventually(lambda: invocations(f"{KILLED}-"), 60)
    eventually(lambda: lake.objects("odpf-raw", f"{DATABASE}/on_lambda_killed_"), 60, pause=0.01)
    time.sleep(0.2)
    kill(pid)
    killed = ended(process)
    assert killed.status in (1, 3)
    lost = [name for name, result in results(killed).items() if result["outcome"] == "refresh_error"]
    assert lost
    assert all("next run goes on" in results(killed)[name]["error"] for name in lost)

    finished = lake.run(KILLED)

    assert (finished.status, lake.job_runs(finished.document["run_id"])) == (0, [])
    counts = " UNION ALL ".join(f"SELECT count(*) n, sum(value) v FROM {DATABASE}.{raw(source)}" for source in sources)
    assert lake.query(counts) == [{"n": 5, "v": 150}] * len(sources)
    states = [file["state"] for file in lake.files() if file["source_table_name"].startswith("on_lambda_killed.")]
    assert states == ["raw_file_processed"] * len(sources)
    found = lake.status()
    assert {found[source.name]["refresh_status"] for source in sources} == {"completed"}


def test_a_table_that_turns_out_to_need_spark_goes_on_in_a_job_run_of_the_same_run(lake: Lake) -> None:
    """A key of type double: its text in Hudi's record keys is Java's own. Nobody knows before its file is opened."""
    plain, odd = Source("on_lambda_handed.plain"), Source("on_lambda_handed.odd", {**COLUMNS, "id": pa.float64()})
    configured(lake, HANDED, plain.name, odd.name)
    for source in (plain, odd):
        lake.put(*source.load(rows(5)))

    answer = lake.run(HANDED)

    assert (answer.status, answer.document["status"]) == (0, "SUCCEEDED")
    assert {name: result["engine"] for name, result in results(answer).items()} == {
        plain.name: "arrow",
        odd.name: "spark",
    }
    (job_run,) = lake.job_runs(answer.document["run_id"])
    assert job_run["Arguments"]["--manifest_uri"].endswith("/batches/0.1.json")
    assert [len(content(lake, source)) for source in (plain, odd)] == [5, 5]
