"""What gives wrong data without an error in a Hudi table of version 6 (docs/hudi.md), and what Arrow does about each."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from file_processor.engines.arrow.limits import OWN_MARK
from odpf.states import Outcome
from tests.arrow.arrow_bench import Meddling
from tests.arrow.dying_objects import DyingObjects
from tests.engines.staged_table import COLUMNS, delete, insert, update

OLD, FAR = "20200101000000000", "29990101000000000"
PARTITIONED = {"columns": COLUMNS | {"part": pa.string()}, "hudi_partition_key": "part"}
OWN = json.dumps({"extraMetadata": OWN_MARK}).encode()
STEPS = [(step, is_done) for step in range(1, 13) for is_done in (False, True)]


def loaded(bench, **options):
    table = bench.table(**options)
    parts = {"part": "p0"} if "hudi_partition_key" in options else {}
    table.load(*({"id": number, "v": "loaded", **parts} for number in range(4)))
    return bench.applied(table)


def plant_dead_commit(bench, table, instant: str, inflight: bytes = OWN) -> str:
    """A commit that ended before its last step: it had written a new group, with rows that are there already."""
    (file,) = bench.current(table)
    path = f"dead-0_0-0-0_{instant}.parquet"
    bench.put(table, f".hoodie/{instant}.commit.requested")
    bench.put(table, f".hoodie/{instant}.inflight", inflight)
    bench.put(table, f".hoodie/.temp/{instant}/{path}.marker.CREATE")
    bench.put(table, path, bench.get(table, file.path))
    return path


# 1. A file that was never committed becomes visible once its instant is older than the oldest completed commit.


@pytest.mark.parametrize("instant", [OLD, "now"])
def test_the_files_of_a_dead_commit_are_gone_before_the_next_one_is_visible(bench, instant):
    table = loaded(bench)
    (loaded_at,) = bench.timeline(table).instants
    dead = plant_dead_commit(bench, table, OLD if instant == OLD else str(int(loaded_at) + 1))
    table.changes(update(1, id=1, v="changed"))
    bench.applied(table)
    assert dead not in bench.paths(table)
    assert bench.timeline(table).pending == ()
    assert [path for path in bench.paths(table) if "/.temp/" in path and OLD in path] == []


def test_arrow_does_not_read_them_either(bench):
    table = loaded(bench)
    plant_dead_commit(bench, table, OLD)
    assert [file.group for file in bench.current(table) if file.group.startswith("dead")] == []


@pytest.mark.parametrize("kind", ["load", "changes", "reload"])
def test_a_commit_may_die_at_every_step_and_the_next_run_goes_on(bench, kind):
    for step, is_done in STEPS:
        table = bench.table(**PARTITIONED) if kind == "load" else loaded(bench, **PARTITIONED)
        if kind == "changes":
            table.changes(
                update(1, id=0, v="changed", part="p0"), delete(2, id=1), insert(3, id=9, v="new", part="new")
            )
        else:
            rows = [{"id": number, "v": "again", "part": f"p{number}"} for number in (0, 7)]
            table.load(*rows) if kind == "load" else table.reload(*rows)
        dying = DyingObjects(bench.objects)
        dying.doomed[bench.base(table)] = (step, is_done)
        bench.engine(dying)
        bench.run(table)
        bench.engine()
        if table.result.outcome is not Outcome.COMPLETED:
            bench.run(table)
        table.check()
        timeline = bench.timeline(table)
        assert timeline.pending == ()
        assert {file.instant for file in timeline.data_files()} <= set(timeline.instants)


def test_a_roll_back_that_dies_is_made_again(bench):
    for step in range(1, 8):
        table = loaded(bench)
        plant_dead_commit(bench, table, FAR)
        table.changes(update(1, id=1, v="changed"))
        dying = DyingObjects(bench.objects)
        dying.doomed[bench.base(table)] = (step, False)
        bench.engine(dying)
        bench.run(table)
        assert sorted(row["v"] for row in table.rows()) == ["loaded"] * 4
        bench.engine()
        bench.applied(table)
        assert [path for path in bench.paths(table) if FAR in path] == []


def test_a_dead_commit_of_a_clock_that_goes_ahead_does_not_hold_the_table_there(bench):
    table = loaded(bench)
    plant_dead_commit(bench, table, FAR)
    table.changes(update(1, id=1, v="changed"))
    bench.applied(table)
    table.changes(update(2, id=1, v="again"))
    bench.applied(table)
    assert max(bench.timeline(table).instants) < FAR


# 2. and 3. Decimals as integers, times in other units: Spark's next upsert makes other values of them.

TYPES = {
    "id": pa.int64(),
    "wide": pa.decimal128(20, 4),
    "narrow": pa.decimal128(8, 2),
    "whole": pa.decimal128(38, 0),
    "micros": pa.timestamp("us"),
    "millis": pa.timestamp("ms"),
    "nanos": pa.timestamp("ns"),
}


def typed(number: int) -> dict:
    moment = datetime(2024, 1, 2, 3, 4, 5, 678000)
    numbers = {"wide": Decimal("1.5"), "narrow": Decimal("-0.01"), "whole": Decimal(10) ** 37}
    return {"id": number, **numbers, "micros": moment, "millis": moment, "nanos": moment}


def test_decimals_are_fixed_length_bytes_and_times_are_microseconds_in_utc(bench):
    table = bench.table(columns=TYPES)
    table.load(typed(1), typed(2))
    bench.applied(table)
    table.changes(update(1, **typed(2)))
    bench.applied(table)
    for file in bench.timeline(table).data_files():
        schema = bench.parquet(table, file.path).schema
        columns = {schema.column(n).name: schema.column(n) for n in range(len(schema))}
        decimals = {name: columns[name] for name in ("wide", "narrow", "whole")}
        assert {column.physical_type for column in decimals.values()} == {"FIXED_LEN_BYTE_ARRAY"}
        assert [column.length for column in decimals.values()] == [9, 4, 16]
        for name in ("micros", "millis", "nanos"):
            logical = json.loads(columns[name].logical_type.to_json())
            assert columns[name].physical_type == "INT64"
            assert (logical["isAdjustedToUTC"], logical["timeUnit"]) == (True, "microseconds")


# 4., 5. and 8. What is not Arrow's.


def test_a_table_with_a_metadata_table_is_sparks(bench):
    table = loaded(bench)
    properties = bench.get(table, ".hoodie/hoodie.properties")
    bench.put(table, ".hoodie/hoodie.properties", properties + b"hoodie.table.metadata.partitions=files\n")
    table.changes(update(1, id=1, v="changed"))
    assert "metadata table" in bench.left_to_spark(table)
    bench.put(table, ".hoodie/hoodie.properties", properties)
    bench.applied(table)


FOREIGN = {
    "commit of Spark": {"commit.requested": b"", "inflight": b'{"extraMetadata": {}}'},
    "commit of Spark without statistics": {"commit.requested": b"", "inflight": b""},
    "replacement of Spark": {"replacecommit.requested": b"", "replacecommit.inflight": b""},
    "planned clustering": {"replacecommit.requested": b"Obj\x01avro"},
    "delta commit": {"deltacommit.requested": b"", "deltacommit.inflight": b""},
    "planned compaction": {"compaction.requested": b"Obj\x01avro"},
    "clean": {"clean.requested": b"Obj\x01avro", "clean.inflight": b"Obj\x01avro"},
    "roll back": {"rollback.requested": b"Obj\x01avro"},
}


WRITES = [name for name in FOREIGN if name not in ("planned compaction", "clean", "roll back")]
STAYS = [(name, FAR) for name in FOREIGN] + [(name, OLD) for name in FOREIGN if name not in WRITES]


@pytest.mark.parametrize("name", WRITES)
def test_what_was_begun_below_the_newest_commit_is_removed_for_hudi_would_never_roll_it_back(bench, name):
    table = loaded(bench)
    for suffix, content in FOREIGN[name].items():
        bench.put(table, f".hoodie/{OLD}.{suffix}", content)
    bench.put(table, f".hoodie/{OLD[:-1]}1.rollback.requested", b"Obj\x01avro")
    table.changes(update(1, id=1, v="changed"))
    bench.applied(table)
    table.check()
    assert [path for path in bench.paths(table) if path.startswith(f".hoodie/{OLD[:-1]}")] == []


@pytest.mark.parametrize(("name", "instant"), STAYS)
def test_a_table_with_somebodys_unfinished_instant_is_sparks(bench, name, instant):
    table = loaded(bench)
    for suffix, content in FOREIGN[name].items():
        bench.put(table, f".hoodie/{instant}.{suffix}", content)
    table.changes(update(1, id=1, v="changed"))
    assert instant in bench.left_to_spark(table)
    assert table.values() == dict.fromkeys(range(4), "loaded")


@pytest.mark.parametrize(
    "entries",
    [
        {"commit.requested": b""},
        {"commit.requested": b"", "inflight": OWN},
        {"replacecommit.requested": b"", "replacecommit.inflight": OWN},
        {"inflight": OWN},
    ],
)
def test_an_unfinished_commit_of_arrow_is_rolled_back(bench, entries):
    table = loaded(bench)
    for suffix, content in entries.items():
        bench.put(table, f".hoodie/{OLD}.{suffix}", content)
    table.changes(update(1, id=1, v="changed"))
    bench.applied(table)
    assert [path for path in bench.paths(table) if OLD in path] == []


def test_a_merge_on_read_table_is_sparks(bench):
    table = bench.table(hudi_table_type="merge_on_read", engine="auto")
    table.load({"id": 1, "v": "loaded"})
    assert "merge_on_read" in bench.left_to_spark(table)
    assert bench.paths(table) == []


def test_a_table_that_is_merge_on_read_and_configured_otherwise_is_nobodys(bench):
    table = loaded(bench)
    properties = bench.get(table, ".hoodie/hoodie.properties")
    bench.put(table, ".hoodie/hoodie.properties", properties.replace(b"COPY_ON_WRITE", b"MERGE_ON_READ"))
    table.changes(update(1, id=1, v="changed"))
    assert "merge_on_read" in bench.refused(table).lower()


# 6. Two writers: whoever is second must notice, before or after.


@pytest.mark.parametrize("suffix", [".commit.requested", ".commit"])
def test_an_instant_that_another_writer_has_taken_is_not_overwritten(bench, suffix):
    table = loaded(bench)
    table.changes(update(1, id=1, v="changed"))
    taken: list[str] = []

    def take(key: str) -> None:
        taken.append(key)
        bench.objects.put(bench.bucket, key, b"{}" if suffix == ".commit" else b"")

    bench.engine(Meddling(bench.objects, suffix, take))
    bench.run(table)
    assert table.result.outcome is not Outcome.COMPLETED
    assert "another writer" in table.result.error.lower() or "no other job writes" in table.result.error
    assert bench.objects.get(bench.bucket, taken[0]) in (b"{}", b"")


def test_a_commit_that_appears_while_another_is_made_is_noticed(bench):
    table = loaded(bench)
    table.changes(update(1, id=1, v="changed"))
    (loaded_at,) = bench.timeline(table).instants
    foreign = json.dumps({"partitionToWriteStats": {}, "extraMetadata": {}, "operationType": "UPSERT"}).encode()
    for instant in (FAR, str(int(loaded_at) + 1)):
        bench.engine(
            Meddling(
                bench.objects, ".commit", lambda key, at=instant: bench.put(table, f".hoodie/{at}.commit", foreign)
            )
        )
        bench.run(table)
        assert table.result.outcome is not Outcome.COMPLETED
        assert "another writer" in table.result.error or "not made by ODPF" in table.result.error


# 7. Spark reads nothing of a partition without its metadata file.


def test_every_partition_has_its_metadata_file_and_keeps_it(bench):
    table = bench.table(**PARTITIONED)
    table.load(*({"id": number, "v": "loaded", "part": part} for number, part in enumerate(["a", "b/c", "", None])))
    bench.applied(table)
    folders = {"part=a", "part=b%2Fc", "part=__HIVE_DEFAULT_PARTITION__"}
    first = partition_files(bench, table)
    assert first.keys() == folders
    table.changes(
        insert(1, id=9, v="new", part="new"), update(2, id=0, v="moved", part="b/c"), insert(3, id=8, part="a")
    )
    bench.applied(table)
    second = partition_files(bench, table)
    assert second.keys() == folders | {"part=new"}
    assert {path: content for path, content in second.items() if path in folders} == first
    table.reload({"id": 1, "v": "again", "part": "again"})
    bench.applied(table)
    table.changes(insert(4, id=5, v="back", part="a"))
    bench.applied(table)
    third = partition_files(bench, table)
    assert third.keys() == folders | {"part=new", "part=again"}
    assert {path: content for path, content in third.items() if path in second} == second


def partition_files(bench, table) -> dict[str, bytes]:
    """Metadata files by folder; each names a completed commit and the depth."""
    name = "/.hoodie_partition_metadata"
    files = {path.removesuffix(name): bench.get(table, path) for path in bench.paths(table) if path.endswith(name)}
    for content in files.values():
        values = dict(line.split("=") for line in content.decode().splitlines() if not line.startswith("#"))
        assert values["partitionDepth"] == "1"
        assert values["commitTime"] in bench.timeline(table).instants
    return files
