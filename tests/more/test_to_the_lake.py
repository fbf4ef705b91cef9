"""From a real database to the lake: replicated, refreshed and compared, row by row, with what the database holds then.

How MariaDB's types arrive, as `truth.rows_of` and `every_type.expected` have them: integers as int or bigint, BIGINT UNSIGNED as
decimal(20,0), DECIMAL up to 38 digits as it is and wider ones as text, BIT(1) as boolean and wider ones as binary, TIME as text,
YEAR as int, DATETIME and TIMESTAMP as timestamp in UTC, ENUM, SET and JSON as text, dates that no calendar has as null.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hudi import HudiTableBuilder

from tests.end_to_end.lake import RAW, Answer, Lake, results
from tests.end_to_end.source import answered
from tests.engines.lake import storage_options
from tests.more import every_type as kinds
from tests.more import flights as records
from tests.more.server import Mariadb
from tests.more.truth import keys_of, rows_of

pytestmark = (
    pytest.mark.soak
)  # three minutes; test_adversary.py goes further, test_replicate.py is what it replicates with

CADENCES = (records.SCHEMA, kinds.SCHEMA)
DATABASE = "mariadb_raw"
KINDS = tuple(f"rows_{kind}" for kind in ("inserted", "updated", "deleted", "collapsed", "late", "unchanged"))
MORE: dict[str, dict[str, str]] = {
    "flights": {"hudi_partition_key": "month"},
    "weather": {"hudi_partition_key": "origin"},
    "planes": {"hudi_table_type": "merge_on_read"},
}
MAPPINGS = {
    "rules": [
        *(
            {
                "rule-type": "selection",
                "rule-id": number,
                "rule-name": schema,
                "rule-action": "include",
                "object-locator": {"schema-name": schema, "table-name": "%"},
            }
            for number, schema in enumerate(CADENCES, 1)
        ),
        {
            "rule-type": "transformation",
            "rule-id": 9,
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


class Mirror:
    """A database, and the lake that follows it."""

    def __init__(self, lake: Lake, server: Mariadb, folder: Path) -> None:
        self.lake, self.server, self._folder = lake, server, folder
        (folder / "mappings.json").write_text(json.dumps(MAPPINGS))
        self.runs: list[dict[str, Answer]] = []

    def configure(self) -> None:
        tables = [(records.SCHEMA, table) for table in records.TABLES] + [(kinds.SCHEMA, kinds.TABLE)]
        document = {
            "cadences": [{"refresh_cadence": cadence} for cadence in CADENCES],
            "tables": [self._table(*names) for names in tables],
        }
        answer = self.lake.apply(document)
        assert answer.status == 0, answer.told

    def follow(self) -> dict[str, Any]:
        """Replicate what the database did, refresh both cadences, and return what the replication says."""
        replicated = self.lake.odpf(
            *("dms", "replicate", self.server.url, "--shuffle-seed", "1"),
            *("--state", str(self._folder / "state.json"), "--table-mappings", str(self._folder / "mappings.json")),
        )
        assert replicated.status == 0, replicated.told
        self.runs.append({cadence: self.lake.run(cadence) for cadence in CADENCES})
        document: dict[str, Any] = replicated.document
        return document

    def rows(self, schema: str, table: str) -> dict[tuple[Any, ...], dict[str, Any]]:
        """The lake's rows by key, read from S3 by hudi-rs, with the source's columns only."""
        uri = f"s3://{RAW}/{DATABASE}/{schema}_{table}"
        batches = (
            HudiTableBuilder.from_base_uri(uri).with_options(storage_options(self.lake.environment)).build().read()
        )
        found = pa.Table.from_batches(batches)
        own = ("_hoodie_", "_odpf_", "dms_timestamp", "change_seq")
        names = [name for name in found.column_names if not name.startswith(own)]
        columns = [_without_zone(found.column(name)).to_pylist() for name in names]
        keys = [names.index(key) for key in keys_of(self.server.engine, schema, table)]
        values = list(zip(*columns, strict=True))
        rows = {tuple(row[n] for n in keys): dict(zip(names, row, strict=True)) for row in values}
        assert len(rows) == len(values), "one row per key"
        return rows

    def assert_same(self, schema: str, table: str) -> None:
        expected, actual = rows_of(self.server.engine, schema, table), self.rows(schema, table)
        assert len(actual) == len(expected)
        differing = [key for key, row in expected.items() if actual.get(key) != _as_float32(row)]
        assert differing == [], (actual.get(differing[0]), expected[differing[0]])

    def _table(self, schema: str, table: str) -> dict[str, Any]:
        return {
            "source_table_name": f"{schema}.{table}",
            "refresh_cadence": schema,
            "raw_database_name": DATABASE,
            "raw_table_name": f"{schema}_{table}",
            "hudi_primary_key": list(keys_of(self.server.engine, schema, table)),
            "hudi_precombine_field": "change_seq",
            **MORE.get(table, {}),
        }


@pytest.fixture(scope="module")
def mirror(flights: Mariadb, every_type: Mariadb, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    """The database followed through its full load and two rounds of changes."""
    folder = tmp_path_factory.mktemp("mirror")
    lake = Lake(folder)
    try:
        lake.up()
        made = Mirror(lake, flights, folder)
        made.configure()
        yield made
    finally:
        lake.down()


@pytest.mark.timeout(1200)
def test_every_row_is_the_database_s_after_the_load_and_after_each_round_of_changes(mirror: Mirror) -> None:
    loaded = mirror.follow()
    assert loaded["rows_loaded"] >= records.FLIGHTS
    assert_all_same(mirror)
    for number in (3, 4):
        records.changes(mirror.server.engine, number, key_updates=False)
        change_every_type(mirror.server, number)
        assert mirror.follow()["rows_changed"] > 4_000
        assert_all_same(mirror)


def assert_all_same(mirror: Mirror) -> None:
    for answer in mirror.runs[-1].values():
        assert (answer.status, answer.document["status"], answer.document["warnings"]) == (0, "SUCCEEDED", [])
        for result in results(answer).values():
            assert result["rows_read"] == sum(v for k, v in result.items() if k in KINDS)
    for table in records.TABLES:
        mirror.assert_same(records.SCHEMA, table)
    mirror.assert_same(kinds.SCHEMA, kinds.TABLE)


def change_every_type(server: Mariadb, number: int) -> None:
    """New rows with every value there is, one emptied, one changed, one deleted."""
    first = 1000 * number
    kinds.insert(server.engine, first)
    emptied = ", ".join(f"{name} = NULL" for name in kinds.COLUMNS if name not in ("c_stored", "c_enum"))
    with server.engine.begin() as connection:
        connection.exec_driver_sql("SET sql_mode = ''")
        for statement in (
            f"UPDATE kinds.every_type SET {emptied} WHERE id = {first}",
            f"UPDATE kinds.every_type SET c_enum = 'two, three', c_time6 = '-01:00:00.5' WHERE id = {first + 3}",
            f"DELETE FROM kinds.every_type WHERE id = {first + 1}",
            f"UPDATE kinds.every_type SET c_ubig = c_ubig - 1 WHERE id = {first + 2}",
        ):
            connection.exec_driver_sql(statement)


def test_analysts_see_every_type_as_it_is(mirror: Mirror) -> None:
    """Runs after the comparison above, which filled the lake."""
    names = ["id", *kinds.COLUMNS]
    found = mirror.lake.query(f"SELECT {', '.join(names)} FROM {DATABASE}.kinds_every_type WHERE id <= {kinds.ROWS}")
    expected = [{name: _answered(name, row[name]) for name in names} for row in kinds.expected().values()]
    differing = [
        (name, row[name], wanted[name])
        for row, wanted in zip(sorted(found, key=lambda row: row["id"]), expected, strict=True)
        for name in names
        if row[name] != wanted[name]
    ]
    assert differing == []


def _answered(name: str, value: Any) -> Any:
    match name, value:
        case _, None:
            return None
        case "c_ubig", _:
            return str(value)
        case "c_fraction", _:
            return f"{value:.5f}"
        case "c_float", _:
            return pytest.approx(value, rel=1e-6)
    return answered(value)


def _without_zone(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.timestamp("us")) if pa.types.is_timestamp(column.type) else column


def _as_float32(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _single(value) if name in ("c_float", "humid") else value for name, value in row.items()}


def _single(value: float | None) -> float | None:
    return None if value is None else struct.unpack("f", struct.pack("f", value))[0]
