"""What queries of the newest twenty commits need stays, the rest goes; a table of any age stays small."""

from __future__ import annotations

from random import Random

import pyarrow as pa
from hudi import HudiReadOptions, HudiTableBuilder

from file_processor.engines.engine import COMMITS_RETAINED
from file_processor.time_travel import files_at
from tests.engines.staged_table import COLUMNS, delete, insert, update

PARTITIONED = {"columns": COLUMNS | {"part": pa.string()}, "hudi_partition_key": "part"}
MOST_WAITING = 9
"""Objects that are not removed yet: ten go in one request."""


def values_at(bench, table, instant: str) -> dict:
    """Column `v` by key, as it was."""
    hudi = HudiTableBuilder.from_base_uri(bench.lake.uri(table.location)).build()
    rows = [row for batch in hudi.read(HudiReadOptions().with_as_of_timestamp(instant)) for row in batch.to_pylist()]
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row["v"] for row in rows}


def test_the_newest_twenty_commits_can_be_read_as_they_were(bench):
    table = bench.table(**PARTITIONED)
    table.load(*({"id": number, "v": "loaded", "part": f"p{number % 3}"} for number in range(9)))
    bench.applied(table)
    seen = {}
    for turn in range(2 * COMMITS_RETAINED):
        changes = [
            update(turn, id=turn % 9, v=f"{turn}", part=f"p{turn % 3}"),
            insert(1000 + turn, id=100 + turn, part="p0"),
        ]
        table.changes(*changes) if turn != COMMITS_RETAINED else table.reload({"id": 1, "v": "again", "part": "p1"})
        bench.applied(table)
        seen[bench.timeline(table).instants[0]] = table.values()
        for instant in list(seen)[-COMMITS_RETAINED:]:
            assert values_at(bench, table, instant) == seen[instant], instant
    timeline = bench.timeline(table)
    readable = [instant for instant in seen if files_at(timeline, instant) is not None]
    assert COMMITS_RETAINED <= len(readable) < len(seen)
    for instant in readable:
        assert values_at(bench, table, instant) == seen[instant], instant


def test_superseded_files_and_markers_go(bench):
    table = bench.table()
    table.load({"id": 1, "v": "loaded"})
    bench.applied(table)
    for turn in range(2 * COMMITS_RETAINED):
        table.changes(update(turn, id=1, v=f"{turn}"))
        bench.applied(table)
        markers = [path for path in bench.paths(table) if ".hoodie/.temp/" in path]
        files = len(bench.timeline(table).data_files())
        assert max(0, files - COMMITS_RETAINED - 1) + len(markers) <= MOST_WAITING + 2, turn


def test_one_file_of_each_replaced_group_is_left_to_the_cleaner_of_hudi(bench):
    """Without something to clean Hudi would never archive the replacecommit (docs/hudi.md)."""
    table = bench.table(**PARTITIONED)
    table.load(*({"id": number, "v": "loaded", "part": f"p{number}"} for number in range(MOST_WAITING + 1)))
    bench.applied(table)
    first = {file.group for file in bench.current(table)}
    table.reload({"id": 1, "v": "again", "part": "p1"})
    bench.applied(table)
    for turn in range(COMMITS_RETAINED + 1):
        table.changes(update(turn, id=1, v=f"{turn}", part="p1"))
        bench.applied(table)
    left = [file.group for file in bench.timeline(table).data_files() if file.group in first]
    assert sorted(left) == sorted(first)


def test_two_hundred_commits_leave_a_small_table_that_is_right(bench):
    bench.engine(most_file_bytes=9_000)
    table, random = bench.table(**PARTITIONED), Random(200)
    table.load(*({"id": number, "v": f"{random.getrandbits(200):x}", "part": f"p{number % 2}"} for number in range(60)))
    bench.applied(table)
    last, most_slices = 0, 0
    for turn in range(200):
        changes = []
        for _ in range(random.randint(1, 3)):
            last += 1
            row = {"id": random.randrange(120), "v": f"{random.getrandbits(200):x}", "part": f"p{random.randrange(2)}"}
            changes.append(random.choice([insert, update, update, delete])(last, **row))
        table.changes(*changes)
        bench.applied(table) if turn % 10 == 9 else bench.run(table)
        commits = bench.timeline(table)
        newest = commits.instants[0]
        most_slices = max(most_slices, sum(file.instant == newest for file in commits.data_files()))
    timeline = bench.timeline(table)
    assert len(timeline.instants) > 150
    current = len(timeline.current_files())
    assert len(timeline.data_files()) <= current + (COMMITS_RETAINED + 1) * most_slices + MOST_WAITING
    listed = len(bench.paths(table))
    assert listed <= 3 * len(timeline.instants) + len(timeline.data_files()) + MOST_WAITING + 2 * most_slices + 5
