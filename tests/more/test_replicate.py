"""`odpf dms replicate` from a real MariaDB server: what the files say is what the database holds."""

from __future__ import annotations

import json
import signal
import struct
import subprocess
import sys
import time

import pytest

from odpf_local.dms.errors import InvalidReplicationState, UnsupportedSource
from odpf_local.dms.mapping import TableMappings
from tests.more import every_type as kinds
from tests.more import flights as records
from tests.more.replay import changes_of, files_of, replay, rows_in
from tests.more.truth import keys_of, rows_of

pytestmark = pytest.mark.more


def assert_same(folder, engine, schema, table):
    expected = rows_of(engine, schema, table)
    actual = replay(folder, schema, table, keys_of(engine, schema, table))
    assert len(actual) == len(expected)
    assert actual.keys() == expected.keys()
    assert all(_filled(actual[key], row) == _as_float32(row) for key, row in expected.items())


def _filled(row, like):
    """A file from before ADD COLUMN has no value for it."""
    return {**dict.fromkeys(like), **row}


def _as_float32(row):
    return {name: _single(value) if name in ("c_float", "humid") else value for name, value in row.items()}


def _single(value):
    return None if value is None else struct.unpack("f", struct.pack("f", value))[0]


@pytest.mark.soak  # half a minute of rows
def test_every_row_of_the_flight_records_is_the_database_s_through_rounds_of_changes(flights, task_into, tmp_path):
    task, folder = task_into(flights, "flights"), tmp_path / "files"
    loaded = task.run()
    assert loaded.rows_loaded == 336_776 + 26_115 + 3_322 + 1_458 + 16
    for number in (1, 2):
        records.changes(flights.engine, number)
        assert task.run().rows_changed > 4_000
    for table in records.TABLES:
        assert_same(folder, flights.engine, "flights", table)


@pytest.mark.parametrize("row", range(kinds.ROWS))
def test_every_type_has_its_value_from_select_and_from_the_log(every_type, task_into, tmp_path, row):
    task, first = task_into(every_type, "kinds"), 100 * (row + 1)
    task.run()
    kinds.insert(every_type.engine, first)
    task.run()
    found = replay(tmp_path / "files", "kinds", kinds.TABLE, ["id"])
    assert found[1 + row,] == _as_float32(kinds.expected(1)[1 + row])
    assert found[first + row,] == _as_float32(kinds.expected(first)[first + row])


def test_every_type_is_the_database_s_after_updates_and_deletes(every_type, task_into, tmp_path):
    task, engine = task_into(every_type, "kinds"), every_type.engine
    kinds.insert(engine, 10)
    task.run()
    assignments = ", ".join(f"{name} = NULL" for name in kinds.COLUMNS if name not in ("c_stored", "c_enum"))
    with engine.begin() as connection:
        connection.exec_driver_sql("SET sql_mode = ''")
        connection.exec_driver_sql(f"UPDATE kinds.every_type SET {assignments} WHERE id = 10")
        connection.exec_driver_sql(
            "UPDATE kinds.every_type SET c_enum = 'two, three', c_time6 = '-01:00:00.5' WHERE id = 13"
        )
        connection.exec_driver_sql("DELETE FROM kinds.every_type WHERE id = 11")
    task.run()
    assert_same(tmp_path / "files", engine, "kinds", kinds.TABLE)
    (deleted,) = [row for row in changes_of(tmp_path / "files", "kinds", kinds.TABLE) if row["Op"] == "D"]
    assert deleted["c_ubig"] == 2**64 - 1


@pytest.fixture
def shop(mariadb):
    with mariadb.engine.connect() as connection:
        connection.exec_driver_sql("CREATE OR REPLACE DATABASE shop")
        connection.exec_driver_sql("CREATE TABLE shop.items (id INT PRIMARY KEY, name VARCHAR(20))")
        connection.exec_driver_sql("INSERT INTO shop.items VALUES (1, 'one'), (2, 'two')")
        connection.commit()
    return mariadb


def sql(server, *statements):
    with server.engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_rolled_back_transaction_never_appears(shop, task_into, tmp_path):
    task = task_into(shop, "shop")
    task.run()
    sql(shop, "BEGIN", "INSERT INTO shop.items VALUES (3, 'never')", "ROLLBACK")
    assert task.run().files == ()


def test_an_updated_key_is_a_u_with_the_new_key_and_the_old_one_before_it(shop, task_into, tmp_path):
    task = task_into(shop, "shop")
    task.run()
    sql(shop, "UPDATE shop.items SET id = 20 WHERE id = 2", "COMMIT")
    task.run()
    (row,) = changes_of(tmp_path / "files", "shop", "items")
    assert (row["Op"], row["id"], row["BI_id"], row["name"]) == ("U", 20, 2, "two")


def test_sequences_grow_over_tables_files_and_restarts(shop, task_into, tmp_path):
    task, sequences = task_into(shop, "shop"), []
    task.run()
    for number in range(3, 6):
        sql(
            shop,
            f"INSERT INTO shop.items VALUES ({number}, 'a')",
            f"UPDATE shop.items SET name = 'b' WHERE id = {number}",
            "COMMIT",
        )
        task.run()
        sequences = [row["CDC_TIMESTAMP_SEQ"] for row in changes_of(tmp_path / "files", "shop", "items")]
    assert len(set(sequences)) == 6
    assert all(len(sequence) == 35 for sequence in sequences)
    assert sequences[-1].endswith("6")


def test_changes_made_before_the_snapshot_are_in_the_load_only_and_later_ones_in_the_changes_only(
    shop, task_into, tmp_path
):
    task = task_into(shop, "shop")
    assert (task.run().rows_loaded, task.run().rows_changed) == (2, 0)
    sql(shop, "INSERT INTO shop.items VALUES (9, 'later')", "COMMIT")
    assert task.run().rows_changed == 1


def test_an_added_column_is_in_the_files_from_then_on(shop, task_into, tmp_path):
    task = task_into(shop, "shop")
    task.run()
    sql(
        shop,
        "INSERT INTO shop.items VALUES (3, 'three')",
        "COMMIT",
        "ALTER TABLE shop.items ADD COLUMN price DECIMAL(8,2)",
    )
    sql(shop, "UPDATE shop.items SET price = 1.5 WHERE id = 1", "COMMIT", "ALTER TABLE shop.items DROP COLUMN name")
    sql(shop, "UPDATE shop.items SET price = 2.5 WHERE id = 2", "COMMIT")
    task.run()
    columns = [{"name", "price"} & row.keys() for row in changes_of(tmp_path / "files", "shop", "items")]
    assert columns == [{"name"}, {"name", "price"}, {"price"}]


def test_a_truncated_table_is_told_and_its_files_stay(shop, task_into, tmp_path):
    task = task_into(shop, "shop")
    task.run()
    sql(shop, "TRUNCATE TABLE shop.items", "INSERT INTO shop.items VALUES (1, 'again')", "COMMIT")
    result = task.run()
    assert any("TRUNCATE TABLE shop.items" in note for note in result.notes)
    assert [row["Op"] for row in changes_of(tmp_path / "files", "shop", "items")] == ["I"]


def test_a_table_made_later_is_replicated_from_its_first_row(shop, task_into, tmp_path):
    task = task_into(shop, "shop")
    task.run()
    sql(shop, "CREATE TABLE shop.more (k CHAR(3) PRIMARY KEY)", "INSERT INTO shop.more VALUES ('a'), ('b')", "COMMIT")
    task.run()
    assert_same(tmp_path / "files", shop.engine, "shop", "more")


def test_a_rolled_back_savepoint_takes_only_its_own_changes_away(shop, task_into, tmp_path):
    task = task_into(shop, "shop")
    task.run()
    sql(
        shop,
        *("BEGIN", "INSERT INTO shop.items VALUES (3, 'kept')", "SAVEPOINT here", "DELETE FROM shop.items"),
        *("ROLLBACK TO here", "UPDATE shop.items SET name = 'also kept' WHERE id = 1", "COMMIT"),
    )
    task.run()
    assert_same(tmp_path / "files", shop.engine, "shop", "items")


def test_a_log_that_was_purged_is_told_with_what_to_do(shop, task_into):

    task = task_into(shop, "shop")
    task.run()
    sql(shop, "FLUSH BINARY LOGS", "RESET MASTER")
    with pytest.raises(InvalidReplicationState, match="new full load"):
        task.run()


def test_a_geometry_is_refused_and_a_rule_leaves_it_out(shop, task_into, tmp_path):

    sql(shop, "ALTER TABLE shop.items ADD COLUMN place POINT", "COMMIT")
    task = task_into(shop, "shop")
    with pytest.raises(UnsupportedSource, match=r"shop\.items\.place \(point\)"):
        task.run()
    task.mappings = without("place")
    task.run()
    sql(shop, "UPDATE shop.items SET place = POINT(1, 2), name = 'here' WHERE id = 1", "COMMIT")
    assert task.run().rows_changed == 1
    (row,) = rows_in(files_of(tmp_path / "files", "shop", "items")[-1])
    assert (row["id"], row["name"], "place" in row) == (1, "here", False)


def without(column):
    """Mappings of schema shop that leave a column out."""
    everything = {"schema-name": "shop", "table-name": "%"}
    rules = [
        {"rule-type": "selection", "rule-action": "include", "object-locator": everything},
        {
            "rule-type": "transformation",
            "rule-target": "column",
            "rule-action": "remove-column",
            "object-locator": {**everything, "column-name": column},
        },
    ]
    return TableMappings.parse(json.dumps({"rules": [{"rule-id": n, **each} for n, each in enumerate(rules)]}))


def test_a_task_follows_the_log_until_ctrl_c_and_goes_on_from_there(shop, tmp_path):
    arguments = ["dms", "replicate", shop.url, "--to", str(tmp_path / "files"), "--state", str(tmp_path / "state.json")]
    mappings = tmp_path / "mappings.json"
    rules = [
        {"rule-type": "selection", "rule-id": "1", "rule-action": "include", "object-locator": {"schema-name": "shop"}}
    ]
    mappings.write_text(json.dumps({"rules": rules}))
    command = [
        sys.executable,
        "-c",
        "from odpf_cli.main import main; main()",
        *arguments,
        "--table-mappings",
        str(mappings),
    ]
    with subprocess.Popen([*command, "--until", "forever", "--output", "json"], stdout=subprocess.PIPE) as process:
        while not (tmp_path / "state.json").exists():
            time.sleep(0.1)
        sql(shop, "INSERT INTO shop.items VALUES (3, 'three'), (4, 'four')", "COMMIT")
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        document = json.loads(process.communicate(timeout=60)[0])
    assert (process.returncode, document["rows_loaded"], document["rows_changed"]) == (0, 2, 2)
    sql(shop, "INSERT INTO shop.items VALUES (5, 'five')", "COMMIT")
    again = json.loads(subprocess.run([*command, "--output", "json"], capture_output=True, check=True).stdout)
    assert (again["rows_loaded"], again["rows_changed"]) == (0, 1)


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (
            ["SET SESSION binlog_format = STATEMENT", "INSERT INTO shop.items VALUES (7, 'x')", "COMMIT"],
            "statement in place",
        ),
        (["SET SESSION binlog_row_image = MINIMAL", "DELETE FROM shop.items WHERE id = 1", "COMMIT"], "parts of rows"),
        (
            ["XA START 'x'", "INSERT INTO shop.items VALUES (7, 'x')", "XA END 'x'", "XA PREPARE 'x'", "XA COMMIT 'x'"],
            "XA transaction",
        ),
    ],
)
def test_a_log_that_does_not_hold_whole_committed_rows_is_refused(shop, task_into, statements, named):
    task = task_into(shop, "shop")
    task.run()
    sql(shop, *statements)
    with pytest.raises(UnsupportedSource, match=named):
        task.run()


def test_statements_on_tables_that_are_not_replicated_do_no_harm(shop, task_into):
    sql(shop, "CREATE OR REPLACE DATABASE elsewhere", "CREATE TABLE elsewhere.t (id INT)")
    task = task_into(shop, "shop")
    task.run()
    sql(shop, "SET SESSION binlog_format = STATEMENT", "INSERT INTO elsewhere.t VALUES (1)", "COMMIT")
    assert task.run().files == ()


@pytest.mark.parametrize(
    ("variable", "value", "restored"),
    [("binlog_row_metadata", "NO_LOG", "FULL"), ("binlog_format", "MIXED", "ROW"), ("log_bin_compress", "ON", "OFF")],
)
def test_a_server_that_logs_too_little_is_refused_with_what_to_set(shop, task_into, variable, value, restored):
    sql(shop, f"SET GLOBAL {variable} = {value}")
    try:
        with pytest.raises(UnsupportedSource, match=f"SET GLOBAL {variable}"):
            task_into(shop, "shop").run()
    finally:
        sql(shop, f"SET GLOBAL {variable} = {restored}")


def test_a_task_killed_before_it_kept_its_position_writes_the_same_sequences_again(shop, task_into, tmp_path):
    task = task_into(shop, "shop")
    task.run()
    kept = (tmp_path / "state.json").read_bytes()
    sql(shop, "INSERT INTO shop.items VALUES (3, 'a')", "UPDATE shop.items SET name = 'b' WHERE id = 3", "COMMIT")
    task.run()
    (tmp_path / "state.json").write_bytes(kept)
    task.run()
    sequences = [row["CDC_TIMESTAMP_SEQ"] for row in changes_of(tmp_path / "files", "shop", "items")]
    assert len(sequences) == 4
    assert len(set(sequences)) == 2
