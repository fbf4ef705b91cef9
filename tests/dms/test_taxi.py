"""The reference demonstration as a source."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from odpf_local.dms.errors import InvalidTripFile
from odpf_local.dms.reference import REFERENCE_ENDPOINT, REFERENCE_MAPPINGS
from odpf_local.dms.taxi import TaxiSource
from odpf_local.dms.trips import TRIP_SCHEMA
from odpf_local.dms.writer import TaskWriter
from tests.dms.builders import Clock, Files, replayed

COMMITTED = datetime(2026, 1, 31, tzinfo=UTC)


def written(seed=1, tables=10, rows=200, parquet_file=None):
    files, source = Files(), TaxiSource(seed, tables, rows, parquet_file)
    writer = TaskWriter(
        settings=REFERENCE_ENDPOINT,
        mappings=REFERENCE_MAPPINGS,
        target=files,
        bucket="b",
        shuffle_seed=3,
        clock=Clock(),
    )
    list(source.full_load(writer))
    list(source.extended_changes(writer, COMMITTED))
    return files, source


@pytest.fixture(scope="module")
def demonstration():
    return written()


def test_files_have_the_reference_layout(demonstration):
    files, _ = demonstration
    (load, full), *_ = files.tables()
    assert load == "internal_staging/taxi_trips/table_1/LOAD00000001.parquet"
    assert full.column_names == [n.upper() for n in TRIP_SCHEMA.names] + ["PK_ID", "CDC_TIMESTAMP_SEQ", "CDC_OPERATION"]
    changes = {key.rsplit("/", 1)[0]: table.column_names[0] for key, table in files.tables() if "LOAD" not in key}
    assert changes == {f"internal_staging/taxi_trips/table_{n}/2026/01/31": "Op" for n in (1, 2, 3, 10)}


def test_expected_is_what_the_files_replay_to(demonstration):
    files, source = demonstration
    for name, expected in source.expected().items():
        rows = replayed(files, name.split(".")[1], ["PK_ID"])
        assert len(rows) == expected.rows == expected.loaded + expected.inserted - expected.deleted
        for check in expected.checks:
            of_key = [row for (key,), row in rows.items() if check.key in (None, key)]
            assert sum(row[check.column.upper()] == check.value for row in of_key) == check.rows


@pytest.mark.parametrize(
    ("rows", "inserted", "updated", "deleted"), [(200, 50, 50, 50), (10_000, 150, 75, 75), (20, 50, 20, 20)]
)
def test_the_extended_tests_scale_with_the_rows(rows, inserted, updated, deleted):
    expected = written(tables=3, rows=rows)[1].expected()
    assert expected["taxi_trips.table_1"].inserted == inserted
    assert expected["taxi_trips.table_2"].updated == updated
    assert expected["taxi_trips.table_3"].deleted == deleted


def test_one_key_of_table_10_lives_through_six_changes_with_one_commit_time(demonstration):
    files, _ = demonstration
    rows = sorted(files.rows("table_10/2026"), key=lambda row: row["CDC_TIMESTAMP_SEQ"])
    assert [(row["Op"], row["TOTAL_AMOUNT"]) for row in rows] == [
        *(("I", 50), ("U", 60), ("U", 70), ("D", 70), ("I", 80), ("U", 100))
    ]
    assert len({row["CDC_TIMESTAMP_SEQ"][:16] for row in rows}) == 1


def test_the_same_seed_makes_the_same_bytes_and_another_seed_others():
    assert written(tables=3)[0] == written(tables=3)[0]
    assert written(seed=2, tables=1)[0] != written(seed=3, tables=1)[0]


def test_trips_look_like_trips(demonstration):
    _, source = demonstration
    trips = source.trips(1).to_pylist()
    assert {row["VendorID"] for row in trips} <= {1, 2, 6}
    assert all(row["tpep_pickup_datetime"] < row["tpep_dropoff_datetime"] for row in trips)
    assert any(row["passenger_count"] is None and row["airport_fee"] is None for row in trips)
    assert source.trips(1) != source.trips(2)


def trip_file(folder, rows=30, **columns):
    """A file as the taxi commission publishes them; None removes a column."""
    trips = {name: array for name, array in TaxiSource(1, 1, rows).trips(1).to_pydict().items() if name != "pk_id"}
    path = folder / "yellow_tripdata_2023-01.parquet"
    made = {**trips, **columns}
    pq.write_table(pa.table({name: values for name, values in made.items() if values is not None}), path)
    return path


def test_a_real_file_gives_the_rows_with_its_own_types(tmp_path):
    whole = pa.array([1] * 30, pa.int32())
    nanos = pa.array([datetime(2023, 1, 1)] * 30, pa.timestamp("ns"))
    path = trip_file(
        tmp_path,
        VendorID=whole,
        tpep_pickup_datetime=nanos,
        airport_fee=None,
        Airport_fee=[1.75] * 30,
        cbd_fee=[0.5] * 30,
    )
    files, source = written(tables=2, rows=20, parquet_file=path)
    schema = files.tables()[0][1].schema
    assert (source.rows, str(schema.field("VENDORID").type)) == (20, "int32")
    assert str(schema.field("TPEP_PICKUP_DATETIME").type) == "timestamp[us, tz=UTC]"
    assert {row["AIRPORT_FEE"] for row in files.rows("table_1/LOAD")} == {1.75}
    assert {row["CBD_FEE"] for row in files.rows("table_1")} == {0.5}
    assert source.expected()["taxi_trips.table_2"].checks[0].rows == 20


def test_a_file_with_fewer_rows_gives_all_it_has(tmp_path):
    assert TaxiSource(1, 1, 1_000, trip_file(tmp_path)).rows == 30


def test_fees_that_came_later_may_be_missing_or_without_values(tmp_path):
    path = trip_file(tmp_path, airport_fee=pa.nulls(30), congestion_surcharge=None)
    files, source = written(tables=2, rows=30, parquet_file=path)
    assert {row["AIRPORT_FEE"] for row in files.rows("table_2/2026")} == {25.0}
    assert source.expected()["taxi_trips.table_2"].updated == 30


@pytest.mark.parametrize(
    ("columns", "named"), [({"total_amount": None, "VendorID": None}, "VendorID, total_amount are missing")]
)
def test_a_file_without_trips_is_refused_with_what_is_missing(tmp_path, columns, named):
    with pytest.raises(InvalidTripFile, match=named):
        TaxiSource(1, 1, 10, trip_file(tmp_path, **columns))


def test_a_file_that_is_no_parquet_or_not_there_is_refused(tmp_path):
    (tmp_path / "text").write_text("VendorID")
    for name in ("text", "none"):
        with pytest.raises(InvalidTripFile, match=name):
            TaxiSource(1, 1, 10, tmp_path / name)
