"""Timelines that Arrow made long are archived by Hudi itself, and both engines and other readers go on from there."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from file_processor.engines.arrow.engine import ArrowEngine
from file_processor.engines.engine import LEAST_COMMITS, MOST_COMMITS, MOST_FILE_BYTES
from file_processor.engines.spark.hudi import clustering_options, table_options
from file_processor.engines.spark.services import client_of, plan_clustering
from file_processor.timeline import Timeline
from odpf.errors import TransientError
from odpf.states import EngineName, Outcome, RunStatus
from odpf.table_config import read_table_config
from tests.engines.staged_table import COLUMNS, StagedTable, delete, insert, update

pytestmark = [
    pytest.mark.soak,
    # py4j leaves the sockets of ended threads to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

CADENCE = "maintained"
COMMITS = 45
SHAPES = {
    "plain": {},
    "reloaded": {},
    "partitioned": {"columns": COLUMNS | {"part": pa.string()}, "hudi_partition_key": "part"},
    "dying": {},
    "scattered": {},
    "scattered_in_parts": {"columns": COLUMNS | {"part": pa.string()}, "hudi_partition_key": "part"},
}
ORDERS = {
    "plain": ("arrow", "spark"),
    "reloaded": ("spark", "arrow"),
    "partitioned": ("spark", "arrow"),
    "scattered": ("arrow", "spark"),
    "scattered_in_parts": ("spark", "arrow"),
}
SCATTERED = ("scattered", "scattered_in_parts")
"""Their first load is written into many small files."""
"""Which engine goes on first after maintenance."""


class NeverCompletes:
    """An object store in which no commit of a table is ever completed."""

    def __init__(self, objects, table):
        self._objects, self._table = objects, f"/{table}/.hoodie/"

    def __getattr__(self, name):
        method = getattr(self._objects, name)
        if not name.startswith("put"):
            return method

        def write(bucket, key, *content):
            if self._table in key and key.endswith(".commit"):
                raise TransientError("The process is gone.")
            return method(bucket, key, *content)

        return write


def timeline(table):
    return Timeline(table.lake.aws.objects, table.location)


def run(lake, tables, *, maintenance=False):
    summary = lake.run(CADENCE, maintenance=maintenance)
    results = {result.raw_table_name: result for result in summary.tables}
    for name, table in tables.items():
        table.ran(results.get(name))
    return summary


def run_scattering(lake, tables):
    """A run in which every row gets a file of its own."""
    run(replace(lake, engines={EngineName.ARROW: lambda: ArrowEngine(lake.aws.objects, 1)}), tables)
    for table in tables.values():
        assert len(timeline(table).current_files()) == 6


def load(tables):
    for table in tables.values():
        table.load(*({"id": number, "v": "loaded", "part": f"p{number % 2}"} for number in range(6)))


@pytest.fixture(scope="module")
def tables(lake) -> dict[str, StagedTable]:
    """Each with more commits of Arrow than Spark would leave in a timeline; one has been reloaded, one has a dead commit."""
    tables = {name: StagedTable(lake, name, CADENCE, engine="arrow", **options) for name, options in SHAPES.items()}
    scattered = {name: tables[name] for name in SCATTERED}
    others = {name: table for name, table in tables.items() if name not in SCATTERED}
    load(scattered)
    run_scattering(lake, scattered)
    load(others)
    run(lake, others)
    for number in range(1, COMMITS):
        for name, table in tables.items():
            if (name, number) == ("reloaded", 5):
                table.reload({"id": 0, "v": "again", "part": "p0"}, {"id": 1, "v": "again", "part": "p1"})
            else:
                part = f"p{number // 9 % 3}"
                table.changes(
                    update(3 * number, id=0, v=f"v{number}", part=part),
                    insert(3 * number + 1, id=100 + number, v="new", part=part),
                    *([delete(3 * number + 2, id=99 + number)] if number % 2 else []),
                )
        run(lake, tables)
    for table in tables.values():
        table.check()
        assert len(table.lake.commits(table.location)) == COMMITS
    tables["dying"].changes(update(1000, id=0, v="at last"))
    gone = NeverCompletes(lake.aws.objects, "dying")
    run(replace(lake, engines={EngineName.ARROW: lambda: ArrowEngine(gone)}), {"dying": tables["dying"]})
    assert tables["dying"].result.outcome is Outcome.REFRESH_ERROR
    assert timeline(tables["dying"]).pending
    return tables


@pytest.fixture(scope="module")
def maintained(lake, tables) -> dict[str, StagedTable]:
    summary = lake.run(CADENCE, maintenance=True)
    assert summary.status is RunStatus.SUCCEEDED, summary
    for result in summary.tables:
        assert (result.outcome, result.engine, result.files) == (Outcome.COMPLETED, "spark", 0), result
    assert {result.raw_table_name for result in summary.tables} == set(tables)
    return tables


def test_the_timeline_is_as_short_as_spark_would_keep_it(lake, maintained):
    for name, table in maintained.items():
        commits = lake.commits(table.location)
        assert LEAST_COMMITS <= len(commits) <= MOST_COMMITS, name
        assert lake.aws.ledger.state(f"semantics.{name}").active_commits == len(commits)


def test_the_rows_are_what_they_were_and_nothing_is_missing(maintained):
    for name, table in maintained.items():
        expected = {row["id"]: row["v"] for row in table.replay.rows()}
        assert table.values() == expected, name
        timeline(table).check_line()
        assert timeline(table).missing_files() == [], name


def test_small_files_are_put_together_and_the_commits_before_are_read_as_ever(maintained):
    for name in SCATTERED:
        found = timeline(maintained[name])
        assert any(commit.is_service for commit in found.commits()), name
        assert len(found.current_files()) == len({file.partition for file in found.current_files().values()}), name


def test_a_dead_commit_was_rolled_back_before_its_files_could_be_taken_for_archived_ones(maintained):
    found = timeline(maintained["dying"])
    assert found.pending == ()
    assert max(file.instant for file in found.data_files()) in found.instants


def test_the_files_that_a_reload_replaced_are_gone_and_so_is_its_commit(maintained):
    found = timeline(maintained["reloaded"])
    assert found.replaced() == set()
    assert len(found.current_files()) == 1
    assert {file.group for file in found.data_files()} == set(found.current_files())


def test_a_second_maintenance_has_nothing_to_do(lake, maintained):
    assert lake.run(CADENCE, maintenance=True).status is RunStatus.NOTHING_TO_DO


def test_both_engines_go_on_in_either_order(lake, maintained):
    for turn in (0, 1):
        for name, order in ORDERS.items():
            table = maintained[name]
            table.reconfigure(engine=order[turn])
            table.changes(
                update(2000 + 2 * turn, id=0, v=f"turn {turn}", part="p1"),
                insert(2001 + 2 * turn, id=500 + turn, v="after", part="p2"),
            )
        run(lake, maintained)
        for name, order in ORDERS.items():
            assert maintained[name].result.engine == order[turn]
            maintained[name].check()
    assert maintained["dying"].values()[0] == "at last", "what the dead writer was given is applied by the next one"


@pytest.mark.parametrize("engine", ["spark", "auto"])
def test_rows_are_written_although_a_dead_maintenance_has_planned_their_files(lake, engine):
    """Hudi's own writer refuses rows of files that a clustering has planned, for ever."""
    table = StagedTable(lake, f"planned_{engine}", CADENCE, engine="arrow")
    load({table.name: table})
    run_scattering(lake, {table.name: table})
    planned = _planned_clustering(lake, table)
    assert [each.instant for each in timeline(table).pending] == [planned]
    table.reconfigure(engine=engine)
    table.changes(update(1, id=0, v="changed"), delete(2, id=1), insert(3, id=7, v="new"))
    run(lake, {table.name: table})
    table.check()
    assert table.result.engine == "spark"
    assert timeline(table).pending == ()
    table.reconfigure(engine="arrow")
    table.changes(update(4, id=2, v="changed"))
    run(lake, {table.name: table})
    table.check()


def _planned_clustering(lake, table):
    """The instant of a clustering that was begun, and of which no file was written."""
    spark = lake.engines[EngineName.SPARK]()._spark
    config, found = read_table_config(table.config), timeline(table)
    options = table_options(config) | clustering_options(MOST_FILE_BYTES)
    with client_of(spark, config, found, options) as client:
        planned = plan_clustering(spark, client)
    bucket, base = table.location.removeprefix("s3://").split("/", 1)
    lake.aws.objects.put(bucket, f"{base}/.hoodie/{planned}.replacecommit.inflight", b"")
    return planned
