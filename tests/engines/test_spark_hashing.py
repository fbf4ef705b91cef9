"""Spark's own HMAC gives what Python's gives, for values of every type, and leaves no trace of the key."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from file_processor.engines.spark.hashing import hashed, with_pads
from file_processor.hashing import hashed as hashed_by_arrow
from file_processor.inspection import _spark_type
from odpf.hash_key import HashKey
from tests.engines.staged_table import StagedTable, delete, update

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
KEYS = st.binary(min_size=32, max_size=100)
FIRST, LAST = datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)
COLUMNS = {
    pa.string(): st.text(st.characters(codec="utf-8")),
    pa.binary(): st.binary(),
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.bool_(): st.booleans(),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.decimal128(38, 38): st.decimals("-0.99", "0.99", places=38),
    pa.decimal128(38, 10): st.decimals(-(10**27), 10**27, places=10),
    pa.decimal128(5, 0): st.decimals(-99999, 99999, places=0),
    pa.decimal128(18, 9): st.sampled_from(["0", "0.000000001", "-0.000000120", "100.5", "-20"]).map(Decimal),
    pa.date32(): st.dates(),
    pa.timestamp("us", tz="UTC"): st.datetimes(FIRST, LAST),
}
ROWS = st.lists(st.tuples(*(st.none() | values for values in COLUMNS.values())), min_size=1, max_size=60)


@pytest.fixture
def spark(lake):
    session = SparkSession.getActiveSession()
    assert session is not None
    return session


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(KEYS, ROWS)
def test_both_engines_give_a_value_the_same_hash(spark, event_log, tmp_path, secret, rows):
    key = HashKey(secret, "tests")
    arrays = [pa.array(values, kind) for kind, values in zip(COLUMNS, zip(*rows, strict=True), strict=True)]
    table = pa.table({f"c{n}": values for n, values in enumerate(arrays)})
    pq.write_table(table, tmp_path / "values.parquet", store_schema=False)
    kinds = [_spark_type(kind)[0] for kind in COLUMNS]
    frame = with_pads(spark, spark.read.parquet(f"file://{tmp_path}/values.parquet"), key)
    found = frame.select(*(hashed(F.col(f"c{n}"), kind).alias(f"c{n}") for n, kind in enumerate(kinds)))
    expected = {f"c{n}": hashed_by_arrow(values, key).to_pylist() for n, values in enumerate(arrays)}
    assert {name: [row[name] for row in found.collect()] for name in expected} == expected
    plan = found._jdf.queryExecution().toString() + "".join(each.read_text() for each in event_log.iterdir())
    shown = [text for pad in key.pads for text in (pad.hex(), pad.hex().upper(), str(list(pad)))]
    assert [text for text in (*shown, secret.hex()) if text in plan] == []


def test_a_table_that_spark_writes_has_hashes_and_no_excluded_column(lake):
    columns = {"id": pa.int64(), "v": pa.string(), "PHONE": pa.int64()}
    options = {"engine": "spark", "columns": columns, "exclude_columns": ["v"], "hash_columns": ["id", "phone"]}
    table = StagedTable(lake, "spark_hashing", "spark_hashing", **options)
    table.load({"id": 1, "v": "a", "PHONE": 4912}, {"id": 2, "v": "b"})
    table.ran(lake.run("spark_hashing").tables[0])
    table.check()
    table.changes(update(1, id=1, v="a1", PHONE=4913), delete(2, id=2))
    table.ran(lake.run("spark_hashing").tables[0])
    table.check()
