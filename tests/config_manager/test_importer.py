"""Items of the original framework become configuration, in every JSON form that DynamoDB's tools write."""

from __future__ import annotations

import json

import pytest

from config_manager.importer import Imported, import_items
from config_manager.validate import check_files

CADENCE = {
    "refresh_cadence": "10_min_refresh",
    "datalake_format": "hudi",
    "data_lake_format": "hudi",
    "glue_job_max_workers": 10,
    "glue_job_name": "odpf_file_processor",
    "glue_job_worker_type": "G.1X",
    "refresh_tables_batch_size": "5",
}
TABLE = {
    "refresh_cadence": "10_min_refresh",
    "source_table_name": "taxi_trips_table_1",
    "hudi_partition_key": "VENDORID",
    "hudi_precombine_field": "CDC_TIMESTAMP_SEQ",
    "hudi_primary_key": "PK_ID",
    "hudi_table_type": "copy_on_write",
    "is_active": "Y",
    "raw_database_name": "odpf_demo_taxi_trips_raw",
    "raw_database_S3_bucket": "lake-raw",
    "raw_table_name": "table_1",
    "table_data_versioning_type": "H",
    "table_storage_type": "hudi",
}


def imported(*documents: object, schema: str | None = None) -> Imported:
    files = [(f"f{n}.json", json.dumps(document).encode()) for n, document in enumerate(documents)]
    return import_items(files, glue_job_name="odpf_file_processor", schema=schema)


def typed(item: dict[str, object]) -> dict[str, object]:
    return {key: {"N": str(value)} if isinstance(value, int) else {"S": value} for key, value in item.items()}


def test_items_as_the_original_has_them_become_valid_configuration():
    found = imported(CADENCE, [TABLE])
    files = check_files(found.parsed)
    assert files.problems == ()
    (cadence,), (table,) = files.cadences, files.tables
    assert (cadence.config.refresh_tables_batch_size, cadence.config.glue_job_max_workers) == (5, 10)
    assert (table.config.source_table_name, table.config.raw_table) == (
        "taxi_trips.table_1",
        "odpf_demo_taxi_trips_raw.table_1",
    )
    assert (table.config.table_data_versioning_type, table.config.raw_database_S3_bucket) == ("H", "lake-raw")
    assert found.document() == {
        "cadences": [
            {
                "refresh_cadence": "10_min_refresh",
                "datalake_format": "hudi",
                "glue_job_worker_type": "G.1X",
                "glue_job_max_workers": 10,
                "refresh_tables_batch_size": 5,
            }
        ],
        "tables": [
            {key: value for key, value in TABLE.items() if key not in ("table_storage_type", "source_table_name")}
            | {"source_table_name": "taxi_trips.table_1"}
        ],
    }


@pytest.mark.parametrize(
    "document",
    [
        typed(TABLE),
        [typed(TABLE)],
        {"Items": [typed(TABLE)], "Count": 1, "ScannedCount": 1, "ConsumedCapacity": None},
        {"Item": typed(TABLE)},
        {"odpf_raw_table_config": [{"PutRequest": {"Item": typed(TABLE)}}]},
        {"Items": [TABLE]},
        {"tables": [TABLE]},
    ],
)
def test_every_form_in_which_tools_write_items_is_read(document):
    (entry,) = imported(document).parsed.tables
    assert entry.values == imported(TABLE).parsed.tables[0].values


def test_lines_of_an_export_are_items():
    lines = "\n".join(json.dumps({"Item": typed(item)}) for item in (CADENCE, TABLE))
    found = import_items([("export.json", lines.encode())], glue_job_name="odpf_file_processor").parsed
    assert (len(found.cadences), len(found.tables), found.problems) == (1, 1, ())


def test_what_is_not_needed_is_left_out_by_name():
    tuned = TABLE | {"hudi_commits_to_keep": "3", "owner": "ann", "hudi_partition_key": ""}
    found = imported(tuned, CADENCE | {"glue_job_name": "file_processor"})
    (entry,) = found.parsed.tables
    assert {"hudi_commits_to_keep", "owner", "hudi_partition_key"}.isdisjoint(entry.values)
    text = "\n".join(found.warnings)
    assert "hudi_commits_to_keep was left out of 1 items: it tuned Hudi" in text
    assert "owner was left out of 1 items: it is not used" in text
    assert "glue_job_name file_processor was left out" in text
    assert "no schedule" in text
    assert "the case counts" in text


def test_the_name_that_the_originals_documentation_gives_the_mode_is_understood():
    item = {key: value for key, value in TABLE.items() if key != "table_data_versioning_type"}
    found = imported(item | {"glue_table_data_versioning_type": "H"})
    assert found.parsed.tables[0].values["table_data_versioning_type"] == "H"


@pytest.mark.parametrize(
    ("name", "raw_table", "schema", "expected"),
    [
        ("taxi_trips_table_1", "table_1", None, "taxi_trips.table_1"),
        ("shop.orders", "orders", None, "shop.orders"),
        ("table_1", "table_1", "taxi_trips", "taxi_trips.table_1"),
        ("poc_db_table_1", "poc_db_table_1", "poc_db", "poc_db.table_1"),
        ("orders", "raw_orders", "my.shop", "my%2Eshop.orders"),
    ],
)
def test_source_tables_get_their_schema(name, raw_table, schema, expected):
    found = imported(TABLE | {"source_table_name": name, "raw_table_name": raw_table}, schema=schema).parsed
    assert (found.tables[0].values["source_table_name"], found.problems) == (expected, ())


def test_a_name_that_does_not_tell_its_schema_is_a_problem_and_no_guess():
    (found,) = imported(TABLE | {"source_table_name": "table_1"}).parsed.problems
    assert found.path == "f0.json:[0].source_table_name"
    assert "--schema" in found.message


@pytest.mark.parametrize("document", [{}, [], 5, ["x"], {"a": {"b": 1}}, {"Items": []}])
def test_what_holds_no_items_is_a_problem(document):
    found = imported(document).parsed
    assert (len(found.problems), found.tables) == (1, ())


def test_broken_json_is_a_problem_of_its_file_alone():
    found = import_items([("a.json", b"{"), ("b.json", json.dumps(TABLE).encode())], glue_job_name="j").parsed
    assert ([problem.path for problem in found.problems], len(found.tables)) == (["a.json"], 1)


def test_another_storage_format_is_not_imported_silently():
    found = check_files(imported(TABLE | {"table_storage_type": "iceberg"}).parsed)
    assert "table_storage_type" in found.problems[0].path
