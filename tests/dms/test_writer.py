"""What DMS files are called, where they lie and what stands in them."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from odpf.landed_file import LandedFile
from odpf.settings import StagingPlace
from odpf.states import DmsFileType
from odpf_local.dms.shape import Column, Shape
from tests.dms.builders import SHAPE, STARTED, Files, changes, loaded, rule, task, write_all


def test_full_load_files_count_in_hexadecimal():
    files = Files()
    written = list(task(files).full_load(SHAPE, (loaded() for _ in range(17))))
    names = [file.key.rsplit("/", 1)[-1] for file in written]
    assert (names[0], names[9], names[16]) == ("LOAD00000001.parquet", "LOAD0000000A.parquet", "LOAD00000011.parquet")


def test_a_table_goes_on_counting_and_every_table_counts_for_itself():
    files, other = Files(), SHAPE._replace(table="other")
    writer = task(files)
    for shape in (SHAPE, other, SHAPE):
        list(writer.full_load(shape, [loaded()]))
    assert [key.split("shop/")[1] for key in files] == [
        "items/LOAD00000001.parquet",
        "other/LOAD00000001.parquet",
        "items/LOAD00000002.parquet",
    ]


def test_an_empty_table_leaves_no_file():
    files = Files()
    assert list(task(files).full_load(SHAPE, [loaded(0)])) == []
    assert not files


def test_a_full_load_is_split_at_max_file_size():
    files = Files()
    written = list(task(files, MaxFileSize=1).full_load(SHAPE, [loaded(200)]))
    assert len(written) > 2
    assert [row["id"] for row in files.rows()] == list(range(200))


@pytest.mark.parametrize(("folder", "prefix"), [("", ""), ("internal_staging", "internal_staging/"), ("/a/b/", "a/b/")])
def test_bucket_folder_has_any_number_of_levels(folder, prefix):
    (file, *_) = write_all(task(Files(), BucketFolder=folder))
    assert file.key == f"{prefix}shop/items/LOAD00000001.parquet"


def test_change_files_are_named_by_their_time_and_never_twice_the_same():
    files = Files()
    writer = task(files)
    written = [file for _ in range(3) for file in writer.changes(changes())]
    names = [file.key.rsplit("/", 1)[-1] for file in written]
    assert all(re.fullmatch(r"\d{8}-\d{9}\.parquet", name) for name in names)
    assert names == sorted(set(names))
    assert names[0] == "20260201-000000500.parquet"


def test_a_clock_that_stands_still_gives_names_a_millisecond_apart():
    writer = task(Files())
    writer._clock = lambda: STARTED
    names = [file.key[-11:] for _ in range(3) for file in writer.changes(changes("I"))]
    assert names == ["500.parquet", "501.parquet", "502.parquet"]


@pytest.mark.parametrize(
    ("sequence", "delimiter", "folder"),
    [
        ("YYYYMMDD", "SLASH", "2026/01/31"),
        ("YYYYMMDDHH", "SLASH", "2026/01/31/23"),
        ("YYYYMM", "DASH", "2026-01"),
        ("MMYYYYDD", "UNDERSCORE", "01_2026_31"),
        ("DDMMYYYY", "NONE", "31012026"),
        ("yyyymmdd", "slash", "2026/01/31"),
    ],
)
def test_changes_lie_in_date_folders_and_full_loads_do_not(sequence, delimiter, folder):
    settings = {"DatePartitionEnabled": True, "DatePartitionSequence": sequence, "DatePartitionDelimiter": delimiter}
    load, change = write_all(task(Files(), **settings))
    assert load.key == "shop/items/LOAD00000001.parquet"
    assert change.key.startswith(f"shop/items/{folder}/2026")


def test_a_time_zone_moves_date_folder_and_name():
    settings = {"DatePartitionEnabled": True, "DatePartitionTimezone": "Asia/Seoul"}
    (file,) = task(Files(), **settings).changes(changes())
    assert file.key == "shop/items/2026/02/01/20260201-090000500.parquet"


def test_transactions_of_two_days_make_two_files():
    midnight = datetime(2026, 2, 1, tzinfo=UTC)
    files = Files()
    moments = [midnight - timedelta(seconds=1), midnight, midnight - timedelta(seconds=2)]
    written = list(task(files, DatePartitionEnabled=True).changes(changes("IUD", moments)))
    assert [(file.key[11:21], file.rows) for file in written] == [("2026/01/31", 2), ("2026/02/01", 1)]


def test_every_file_is_one_that_odpf_takes():
    files = write_all(task(Files(), BucketFolder="x/y", DatePartitionEnabled=True))
    place = StagingPlace(bucket="b", folder="x/y")
    landed = [
        LandedFile.parse(bucket="b", key=f.key, etag="e", size=f.bytes, last_modified=STARTED, places=[place])
        for f in files
    ]
    assert [(file.source_table_name, file.dms_file_type, file.problem) for file in landed] == [
        ("shop.items", DmsFileType.FULL, None),
        ("shop.items", DmsFileType.INCREMENTAL, None),
    ]


@pytest.mark.parametrize(
    ("include", "inserts_only", "inserts_and_updates", "load", "change"),
    [
        (True, True, False, "I", "I"),
        (False, False, False, None, "IUD"),
        (False, True, False, None, None),
        (True, False, False, "I", "IUD"),
        (True, False, True, "I", "IU"),
        (False, False, True, None, None),
    ],
)
def test_the_op_column_is_there_as_the_endpoint_has_it(include, inserts_only, inserts_and_updates, load, change):
    files = Files()
    settings = {
        "IncludeOpForFullLoad": include,
        "CdcInsertsOnly": inserts_only,
        "CdcInsertsAndUpdates": inserts_and_updates,
    }
    write_all(task(files, **settings), count=1)
    found = ["".join(table["Op"].to_pylist()) if "Op" in table.column_names else None for _, table in files.tables()]
    assert found == [load, change]


def test_inserts_only_drops_updates_and_deletes():
    files = Files()
    write_all(task(files, CdcInsertsOnly=True), "IUDI")
    assert [row["id"] for row in files.rows("2026")] == [0, 3]


def test_changes_that_are_all_dropped_leave_no_file():
    assert list(task(Files(), CdcInsertsOnly=True).changes(changes("UD"))) == []


def test_columns_stand_op_timestamp_source_added():
    files = Files()
    rules = [rule("add-column", value="seq", expression="$AR_H_CHANGE_SEQ")]
    write_all(task(files, *rules, IncludeOpForFullLoad=True, TimestampColumnName="at"))
    assert [table.column_names for _, table in files.tables()] == [["Op", "at", "id", "name", "photo", "seq"]] * 2


def test_the_timestamp_column_is_the_commit_time_and_the_transfer_time_for_a_full_load():
    files = Files()
    write_all(task(files, TimestampColumnName="at"), "I")
    assert [row["at"] for row in files.rows()] == ["2026-02-01 00:00:00.500000"] * 2 + ["2026-01-31 23:59:58.500000"]


def test_the_timestamp_of_a_full_load_can_be_the_start_of_the_task():
    files = Files()
    write_all(task(files, TimestampColumnName="at", UseTaskStartTimeForFullLoadTimestamp=True), "I")
    assert files.rows("LOAD")[0]["at"] == "2026-01-31 23:59:59.500000"


def test_headers_are_empty_on_a_full_load_and_filled_in_changes():
    files = Files()
    headers = ("CHANGE_SEQ", "OPERATION", "STREAM_POSITION", "COMMIT_TIMESTAMP", "USER")
    write_all(task(files, *[rule("add-column", value=h, expression=f"$AR_H_{h}") for h in headers]), "D", count=1)
    load, change = ({h: row[h] for h in headers} for row in files.rows())
    assert load == {
        "CHANGE_SEQ": "",
        "OPERATION": "INSERT",
        "STREAM_POSITION": "",
        "COMMIT_TIMESTAMP": "2026-02-01 00:00:00.500000",
        "USER": "",
    }
    assert change == {
        "CHANGE_SEQ": "2026013123595850" + "1".zfill(19),
        "OPERATION": "DELETE",
        "STREAM_POSITION": "log.000001:0",
        "COMMIT_TIMESTAMP": "2026-01-31 23:59:58.500000",
        "USER": None,
    }


def test_a_commit_timestamp_can_be_a_timestamp():
    files = Files()
    added = rule(
        "add-column", value="at", expression="$AR_H_COMMIT_TIMESTAMP", data_type={"type": "datetime", "precision": 6}
    )
    write_all(task(files, added), "I")
    assert files.rows("2026")[0]["at"] == STARTED


def test_shuffled_rows_are_the_same_rows_in_another_order_fixed_by_the_seed():
    ordered, shuffled, again = Files(), Files(), Files()
    for files, seed in ((ordered, None), (shuffled, 1), (again, 1)):
        list(task(files, shuffle_seed=seed).changes(changes("I" * 50)))
    assert ordered.rows() != shuffled.rows() == again.rows()
    assert sorted(row["id"] for row in shuffled.rows()) == list(range(50))


TYPES = {
    "i8": (pa.int8(), -128, "int8"),
    "u32": (pa.uint32(), 2**32 - 1, "uint32"),
    "u64": (pa.uint64(), 2**64 - 1, "uint64"),
    "f32": (pa.float32(), 0.5, "float"),
    "f64": (pa.float64(), 0.1, "double"),
    "yes": (pa.bool_(), True, "bool"),
    "day": (pa.date32(), datetime(1, 1, 1).date(), "date32[day]"),
    "time": (pa.time32("ms"), datetime(1, 1, 1, 23, 59, 59, 999000).time(), "time32[ms]"),
    "stamp": (pa.timestamp("us"), datetime(1899, 1, 1, 0, 0, 0, 1), "timestamp[us, tz=UTC]"),
    "nano": (pa.timestamp("ns"), datetime(2024, 1, 1), "timestamp[us, tz=UTC]"),
    "text": (pa.large_string(), "😀", "string"),
    "bytes": (pa.binary(), b"\x00", "binary"),
}


@pytest.mark.parametrize("name", TYPES)
def test_types_are_those_dms_writes(name):
    kind, value, expected = TYPES[name]
    files, shape = Files(), Shape("s", "t", (Column(name, kind),))
    list(task(files).full_load(shape, [pa.table({name: pa.array([value], kind)})]))
    (_, table), *_ = files.tables()
    assert str(table.schema.field(name).type) == expected
    assert table.cast(pa.schema([(name, kind)])).to_pylist()[0][name] == value


def test_timestamps_can_be_in_milliseconds():
    files, shape = Files(), Shape("s", "t", (Column("at", pa.timestamp("us")),))
    rows = pa.table({"at": pa.array([datetime(2024, 1, 1, 0, 0, 0, 123_456)], pa.timestamp("us"))})
    list(task(files, ParquetTimestampInMillisecond=True).full_load(shape, [rows]))
    (content,) = files.values()
    assert "timeUnit=milliseconds" in str(pq.ParquetFile(io.BytesIO(content)).schema)
    assert files.rows()[0]["at"] == datetime(2024, 1, 1, 0, 0, 0, 123_000, UTC)


def test_compression_and_row_groups_are_those_of_the_endpoint():
    files = Files()
    list(task(files, CompressionType="GZIP", RowGroupLength=10).full_load(SHAPE, [loaded(25)]))
    (content,) = files.values()
    metadata = pq.ParquetFile(io.BytesIO(content)).metadata
    assert metadata.num_row_groups == 3
    assert metadata.row_group(0).column(0).compression == "GZIP"
