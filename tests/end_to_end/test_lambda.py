"""A cadence with `compute: lambda`: small tables without a job run, and what needs Spark handed over."""

from __future__ import annotations

from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from tests.end_to_end.conftest import CRM
from tests.end_to_end.lake import ARTIFACTS, DATABASE, Answer, Lake, results, table
from tests.end_to_end.source import COLUMNS, Source, rows

CADENCE, HANDED = "on_lambda", "on_lambda_handed"
NAMES = ("on_lambda.orders", "on_lambda.lines", "on_lambda.stock")
BROKEN = "on_lambda.broken"
RARE, RARE_TABLE, RARE_DATABASE = "on_lambda_rare", "crm.on_lambda_rare.parts", "lambda_raw"


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


class Rare(NamedTuple):
    """A partitioned table of another staging place: a row without a key, a new column, then a reload."""

    load: Answer
    widened: Answer
    after_widening: list[dict[str, Any]]
    reloaded: Answer
    after_reload: list[dict[str, Any]]


@pytest.fixture(scope="module")
def rare(lake: Lake) -> Rare:
    """Its item is put with the SDK, so the function is the one to make its database."""
    assert lake.apply({"cadences": [{"refresh_cadence": RARE, "compute": "lambda"}]}).status == 0
    names = {"raw_database_name": RARE_DATABASE, "raw_table_name": "parts", "hudi_partition_key": "note"}
    lake.put_item("odpf_raw_table_config", table(RARE_TABLE, RARE, **names))
    source = Source("on_lambda_rare.parts")

    def put(file: tuple[str, bytes]) -> None:
        lake.put(*file, bucket=CRM["bucket"], folder=CRM["folder"])

    put(source.load([*rows(3), {"id": None, "value": 0, "note": "row 1"}]))
    del source.rows[None,]
    load = lake.run(RARE)
    source.columns = COLUMNS | {"extra": pa.string()}
    source.update(id=1, extra="new")
    source.insert(id=9, note="a new partition")
    put(source.changes())
    widened, after_widening = lake.run(RARE), stored(lake)
    source.columns = COLUMNS
    put((source.files[0], source.load(rows(4))[1]))  # as DMS does it: under the names of the load before
    return Rare(load, widened, after_widening, lake.run(RARE), stored(lake))


def stored(lake: Lake) -> list[dict[str, Any]]:
    return sorted(lake.query(f"SELECT * FROM {RARE_DATABASE}.parts"), key=lambda row: int(row["id"]))


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


@pytest.mark.soak
def test_partitions_a_new_column_and_a_bad_row_are_the_functions_business_too(lake: Lake, rare: Rare) -> None:
    result = results(rare.load)[RARE_TABLE]
    assert (result["engine"], result["rows_inserted"], result["rows_quarantined"]) == ("arrow", 3, 1)
    assert lake.objects(ARTIFACTS, f"quarantine/{RARE_DATABASE}.parts/")
    assert results(rare.widened)[RARE_TABLE]["engine"] == "arrow"
    assert [row["extra"] for row in rare.after_widening] == ["new", None, None, None]


@pytest.mark.soak
def test_a_reload_replaces_the_table_in_the_function(lake: Lake, rare: Rare) -> None:
    result = results(rare.reloaded)[RARE_TABLE]
    assert (result["outcome"], result["engine"], result["rows_read"]) == ("completed", "arrow", 4)
    assert [(row["id"], row["value"]) for row in rare.after_reload] == [(number, number * 10) for number in range(1, 5)]
    assert lake.job_runs(rare.reloaded.document["run_id"]) == []


@pytest.mark.soak
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
