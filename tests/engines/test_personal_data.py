"""Excluded columns never come into the lake, and hashed ones only as hashes, in every mode and with every engine."""

from __future__ import annotations

import io
import re
from datetime import date, time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from odpf.states import Outcome
from tests.engines.staged_table import DATABASE, Change, bad, delete, insert, parquet, update
from tests.engines.stories import arms, story
from tests.reference.protected import digest

LONG_ARMS = ("spark", "spark-arrow", "arrow-spark")
"""Spark's are for the long tests; test_spark_hashing.py has what differs with it."""
COLUMNS = {
    "id": pa.int64(),
    "v": pa.string(),
    "EMAIL": pa.string(),
    "PHONE": pa.int64(),
    "BORN": pa.date32(),
    "BI_EMAIL": pa.string(),
    "BI_BORN": pa.date32(),
}
PROTECTING = {"exclude_columns": ["born"], "hash_columns": ["email", "phone"]}
MODES = {
    "snapshot": {},
    "soft": {"delete_mode": "soft"},
    "history": {"history": True},
    "intervals": {"table_data_versioning_type": "V"},
    "difference": {"reload_mode": "difference"},
    "merge on read": {"hudi_table_type": "merge_on_read"},
    "partitioned": {"hudi_partition_key": "v"},
}
CLEAR = ("ann@", "bob@", "4912345", "1970-01-02")


def person(key, v, name, phone=4912345, **more):
    return {"id": key, "v": v, "EMAIL": f"{name}@example.com", "PHONE": phone, "BORN": date(1970, 1, 2), **more}


def clear_values(told, table):
    """Objects outside staging that have a value as the source has it; of parquet files what is in pages and in the footer."""
    lake, found = table.lake, []
    for bucket in (lake.settings.raw_bucket, lake.settings.artifacts_bucket):
        for entry in lake.aws.objects.list(bucket, ""):
            if not re.search(rf"\b{table.name}[./]", entry.key):
                continue
            content = lake.aws.objects.get(bucket, entry.key)
            if entry.key.endswith(".parquet"):
                content += str(pq.read_table(io.BytesIO(content)).to_pylist()).encode()
            found += [(entry.key, text) for text in CLEAR if text.encode() in content]
    return found + [text for text in CLEAR if text in told.summary.model_dump_json()]


@arms("spark", "arrow", "spark-arrow", "arrow-spark")
@story
@pytest.mark.parametrize("mode", MODES)
def test_no_clear_value_leaves_staging_in_any_mode(told, mode):
    table = told.table(columns=COLUMNS, **MODES[mode], **PROTECTING)
    table.load(person(1, "a", "ann"), person(2, "b", "bob"), {"id": 3, "v": "c"})
    yield
    table.check()
    table.changes(
        update(1, **person(1, "a1", "anna", BI_EMAIL="ann@example.com", BI_BORN=date(1970, 1, 2))),
        delete(2, id=2),
        insert(3, **person(4, "d", "ann", phone=None)),
        bad(Change("?", "4", person(5, "e", "bob"))),
    )
    yield
    table.check()
    assert [row["reason"] for row in table.quarantined_rows()] != []
    table.reload(person(1, "a1", "anna"), person(2, "b2", "bob"))
    yield
    table.check()
    assert clear_values(told, table) == []


@arms("arrow", "spark-arrow")
@story
def test_a_hashed_key_is_found_again_by_changes_deletes_and_changes_of_key(told):
    table = told.table(key="EMAIL", columns=COLUMNS, hash_columns=["email"], exclude_columns=["phone", "born"])
    table.load(person(1, "a", "ann"), person(2, "b", "bob"), person(3, "c", "cay"))
    yield
    table.changes(
        update(1, **person(1, "a1", "ann")),
        delete(3, EMAIL="bob@example.com"),
        update(4, **person(3, "c1", "carol", BI_EMAIL="cay@example.com")),
    )
    yield
    assert table.values() == {digest("ann@example.com"): "a1", digest("carol@example.com"): "c1"}
    table.changes(update(2, **person(2, "late", "bob")))  # deleted since
    yield
    table.check()
    assert table.counts() == {"read": 1, "late": 1}


@arms("spark", "arrow")
@story
def test_a_file_that_spark_needs_a_copy_of_is_copied_without_its_clear_values(told):
    columns = {**COLUMNS, "AT": pa.time64("us")}
    table = told.table(columns=columns, source=f"shop.of people{told.tables}", **PROTECTING)
    table.config["hash_columns"] += ["at"]
    table.reconfigure()
    table.load(person(1, "a", "ann"), person(2, "b", "bob", AT=time(1, 2, 3)))
    yield
    assert {row["id"]: row["at"] for row in table.rows()} == {1: None, 2: digest("01:02:03.000000")}
    assert {row["email"] for row in table.rows()} == {digest("ann@example.com"), digest("bob@example.com")}
    assert clear_values(told, table) == []


@arms("arrow", "spark-arrow")
@story
def test_what_stands_in_a_table_already_stays_until_it_is_rebuilt(told):
    columns = {name: kind for name, kind in COLUMNS.items() if name not in ("PHONE", "BI_EMAIL", "BI_BORN")}
    table = told.table(columns=columns, schema_policy={"dropped": "quarantine"})
    table.load(person(1, "a", "ann"), person(2, "b", "bob"))
    yield
    table.reconfigure(exclude_columns=["born"], hash_columns=["email"])
    table.changes(update(1, **person(1, "a1", "ann")))
    yield
    rows = {row["id"]: (row["email"], row["born"]) for row in table.rows()}
    assert rows == {1: (digest("ann@example.com"), None), 2: ("bob@example.com", date(1970, 1, 2))}
    assert table.quarantined_files() == {}
    report = table.rebuild()
    assert {row["email"] for row in table.rows()} == {digest("ann@example.com"), digest("bob@example.com")}
    assert "born" not in table.rows()[0]
    assert report.differences.changed == 1
    assert report.differences.examples[0].before["email"] == "(not shown)"
    assert [text for text in CLEAR if text in report.model_dump_json()] == []


@arms("arrow")
@story
def test_a_number_that_is_to_be_hashed_waits_for_a_rebuild_and_is_never_written_as_it_is(told):
    table = told.table(columns=COLUMNS)
    table.load(person(1, "a", "ann"))
    yield
    table.reconfigure(hash_columns=["phone"])
    table.changes(insert(1, **person(2, "b", "bob", phone=1)))
    yield
    assert table.result.outcome is Outcome.REFRESH_ERROR
    assert f"odpf resnapshot --table {table.source}" in table.result.error
    table.rebuild()
    yield
    assert {row["phone"] for row in table.rows()} == {digest(4912345), digest(1)}


@arms("arrow")
@story
def test_another_key_than_a_table_was_hashed_with_is_refused_until_it_is_rebuilt(told):
    table = told.table(columns=COLUMNS, **PROTECTING)
    table.load(person(1, "a", "ann"))
    yield
    table.reconfigure(hash_key_secret="odpf_hash_key_2")
    table.changes(update(1, **person(1, "a1", "ann")))
    yield
    assert table.result.outcome is Outcome.REFRESH_ERROR
    assert "odpf_hash_key_2 has another value" in table.result.error
    assert table.values() == {1: "a"}
    table.rebuild()
    yield
    assert table.rows("email", "v") == [{"email": digest("ann@example.com", "odpf_hash_key_2"), "v": "a1"}]


@arms("arrow")
@story
def test_a_secret_that_is_not_there_fails_the_table_before_anything_is_written(told):
    table = told.table(columns=COLUMNS, **PROTECTING)
    table.load(person(1, "a", "ann"))
    table.reconfigure(hash_key_secret="nowhere")
    yield
    assert table.result.outcome is Outcome.REFRESH_ERROR
    assert "nowhere" in table.result.error
    assert table.lake.commits(table.location) == []
    assert table.lake.quarantined_rows(f"{DATABASE}.{table.name}") == []


@arms("arrow")
@story
def test_a_name_that_no_column_has_is_told_in_every_run(told):
    table = told.table(columns=COLUMNS, exclude_columns=["borm"], hash_columns=["email"])
    table.load(person(1, "a", "ann"))
    yield
    assert any("exclude_columns" in warning and "borm" in warning for warning in table.result.warnings)


@arms("arrow")
@story
@pytest.mark.parametrize("column", ["BORN", "EMAIL"])
def test_a_column_that_is_renamed_at_the_source_does_not_come_in_under_its_new_name(told, column):
    table = told.table(columns=COLUMNS, **PROTECTING)
    table.load(person(1, "a", "ann"))
    yield
    table.columns = {name if name != column else "RENAMED": kind for name, kind in COLUMNS.items()}
    row = person(2, "b", "bob")
    change = insert(1, **{name if name != column else "RENAMED": value for name, value in row.items()})
    name = "20240101-120000001.parquet"
    table.put(name, parquet(table.arrow([change])), [])
    yield
    assert f"Column {column.lower()} is no longer in this file" in table.quarantined_files()[name]
    assert table.values() == {1: "a"}
    assert clear_values(told, table) == []
