from __future__ import annotations

import datetime as dt
import decimal
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pyarrow as pa
import pytest
from pyathena import connect
from pyathena.error import OperationalError

from odpf_local.aws.instance import EmbeddedAws
from tests.embedded.hudi_table import META, HudiTable
from tests.embedded.waiting import eventually

DATABASE = "taxi_raw"
DECIMAL = {"type": "fixed", "name": "fare", "size": 5, "logicalType": "decimal", "precision": 10, "scale": 2}
COLUMNS: list[tuple[str, Any, str]] = [
    ("pk_id", "long", "bigint"),
    ("vendor", "string", "string"),
    ("fare", DECIMAL, "decimal(10,2)"),
    ("distance", "double", "double"),
    ("ratio", "float", "float"),
    ("passengers", "int", "int"),
    ("shared", "boolean", "boolean"),
    ("picked_up", {"type": "long", "logicalType": "timestamp-micros"}, "timestamp"),
    ("day", {"type": "int", "logicalType": "date"}, "date"),
    ("raw", "bytes", "binary"),
]
MOMENT = dt.datetime(1899, 12, 31, 23, 59, 59, 123456, tzinfo=dt.UTC)
SCHEMA = pa.schema(
    [
        ("pk_id", pa.int64()), ("vendor", pa.string()), ("fare", pa.decimal128(10, 2)), ("distance", pa.float64()),
        ("ratio", pa.float32()), ("passengers", pa.int32()), ("shared", pa.bool_()),
        ("picked_up", pa.timestamp("us", "UTC")), ("day", pa.date32()), ("raw", pa.binary()),
    ]
)  # fmt: skip
FULL = (2**53 + 1, "", decimal.Decimal("-0.05"), float("nan"), 0.5, -1, True, MOMENT, dt.date(1, 1, 1), b"\x00\xff")
EMPTY = (2, *[None] * 9)


def rows(*values: tuple[Any, ...]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, each, strict=True)) for each in values], SCHEMA)


@pytest.fixture(scope="module")
def tables(embedded: EmbeddedAws) -> HudiTable:
    def client(service: str) -> Any:
        return boto3.client(service, endpoint_url=embedded.endpoint_url)

    trips = HudiTable(client, DATABASE, "trips", list(COLUMNS))
    trips.write("20260131100000000", rows(FULL))
    trips.write("20260131100100000", rows(EMPTY))
    trips.write("20260131100200000", rows((3, *EMPTY[1:])), commit=False)
    trips.publish()
    return trips


Query = Callable[..., dict[str, Any]]


@pytest.fixture
def query(client: Any, tables: HudiTable) -> Query:
    athena = client("athena")

    def run(sql: str, **more: Any) -> dict[str, Any]:
        started = athena.start_query_execution(QueryString=sql, QueryExecutionContext={"Database": DATABASE}, **more)
        found = dict(_ended(athena, started["QueryExecutionId"]))
        if found["Status"]["State"] == "SUCCEEDED":
            found["Result"] = athena.get_query_results(QueryExecutionId=started["QueryExecutionId"])["ResultSet"]
        return found

    return run


def _ended(athena: Any, query: str) -> dict[str, Any]:
    def final() -> dict[str, Any] | None:
        found: dict[str, Any] = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
        return found if found["Status"]["State"] not in ("QUEUED", "RUNNING") else None

    return dict(eventually(final))


def texts(execution: dict[str, Any]) -> list[list[str | None]]:
    return [[cell.get("VarCharValue") for cell in row["Data"]] for row in execution["Result"]["Rows"]]


@pytest.fixture
def cursor(embedded: EmbeddedAws, tables: HudiTable) -> Iterator[Any]:
    with (
        connect(s3_staging_dir="s3://odpf-artifacts/results/", schema_name=DATABASE) as connection,
        connection.cursor() as made,
    ):
        yield made


def test_every_type_is_written_as_athena_writes_it(query: Query) -> None:
    found = query("SELECT * FROM trips WHERE vendor = ''")
    header, row = texts(found)
    assert header == [*META, *SCHEMA.names]
    assert row[5:] == [
        "9007199254740993", "", "-0.05", "NaN", "0.5", "-1", "true", "1899-12-31 23:59:59.123456", "0001-01-01", "00 ff",
    ]  # fmt: skip
    info = found["Result"]["ResultSetMetadata"]["ColumnInfo"][5:]
    assert [each["Type"] for each in info] == [
        "bigint", "varchar", "decimal", "double", "float", "integer", "boolean", "timestamp", "date", "varbinary",
    ]  # fmt: skip
    assert (info[2]["Precision"], info[2]["Scale"]) == (10, 2)


def test_null_has_no_value_while_an_empty_text_has_one(query: Query) -> None:
    assert texts(query("SELECT vendor, raw FROM trips ORDER BY pk_id"))[1:] == [[None, None], ["", "00 ff"]]


def test_only_committed_rows_are_seen(query: Query) -> None:
    assert texts(query("SELECT count(*) FROM trips")) == [["_col0"], ["2"]]


def test_pyathena_gets_python_values_back(cursor: Any) -> None:
    cursor.execute("SELECT pk_id, vendor, fare, picked_up, day, raw, shared FROM trips ORDER BY pk_id DESC")
    assert cursor.fetchall() == [
        (2**53 + 1, "", FULL[2], MOMENT.replace(tzinfo=None), dt.date(1, 1, 1), b"\x00\xff", True),
        (2, None, None, None, None, None, None),
    ]
    assert [column[:2] for column in cursor.description][:3] == [
        ("pk_id", "bigint"),
        ("vendor", "varchar"),
        ("fare", "decimal"),
    ]


def test_pyathena_passes_parameters_and_reports_errors(cursor: Any) -> None:
    cursor.execute("SELECT vendor FROM trips WHERE pk_id = %(key)d", {"key": 2**53 + 1})
    assert cursor.fetchall() == [("",)]
    with pytest.raises(OperationalError, match="TABLE_NOT_FOUND"):
        cursor.execute("SELECT 1 FROM nothing")


@pytest.mark.parametrize(
    "name", ["trips", "taxi_raw.trips", '"taxi_raw"."trips"', '"AwsDataCatalog".taxi_raw.trips', "TRIPS t"]
)
def test_a_table_can_be_named_in_every_usual_way(query: Query, name: str) -> None:
    assert texts(query(f"SELECT max(pk_id) AS m FROM {name}"))[1:] == [["9007199254740993"]]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 5 / 2, 5 / 2.0", ["2", "2.5"]),
        ("SELECT sum(passengers) FROM trips", ["-1"]),
        ("SELECT cast(-0.12345 AS decimal(5,5)), cast(0.5 AS decimal(1,1)), 10.5", ["-0.12345", "0.5", "10.5"]),
        ("WITH trips AS (SELECT 7 AS x) SELECT x FROM trips", ["7"]),
        ("SELECT a.pk_id FROM trips a JOIN taxi_raw.trips b ON a.pk_id = b.pk_id WHERE a.vendor IS NULL", ["2"]),
        ("SELECT date_format(picked_up, '%Y-%m') FROM trips WHERE shared", ["1899-12"]),
        ("SELECT trips.vendor, taxi_raw.trips.pk_id FROM taxi_raw.trips WHERE pk_id > 2", ["", "9007199254740993"]),
        ("SELECT count(*) FROM (SELECT 1 AS a UNION ALL SELECT 2 AS a)", ["2"]),
        ("SELECT cast(NULL AS varchar), x'ab01', ARRAY[1, 2], date '2026-01-31'", [None, "ab 01", "[1, 2]", "2026-01-31"]),
        ("VALUES (1, 'a')", ["1", "a"]),
    ],
)  # fmt: skip
def test_athenas_dialect_is_understood(query: Query, sql: str, expected: list[str | None]) -> None:
    found = query(sql)
    assert found["Status"].get("StateChangeReason") is None
    assert texts(found)[1:] == [expected]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "SELECT 1 FROM nothing",
            r"TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.taxi_raw.nothing' does not exist",
        ),
        ("SELECT 1 FROM nowhere.trips", r"SCHEMA_NOT_FOUND: line 1:23: Schema 'nowhere' does not exist"),
        ("SELECT tip FROM trips", r"COLUMN_NOT_FOUND: line 1:8: Column 'tip' cannot be resolved"),
        ("SELECT nofunction(pk_id) FROM trips", r"FUNCTION_NOT_FOUND: .*nofunction"),
        ("SELECT FROM WHERE", r"SYNTAX_ERROR: "),
        ("SELECT cast(vendor AS integer) FROM trips", r"INVALID_CAST_ARGUMENT: "),
        ("DROP TABLE trips", r"NOT_SUPPORTED: DROP"),
    ],
)
def test_what_cannot_be_answered_fails_with_athenas_reason(query: Query, sql: str, reason: str) -> None:
    status = query(sql)["Status"]
    assert status["State"] == "FAILED"
    assert pytest.approx(status["SubmissionDateTime"].timestamp(), abs=60) == time.time()
    assert re.match(reason, status["StateChangeReason"]), status["StateChangeReason"]


def test_results_are_paged_and_the_header_is_a_row_of_the_first_page(client: Any, query: Query) -> None:
    sql = "SELECT x FROM UNNEST(sequence(1, 2500)) AS t(x) ORDER BY x"
    athena, started = client("athena"), query(sql)["QueryExecutionId"]
    pages = list(athena.get_paginator("get_query_results").paginate(QueryExecutionId=started))
    values = [row["Data"][0]["VarCharValue"] for page in pages for row in page["ResultSet"]["Rows"]]
    assert [len(page["ResultSet"]["Rows"]) for page in pages] == [1000, 1000, 501]
    assert values == ["x", *map(str, range(1, 2501))]


def test_the_result_file_quotes_values_and_leaves_null_empty(client: Any, query: Query) -> None:
    output = {"OutputLocation": "s3://odpf-artifacts/answers"}
    found = query("SELECT vendor, 'say \"hi\"' AS said, day FROM trips ORDER BY pk_id", ResultConfiguration=output)
    location = found["ResultConfiguration"]["OutputLocation"]
    assert location == f"s3://odpf-artifacts/answers/{found['QueryExecutionId']}.csv"
    key = location.removeprefix("s3://odpf-artifacts/")
    content = client("s3").get_object(Bucket="odpf-artifacts", Key=key)["Body"].read().decode()
    assert content.splitlines() == ['"vendor","said","day"', ',"say ""hi""",', '"","say ""hi""","0001-01-01"']


def test_a_query_can_be_cancelled(client: Any) -> None:
    athena = client("athena")
    endless = (
        "SELECT sum(a * b) FROM UNNEST(sequence(1, 1000000)) AS x(a) CROSS JOIN UNNEST(sequence(1, 1000000)) AS y(b)"
    )
    started = athena.start_query_execution(QueryString=endless)["QueryExecutionId"]
    eventually(
        lambda: athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]["State"] == "RUNNING"
    )
    athena.stop_query_execution(QueryExecutionId=started)
    assert _ended(athena, started)["Status"]["State"] == "CANCELLED"


def test_parameters_fill_the_question_marks_in_order(query: Query) -> None:
    found = query("SELECT ? || ?, pk_id FROM trips WHERE pk_id = ?", ExecutionParameters=["'a'", "'b'", "2"])
    assert texts(found)[1:] == [["ab", "2"]]


def test_the_catalog_can_be_looked_at(query: Query, cursor: Any) -> None:
    assert texts(query("SHOW DATABASES")) == [[DATABASE]]
    assert texts(query("SHOW TABLES IN taxi_raw")) == [["trips"]]
    assert texts(query("SHOW TABLES 'x*'")) == []
    described = [str(row[0]).split() for row in texts(query("DESCRIBE taxi_raw.trips"))]
    assert described[5:8] == [["pk_id", "bigint"], ["vendor", "string"], ["fare", "decimal(10,2)"]]
    cursor.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'trips' AND ordinal_position > 13"
    )
    assert cursor.fetchall() == [("day", "date"), ("raw", "varbinary")]
    tables = cursor.list_table_metadata(schema_name=DATABASE)
    assert [(table.name, table.columns[5].type) for table in tables] == [("trips", "bigint")]


def test_files_from_before_a_column_was_added_read_as_null(client: Any, query: Query) -> None:
    table = HudiTable(client, DATABASE, "growing", [("pk_id", "long", "bigint"), ("a", "int", "int")])
    table.write("20260131100000000", pa.table({"pk_id": pa.array([1]), "a": pa.array([1], pa.int32())}))
    table.add_column("b", "string", "string")
    table.write("20260131100100000", pa.table({"pk_id": pa.array([2]), "a": pa.array([2], pa.int32()), "b": ["new"]}))
    table.publish()
    assert texts(query("SELECT a, b FROM growing ORDER BY a"))[1:] == [["1", None], ["2", "new"]]


def test_a_table_that_has_no_commit_yet_fails_and_does_not_hang(client: Any, query: Query) -> None:
    HudiTable(client, DATABASE, "unborn", [("pk_id", "long", "bigint")]).publish()
    assert query("SELECT * FROM unborn")["Status"]["State"] == "FAILED"
