"""Real servers against a lake: every kind of difference is found, none is invented; and none while the source is written."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from odpf.states import Difference, Reconciled
from reconciliation.comparison import Comparison, Plan
from reconciliation.dialects.athena import Athena
from reconciliation.forms import LakeColumn, pairing
from reconciliation.report import Level, Tolerance
from reconciliation.source import Source
from reconciliation.statements import Statements
from tests.end_to_end.lake import Lake
from tests.reconciliation.builders import NOTHING_WAITS
from tests.reconciliation.duck import DuckLake, hive_type

pytestmark = pytest.mark.more

COLUMNS = {
    "mariadb": "id BIGINT UNSIGNED PRIMARY KEY, code VARCHAR(20), price DECIMAL(10,2), weight DOUBLE, size FLOAT, day DATE,"
    " moment TIMESTAMP(6) NULL, words VARCHAR(50), raw VARBINARY(20), truth BIT(1)",
    "postgresql": "id bigint PRIMARY KEY, code varchar(20), price numeric, weight double precision, size real, day date,"
    " moment timestamptz, words text, raw bytea, truth boolean",
}
SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("code", pa.string()),
        ("price", pa.decimal128(28, 6)),
        ("weight", pa.float64()),
        ("size", pa.float32()),
        ("day", pa.date32()),
        ("moment", pa.timestamp("us")),
        ("words", pa.string()),
        ("raw", pa.binary()),
        ("truth", pa.bool_()),
    ]
)
ROW = {
    "price": Decimal("1.50"),
    "weight": 0.1,
    "size": 0.5,
    "day": date(2026, 1, 31),
    "moment": datetime(2026, 1, 31, 10, 15, 30, 1),
    "words": "ö",
    "raw": b"\x00\xff",
    "truth": True,
}
INJECTED: dict[int, dict[str, Any]] = {
    10: {"price": Decimal("1.51")},
    11: {"weight": 0.1 + 2**-56},
    12: {"size": 0.50000006},
    13: {"day": date(2026, 2, 1)},
    14: {"moment": datetime(2026, 1, 31, 11, 15, 30, 1)},
    15: {"moment": datetime(2026, 1, 31, 10, 15, 30, 2)},
    16: {"words": "ö "},
    17: {"words": "Ö"},
    18: {"words": "o\u0308"},
    19: {"words": None},
    20: {"words": ""},
    21: {"raw": b"\x00\xff\x00"},
    22: {"raw": None},
    23: {"truth": False},
    24: {"code": "k25"},
    25: {"code": "k24"},
}


def rows(count: int) -> list[dict[str, Any]]:
    return [{"id": n, "code": f"K{n}" if n < 5 else f"k{n}", **ROW} for n in range(1, count + 1)]


@contextmanager
def filled(server: str, engine: sa.Engine, count: int) -> Iterator[None]:
    kind = "DATABASE" if server == "mariadb" else "SCHEMA"
    names = list(SCHEMA.names)
    with engine.begin() as connection:
        if server == "mariadb":
            connection.exec_driver_sql("SET time_zone = '+00:00'")
        else:
            connection.exec_driver_sql("SET TIME ZONE 'UTC'")
        connection.exec_driver_sql(f"CREATE {kind} compared")
        connection.exec_driver_sql(f"CREATE TABLE compared.orders ({COLUMNS[server]})")
        listed = ", ".join(f":{name}" for name in names)
        connection.execute(sa.text(f"INSERT INTO compared.orders ({', '.join(names)}) VALUES ({listed})"), rows(count))
    yield
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP {kind} compared{' CASCADE' if kind == 'SCHEMA' else ''}")


def compare(url: str, lake: pa.Table, *keys: str) -> tuple[Any, Any]:
    source = Source.connect(url)
    columns = source.columns("compared", "orders")
    theirs = [LakeColumn(field.name, hive_type(field.type)) for field in lake.schema]
    pairs = pairing(columns, theirs, {each.name: each.name for each in columns}, keys, frozenset())
    assert not pairs.not_compared
    ours = Statements(source.dialect, source.relation("compared", "orders"), pairs)
    made = Comparison(source, ours, Statements(Athena(), '"d"."t"', pairs), DuckLake({"d.t": lake}).run, NOTHING_WAITS)
    return made.compare(Plan(Level.ROWS, Tolerance(), 0)), made


@pytest.mark.parametrize("server", ["mariadb", "postgresql"])
@pytest.mark.parametrize("keys", [("id",), ("code",), ("code", "id")])
def test_every_injected_difference_is_found_and_none_invented(server, keys, request):
    at, count = request.getfixturevalue(server), 3_000
    other = [{**row, **INJECTED.get(row["id"], {})} for row in rows(count) if row["id"] != 7]
    other += [{**rows(1)[0], "id": count + 1, "code": "new"}, rows(9)[8]]
    with filled(server, at.engine, count):
        agreed, cost = compare(at.url, pa.Table.from_pylist(rows(count), SCHEMA), *keys)
        assert agreed.outcome is Reconciled.AGREES
        assert cost.traffic["source"].rows < 50
        result, cost = compare(at.url, pa.Table.from_pylist(other, SCHEMA), *keys)
    kinds = {json.dumps(row.key): row.kind for row in result.rows}
    assert sum(kind is Difference.DUPLICATE for kind in kinds.values()) == 1
    if keys == ("id",):
        assert {int(row.key["id"]): row.columns for row in result.rows if row.columns} == {
            number: tuple(changed) for number, changed in INJECTED.items()
        }
        assert result.differences == {
            Difference.DIFFERENT: len(INJECTED),
            Difference.MISSING_IN_LAKE: 1,
            Difference.MISSING_IN_SOURCE: 1,
            Difference.DUPLICATE: 1,
        }
    else:
        found = {name for row in result.rows for name in row.columns}
        assert found >= {"price", "weight", "size", "day", "moment", "words", "raw", "truth"}
    assert cost.traffic["source"].rows < 3_000


@pytest.mark.parametrize("server", ["mariadb", "postgresql"])
def test_a_table_of_many_columns_is_compared(server, request):
    at, names = request.getfixturevalue(server), [f"c{n}" for n in range(140)]
    kind = "DATABASE" if server == "mariadb" else "SCHEMA"
    lake = pa.table({"id": [1, 2], **{name: [7, None] for name in names}})
    with at.engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE {kind} compared")
        connection.exec_driver_sql(f"CREATE TABLE compared.orders (id INT PRIMARY KEY, {' INT, '.join(names)} INT)")
        connection.exec_driver_sql(f"INSERT INTO compared.orders VALUES (1{', 7' * 140}), (2{', NULL' * 139}, 0)")
    try:
        found, _ = compare(at.url, lake, "id")
    finally:
        with at.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP {kind} compared{' CASCADE' if kind == 'SCHEMA' else ''}")
    assert [(row.key, row.columns, row.source, row.lake) for row in found.rows] == [
        ({"id": "2"}, ("c139",), {"c139": "0"}, {"c139": None})
    ]


RULES = {
    "rules": [
        {
            "rule-type": "selection",
            "rule-id": 1,
            "rule-name": "busy",
            "rule-action": "include",
            "object-locator": {"schema-name": "busy", "table-name": "%"},
        },
        {
            "rule-type": "transformation",
            "rule-id": 2,
            "rule-name": "sequence",
            "rule-target": "column",
            "rule-action": "add-column",
            "value": "CHANGE_SEQ",
            "expression": "$AR_H_CHANGE_SEQ",
            "data-type": {"type": "string", "length": 35},
            "object-locator": {"schema-name": "%", "table-name": "%"},
        },
    ]
}


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_source_that_is_written_all_the_time_has_no_drift_and_one_lost_row_is_found(mariadb, tmp_path: Path):
    lake, stop = Lake(tmp_path), threading.Event()
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    with mariadb.engine.begin() as connection:
        connection.exec_driver_sql("CREATE DATABASE busy")
        connection.exec_driver_sql("CREATE TABLE busy.stock (id INT PRIMARY KEY, amount INT NOT NULL)")
        connection.exec_driver_sql("INSERT INTO busy.stock SELECT seq, 0 FROM busy.seq_1_to_500")

    def write() -> None:
        number = 0
        with mariadb.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not stop.wait(0.02):
                number += 1
                connection.exec_driver_sql(f"UPDATE busy.stock SET amount = {number} WHERE id = {number % 100 + 1}")
                connection.exec_driver_sql(f"REPLACE INTO busy.stock VALUES ({500 + number % 20}, {number})")

    def follow() -> None:
        options = ("--state", str(tmp_path / "state.json"), "--table-mappings", str(tmp_path / "rules.json"))
        assert lake.odpf("dms", "replicate", mariadb.url, *options).status == 0

    def refresh() -> None:
        while not stop.is_set():
            follow()
            lake.run("busy")

    lake.up()
    try:
        table = {
            "source_table_name": "busy.stock",
            "refresh_cadence": "busy",
            "raw_database_name": "busy_raw",
            "raw_table_name": "stock",
            "hudi_primary_key": "id",
            "hudi_precombine_field": "change_seq",
        }
        lake.apply({"cadences": [{"refresh_cadence": "busy"}], "tables": [table]})
        follow()
        lake.run("busy")
        threads = [threading.Thread(target=each) for each in (write, refresh)]
        for thread in threads:
            thread.start()
        during = lake.odpf("reconcile", "--source", mariadb.url, "--wait", "30")
        stop.set()
        for thread in threads:
            thread.join()
        (entry,) = during.document["tables"]
        assert (during.status, entry["differences"]) == (0, {}), during.document
        assert sum(entry["explained"].values()) > 0
        follow()
        lake.run("busy")
        (entry,) = lake.odpf("reconcile", "--source", mariadb.url, "--wait", "0").document["tables"]
        assert (entry["outcome"], entry["counts"]["ledger"]) == ("agrees", entry["counts"]["source"])
        with mariadb.engine.connect() as connection:  # a row that the log never had, as after a purge of the log
            connection.exec_driver_sql("SET sql_log_bin = 0")
            connection.exec_driver_sql("INSERT INTO busy.stock VALUES (9000, 1)")
            connection.exec_driver_sql("COMMIT")
        lost = lake.odpf("reconcile", "busy.stock", "--source", mariadb.url, "--wait", "1")
        assert lost.status == 3
        assert [(row["kind"], row["key"]) for row in lost.document["tables"][0]["rows"]] == [
            ("missing_in_lake", {"id": "9000"})
        ]
        assert len(lake.odpf("reconcile", "--list").document) == 3
    finally:
        stop.set()
        lake.down()
