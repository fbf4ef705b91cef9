"""The Glue table of a raw table, as Athena and Spark want it."""

from __future__ import annotations

import json

import pytest

from odpf.errors import TerminalError
from odpf.ports import CatalogTable
from tests.behaviours.wire import Wire

HOODIE = [
    "_hoodie_commit_time",
    "_hoodie_commit_seqno",
    "_hoodie_record_key",
    "_hoodie_partition_path",
    "_hoodie_file_name",
]
LOCATION = "s3://odpf-raw/lake_raw/trips"
TRIPS = CatalogTable(
    database="lake_raw",
    name="trips",
    location=LOCATION,
    columns=(("id", "bigint"), ("vendorid", "int"), ("fare", "decimal(10,2)"), ("small", "smallint")),
    partition_key="vendorid",
    partitions=(("1", "1"), ("2", f"{LOCATION}/2")),
    merge_on_read=False,
)
WIDE = TRIPS._replace(columns=(*TRIPS.columns, *((f"column_{n:04d}", "string") for n in range(500))))


@pytest.fixture
def glue(aws):
    aws.catalog.ensure_database("lake_raw")
    return aws.session.client("glue")


def entry(glue, name="trips"):
    return glue.get_table(DatabaseName="lake_raw", Name=name)["Table"]


def spark_schema(table) -> dict:
    parameters = table["Parameters"]
    parts = int(parameters["spark.sql.sources.schema.numParts"])
    return json.loads("".join(parameters[f"spark.sql.sources.schema.part.{n}"] for n in range(parts)))


def test_a_copy_on_write_table(aws, glue):
    aws.catalog.publish(TRIPS)
    table = entry(glue)
    storage = table["StorageDescriptor"]
    names = [column["Name"] for column in storage["Columns"]]
    assert names == [*HOODIE, "id", "fare", "small"]
    assert [column["Type"] for column in storage["Columns"][5:]] == ["bigint", "decimal(10,2)", "smallint"]
    assert [(key["Name"], key["Type"]) for key in table["PartitionKeys"]] == [("vendorid", "int")]
    assert (table["TableType"], storage["Location"]) == ("EXTERNAL_TABLE", LOCATION)
    assert storage["InputFormat"] == "org.apache.hudi.hadoop.HoodieParquetInputFormat"
    assert storage["SerdeInfo"]["Parameters"] == {
        "hoodie.query.as.ro.table": "false",
        "path": LOCATION,
        "serialization.format": "1",
    }
    assert (
        table["Parameters"].items()
        >= {
            "EXTERNAL": "TRUE",
            "hudi.metadata-listing-enabled": "FALSE",
            "spark.sql.sources.provider": "hudi",
            "spark.sql.sources.schema.numPartCols": "1",
            "spark.sql.sources.schema.partCol.0": "vendorid",
        }.items()
    )


def test_the_spark_schema_has_the_partition_column_last(aws, glue):
    aws.catalog.publish(TRIPS)
    fields = spark_schema(entry(glue))["fields"]
    assert [field["name"] for field in fields] == [*HOODIE, "id", "fare", "small", "vendorid"]
    assert [field["type"] for field in fields[5:]] == ["long", "decimal(10,2)", "short", "integer"]


def test_a_wide_schema_is_kept_in_parts_and_shrinks_without_remains(aws, glue):
    aws.catalog.publish(WIDE)
    table = entry(glue)
    parts = [value for name, value in table["Parameters"].items() if ".schema.part." in name]
    assert len(parts) > 5
    assert max(map(len, parts)) <= 4000
    assert len(spark_schema(table)["fields"]) == 509
    aws.catalog.publish(TRIPS)
    assert [name for name in entry(glue)["Parameters"] if ".schema.part." in name] == [
        "spark.sql.sources.schema.part.0"
    ]


def test_a_merge_on_read_table_has_three_entries(aws, glue):
    aws.catalog.publish(TRIPS._replace(merge_on_read=True))
    real_time = "org.apache.hudi.hadoop.realtime.HoodieParquetRealtimeInputFormat"
    said = {}
    for name in ("trips", "trips_rt", "trips_ro"):
        storage = entry(glue, name)["StorageDescriptor"]
        said[name] = (
            storage["InputFormat"] == real_time,
            storage["SerdeInfo"]["Parameters"]["hoodie.query.as.ro.table"],
        )
    assert said == {"trips": (True, "false"), "trips_rt": (True, "false"), "trips_ro": (False, "true")}


def test_partitions_have_their_own_location_and_the_tables_path(aws, glue):
    aws.catalog.publish(TRIPS)
    partitions = glue.get_partitions(DatabaseName="lake_raw", TableName="trips")["Partitions"]
    described = {p["Values"][0]: p["StorageDescriptor"] for p in partitions}
    assert {value: storage["Location"] for value, storage in described.items()} == {
        "1": f"{LOCATION}/1",
        "2": f"{LOCATION}/2",
    }
    assert described["1"]["SerdeInfo"]["Parameters"]["path"] == LOCATION


def test_hundreds_of_partitions_are_made_in_chunks_and_follow_the_columns(aws, glue):
    wire = Wire(aws.catalog._client)
    many = TRIPS._replace(partitions=tuple((str(n), str(n)) for n in range(230)))
    aws.catalog.publish(many)
    assert wire.requests["BatchCreatePartition"] == 3
    aws.catalog.publish(many._replace(columns=(("id", "string"), *TRIPS.columns[1:])))
    types = {
        partition["StorageDescriptor"]["Columns"][5]["Type"]
        for page in glue.get_paginator("get_partitions").paginate(DatabaseName="lake_raw", TableName="trips")
        for partition in page["Partitions"]
    }
    assert types == {"string"}


def test_nothing_is_written_when_nothing_differs(aws, glue):
    aws.catalog.publish(TRIPS)
    wire = Wire(aws.catalog._client)
    aws.catalog.publish(TRIPS)
    assert wire.requests == {"GetTable": 1, "GetPartitions": 1}


def test_what_people_added_to_the_entry_stays(aws, glue):
    aws.catalog.publish(TRIPS)
    table = entry(glue)
    storage = table["StorageDescriptor"]
    storage["Columns"][5]["Comment"] = "the trip"
    own = {"athena_enable_native_hudi_connector_implementation": "true"}
    glue.update_table(
        DatabaseName="lake_raw",
        TableInput={
            "Name": "trips",
            "Description": "Taxi trips",
            "TableType": table["TableType"],
            "Parameters": table["Parameters"] | own,
            "PartitionKeys": table["PartitionKeys"],
            "StorageDescriptor": storage,
        },
    )
    assert aws.catalog.publish(TRIPS) is False
    assert aws.catalog.publish(TRIPS._replace(columns=(*TRIPS.columns, ("tip", "double")))) is True
    after = entry(glue)
    assert after["Parameters"].items() >= own.items()
    assert after["Description"] == "Taxi trips"
    assert after["StorageDescriptor"]["Columns"][5]["Comment"] == "the trip"


def test_a_type_that_the_catalog_lacks_is_refused(aws, glue):
    with pytest.raises(TerminalError, match="struct<a:int>"):
        aws.catalog.publish(TRIPS._replace(columns=(("s", "struct<a:int>"),)))
