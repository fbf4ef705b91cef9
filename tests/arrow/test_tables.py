"""Tables of several file groups, empty ones, and those whose columns change; read by hudi-rs."""

from __future__ import annotations

import json
from random import Random

import pyarrow as pa
import pytest

from tests.engines.staged_table import COLUMNS, delete, insert, update

SMALL = 8_000
"""Bytes of a data file: a few dozen of these rows."""
PARTITIONED = {"columns": COLUMNS | {"part": pa.string()}, "hudi_partition_key": "part"}


@pytest.fixture(autouse=True)
def small_files(bench):
    bench.engine(most_file_bytes=SMALL)


def loaded(bench, rows=100, **options):
    """A table of several groups; the text of a row does not compress."""
    table = bench.table(**options)
    table.load(*(row(number, **options) for number in range(rows)))
    bench.applied(table)
    return table


def row(number: int, hudi_partition_key: str | None = None, **_) -> dict:
    return {
        "id": number,
        "v": f"{Random(number).getrandbits(800):x}",
        **({"part": f"p{number % 3}"} if hudi_partition_key else {}),
    }


def groups(bench, table) -> set[str]:
    return {file.group for file in bench.current(table)}


def rows_of(bench, table) -> dict[str, int]:
    return {file.group: bench.parquet(table, file.path).metadata.num_rows for file in bench.current(table)}


def newest(bench, table) -> dict:
    """The metadata of the newest commit."""
    instant = bench.timeline(table).instants[0]
    (name,) = [
        path for path in bench.paths(table) if path.startswith(f".hoodie/{instant}.") and path.endswith("commit")
    ]
    return json.loads(bench.get(table, name))


def test_a_load_fills_several_groups(bench):
    table = loaded(bench)
    assert len(groups(bench, table)) >= 3
    assert max(file.size for file in bench.current(table)) < 2 * SMALL


def test_a_change_rewrites_its_group_alone(bench):
    table = loaded(bench)
    before = {file.group: file.instant for file in bench.current(table)}
    table.changes(update(1, id=5, v="changed"))
    bench.applied(table)
    after = {file.group: file.instant for file in bench.current(table)}
    assert after.keys() == before.keys()
    assert sum(after[group] != before[group] for group in after) == 1


def test_inserts_updates_and_deletes_over_all_groups(bench):
    table = loaded(bench)
    many = range(0, 100, 7)
    table.changes(
        *(update(n, id=n, v="changed") for n in many),
        *(delete(200 + n, id=n + 1) for n in many if n < 98),
        *(insert(400 + n, **row(1000 + n)) for n in range(60)),
    )
    bench.applied(table)
    table.changes(*(delete(600 + n, id=n) for n in range(0, 100, 2)), *(update(700 + n, id=n, v="again") for n in many))
    bench.applied(table)
    assert sum(rows_of(bench, table).values()) == len(table.rows())


def test_rows_move_between_groups_of_all_partitions(bench):
    table = loaded(bench, **PARTITIONED)
    for turn in range(3):
        moves = (update(100 * turn + n, id=n, v=f"{turn}", part=f"p{(n + turn + 1) % 4}") for n in range(0, 100, 3))
        table.changes(*moves)
        bench.applied(table)
    assert {file.partition for file in bench.current(table)} == {f"part=p{number}" for number in range(4)}
    for file in bench.current(table):
        rows = bench.parquet(table, file.path).read(columns=["part", "_hoodie_partition_path", "_hoodie_file_name"])
        assert {f"part={part}" for part in rows["part"].to_pylist()} <= {file.partition}
        assert set(rows["_hoodie_partition_path"].to_pylist()) <= {file.partition}
        assert set(rows["_hoodie_file_name"].to_pylist()) <= {file.name}


def test_carried_over_rows_keep_their_commit_and_sequence_number(bench):
    table = loaded(bench)
    table.changes(update(1, id=5, v="changed"))
    before = {row["_hoodie_record_key"]: row for row in hudi_columns(bench, table)}
    bench.applied(table)
    after = {row["_hoodie_record_key"]: row for row in hudi_columns(bench, table)}
    assert [key for key, row in after.items() if row != before[key]] == ["5"]
    assert after["5"]["_hoodie_commit_time"] == bench.timeline(table).instants[0]
    assert len({row["_hoodie_commit_seqno"] for row in after.values()}) == len(after)


def hudi_columns(bench, table) -> list[dict]:
    names = ["_hoodie_record_key", "_hoodie_commit_time", "_hoodie_commit_seqno"]
    files = bench.current(table)
    return [row for file in files for row in bench.parquet(table, file.path).read(columns=names).to_pylist()]


def test_a_group_whose_rows_are_all_deleted_is_a_file_without_rows(bench):
    table = loaded(bench)
    (group, count), *_ = rows_of(bench, table).items()
    (file,) = [each for each in bench.current(table) if each.group == group]
    gone = bench.parquet(table, file.path).read(columns=["id"])["id"].to_pylist()
    table.changes(*(delete(number, id=each) for number, each in enumerate(gone, 1)))
    bench.applied(table)
    assert len(gone) == count
    assert rows_of(bench, table)[group] == 0
    table.changes(*(insert(1000 + number, **row(number)) for number in gone))
    bench.applied(table)
    assert rows_of(bench, table)[group] > 0


def test_a_table_whose_rows_are_all_deleted_is_an_empty_table(bench):
    table = loaded(bench, **PARTITIONED)
    table.changes(*(delete(number, id=number) for number in range(100)))
    bench.applied(table)
    assert table.rows() == []
    table.changes(insert(1000, **row(7, **PARTITIONED)))
    bench.applied(table)


def test_a_batch_that_changes_nothing_makes_no_commit(bench):
    table = loaded(bench)
    table.changes(update(9, id=1, v="changed"))
    bench.applied(table)
    before = bench.paths(table)
    table.changes(update(3, id=1, v="late"), delete(4, id=1), delete(10, id=77_777))
    bench.applied(table)
    table.changes()
    bench.applied(table)
    assert bench.paths(table) == before


def test_an_empty_load_makes_an_empty_table_that_can_be_read(bench):
    for options in ({}, PARTITIONED):
        table = bench.table(**options)
        table.load()
        bench.applied(table)
        assert table.rows() == []
        assert len(bench.timeline(table).instants) == 1
        table.changes(insert(1, **row(1, **options)))
        bench.applied(table)


def test_a_commit_says_what_it_did_and_its_files_are_as_it_says(bench):
    table = loaded(bench, **PARTITIONED)
    before = groups(bench, table)
    table.changes(
        update(1, id=0, v="x", part="p0"),
        update(2, id=1, v="moved", part="p0"),
        delete(3, id=2),
        insert(4, id=777, part="q"),
    )
    bench.applied(table)
    commit = newest(bench, table)
    stats = [each for some in commit["partitionToWriteStats"].values() for each in some]
    sums = {name: sum(each[name] for each in stats) for name in ("numInserts", "numUpdateWrites", "numDeletes")}
    assert sums == {"numInserts": 2, "numUpdateWrites": 1, "numDeletes": 2}
    sizes = {file.path: file.size for file in bench.timeline(table).data_files()}
    for each in stats:
        assert each["fileSizeInBytes"] == sizes[each["path"]]
        assert each["numWrites"] == bench.parquet(table, each["path"]).metadata.num_rows
        assert each["prevCommit"] in {"null", *bench.timeline(table).instants[1:]}
        assert (each["prevCommit"] == "null") == (each["fileId"] not in before)
        assert each["path"].startswith(f"{each['partitionPath']}/{each['fileId']}_")


@pytest.mark.parametrize("history", [False, True])
def test_every_column_of_the_files_is_in_the_commits_schema(bench, history):
    table = loaded(bench, history=history)
    fields = json.loads(newest(bench, table)["extraMetadata"]["schema"])["fields"]
    (file, *_) = bench.current(table)
    columns = bench.parquet(table, file.path).schema_arrow.names
    assert [field["name"] for field in fields] == [name for name in columns if not name.startswith("_hoodie_")]
    assert table.rows()[0].keys() == {field["name"] for field in fields}


def test_columns_are_added_and_widened_while_some_groups_are_as_they_were(bench):
    columns = COLUMNS | {"n": pa.int32(), "f": pa.float32()}
    table = bench.table(columns=columns)
    table.load(*({**row(number), "n": -number, "f": number / 4} for number in range(100)))
    bench.applied(table)
    table.columns = columns | {"n": pa.int64(), "f": pa.float64(), "added": pa.date32()}
    table.changes(update(1, id=5, v="changed", n=2**40, f=0.1))
    bench.applied(table)
    kinds = {bench.parquet(table, file.path).schema_arrow.field("n").type for file in bench.current(table)}
    assert kinds == {pa.int32(), pa.int64()}, "some groups are older than the wider column"
    table.changes(*(update(100 + number, id=number, v="again", n=1, f=1.0) for number in range(0, 100, 10)))
    bench.applied(table)
    fields = json.loads(newest(bench, table)["extraMetadata"]["schema"])["fields"]
    assert {field["name"]: field["type"][1] for field in fields if field["name"] in ("n", "f")} == {
        "n": "long",
        "f": "double",
    }


def test_a_reload_ends_every_group_of_every_partition(bench):
    table = loaded(bench, **PARTITIONED)
    before = groups(bench, table)
    table.reload(*(row(number, **PARTITIONED) | {"part": f"q{number % 2}"} for number in range(50)))
    bench.applied(table)
    commit = newest(bench, table)
    assert {group for some in commit["partitionToReplaceFileIds"].values() for group in some} == before
    assert commit["partitionToReplaceFileIds"].keys() == {"part=p0", "part=p1", "part=p2"}
    assert groups(bench, table).isdisjoint(before)
    table.changes(update(1, id=60, v="came back", part="p0"), delete(2, id=3))
    bench.applied(table)


def test_a_reload_without_rows_makes_the_table_empty(bench):
    table = loaded(bench)
    table.reload()
    bench.applied(table)
    assert table.rows() == []
    assert groups(bench, table) == set()
