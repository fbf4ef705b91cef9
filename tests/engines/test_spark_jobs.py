"""How many Spark jobs a table-cycle is, by Spark's own event log (benchmarks.md, counts to guard)."""

from __future__ import annotations

import secrets

import pytest

from benchmarks.spark_jobs import asked_by_the_engine, shuffled_bytes, spark_jobs
from tests.engines.staged_table import DATABASE, StagedTable, delete, insert, update

MOST = 2
"""The goal is six; a query of a small table is one job, where Spark does not look at its plan again after every shuffle."""

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def cycles(lake, event_log) -> dict[str, tuple[list, list[str]]]:
    """Jobs and commits of two cycles of a table, a load and changes."""
    table = StagedTable(lake, "counted_jobs", "counted_jobs", engine="spark")
    pool, found = f"{DATABASE}.{table.name}", {}
    before, commits = spark_jobs(event_log, pool), []
    for name, put in {
        "load": lambda: table.load(*({"id": key, "v": "loaded"} for key in range(20))),
        "changes": lambda: table.changes(update(1, id=1, v="changed"), delete(2, id=2), insert(3, id=99, v="new")),
    }.items():
        put()
        table.ran(lake.run("counted_jobs").tables[0])
        table.check()
        jobs, made = spark_jobs(event_log, pool), lake.commits(table.location)
        found[name] = jobs[len(before) :], made[len(commits) :]
        before, commits = jobs, made
    return found


@pytest.mark.parametrize("cycle", ["load", "changes"])
def test_a_table_cycle_is_few_spark_jobs_of_the_engine_beside_hudis_own(cycles, cycle):
    jobs, _ = cycles[cycle]
    asked = asked_by_the_engine(jobs)
    assert 1 <= len(asked) <= MOST, [job.where for job in asked]
    assert len(jobs) > len(asked), "Hudi has jobs of its own"


@pytest.mark.parametrize("cycle", ["load", "changes"])
def test_a_file_batch_is_one_commit(cycles, cycle):
    _, commits = cycles[cycle]
    assert len(commits) == 1


def test_no_frame_is_counted(cycles):
    assert [
        job.where for jobs, _ in cycles.values() for job in asked_by_the_engine(jobs) if job.where.startswith("count")
    ] == []


def test_rows_of_a_load_with_distinct_keys_are_not_moved(lake, event_log):
    """Half a megabyte of values that nothing can compress: what is shuffled are keys."""
    table = StagedTable(lake, "unmoved", "unmoved", engine="spark")
    table.load(*({"id": key, "v": secrets.token_hex(25_000)} for key in range(20)))
    table.ran(lake.run("unmoved").tables[0])
    table.check()
    assert 0 < shuffled_bytes(event_log, spark_jobs(event_log, f"{DATABASE}.{table.name}")) < 100_000
