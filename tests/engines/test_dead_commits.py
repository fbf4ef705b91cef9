"""A commit of Arrow that ends at any step is rolled back by Spark's next write, and readers never see any of it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pyarrow as pa
import pytest

from file_processor.engines.arrow.engine import ArrowEngine
from file_processor.timeline import Timeline
from odpf.errors import TransientError
from odpf.states import EngineName, Outcome
from tests.engines.staged_table import COLUMNS, StagedTable, delete, insert, update

pytestmark = [
    pytest.mark.more,
    # py4j leaves the sockets of ended threads to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

STEPS = range(1, 12)
"""Writes of a commit of two old and one new partition: requested, inflight, partition, three markers and files, completed."""


class EndsAtAStep:
    """An object store whose writes into table `dead_<kind>_<n>` fail from the n-th on."""

    def __init__(self, objects):
        self._objects, self._writes = objects, Counter()

    def __getattr__(self, name):
        method = getattr(self._objects, name)
        if not name.startswith("put"):
            return method

        def write(bucket, key, *content):
            table, step = re.search(r"(dead_[a-z]+_(\d+))/", key).groups()
            self._writes[table] += 1
            if self._writes[table] >= int(step):
                raise TransientError("The process is gone.")
            return method(bucket, key, *content)

        return write


@pytest.fixture(scope="module")
def tables(lake) -> dict[tuple[str, int], StagedTable]:
    options = {"columns": COLUMNS | {"part": pa.string()}, "hudi_partition_key": "part", "engine": "arrow"}
    names = [(kind, step) for kind in ("changes", "reload") for step in STEPS]
    tables = {(kind, step): StagedTable(lake, f"dead_{kind}_{step}", "dead_commits", **options) for kind, step in names}
    for table in tables.values():
        table.load(*({"id": number, "v": "loaded", "part": f"p{number % 2}"} for number in range(4)))
    _run(lake, tables)
    for (kind, _), table in tables.items():
        if kind == "reload":
            table.reload({"id": 0, "v": "again", "part": "p0"}, {"id": 9, "v": "again", "part": "new"})
        else:
            table.changes(
                update(1, id=0, v="changed", part="p0"), delete(2, id=1), insert(3, id=9, v="inserted", part="new")
            )
    before = {name: table.rows() for name, table in tables.items()}
    dying = EndsAtAStep(lake.aws.objects)
    _run(replace(lake, engines={EngineName.ARROW: lambda: ArrowEngine(dying)}), tables)
    for name, table in tables.items():
        if table.result.outcome is not Outcome.COMPLETED:
            assert table.rows() == before[name], name
    return tables


@pytest.fixture(scope="module")
def continued(lake, tables) -> dict[tuple[str, int], StagedTable]:
    failed = {name: table for name, table in tables.items() if table.result.outcome is not Outcome.COMPLETED}
    for table in failed.values():
        table.reconfigure(engine="spark")
    _run(lake, failed)
    return failed


def test_a_commit_ends_at_every_step(tables):
    ended = {
        kind: [step for step in STEPS if tables[kind, step].result.outcome is not Outcome.COMPLETED]
        for kind in ("changes", "reload")
    }
    assert ended["changes"] == list(range(1, max(ended["changes"]) + 1))
    assert len(ended["changes"]) >= 10
    assert len(ended["reload"]) >= 8


def test_spark_goes_on_with_every_one_of_them(continued):
    for table in continued.values():
        table.check()


def test_nothing_of_them_is_left_in_the_table(continued):
    for table in continued.values():
        timeline = Timeline(table.lake.aws.objects, table.location)
        assert timeline.pending == ()
        assert {file.instant for file in timeline.data_files()} <= set(timeline.instants)


def _run(lake, tables) -> None:
    results = {result.raw_table_name: result for result in lake.run("dead_commits").tables}
    for table in tables.values():
        table.ran(results.get(table.name))
