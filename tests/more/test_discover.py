"""`odpf config discover` against real servers: what their catalogs say, by how many statements, and that it can be planned."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from config_manager.found_table import FoundTable
from config_manager.parse import parse_content
from config_manager.validate import check_files
from odpf_cli.discovery.source import read_source
from odpf_cli.main import execute
from tests.more.server import Mariadb
from tests.postgresql import Postgresql

pytestmark = pytest.mark.more

MOST_STATEMENTS = 12
MARIADB = """
CREATE DATABASE shop; CREATE DATABASE `odd`; USE shop;
CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, region_id INT NOT NULL, status VARCHAR(10) NOT NULL, total DECIMAL(10,2), KEY (region_id));
CREATE TABLE shop.lines (order_id BIGINT, line INT, note JSON, PRIMARY KEY (order_id, line));
CREATE TABLE shop.codes (code CHAR(5) NOT NULL, name TEXT, UNIQUE KEY a (code), UNIQUE KEY b (code, name(10)));
CREATE TABLE shop.maybe (code CHAR(5), name CHAR(3) NOT NULL, UNIQUE KEY a (code), UNIQUE KEY b (name(2)));
CREATE TABLE shop.`order` (id INT PRIMARY KEY, at TIME, shape GEOMETRY, big DECIMAL(65,2));
CREATE TABLE `odd`.`Mixed-Name` (`Id` INT PRIMARY KEY);
CREATE TABLE `odd`.`mixed_name` (`Id` INT PRIMARY KEY);
CREATE VIEW shop.all_orders AS SELECT * FROM shop.orders;
INSERT INTO shop.orders SELECT seq, seq % 7, 'new', 1 FROM seq_1_to_5000;
ANALYZE TABLE shop.orders
"""
POSTGRES = """
CREATE SCHEMA shop;
CREATE TYPE shop.mood AS ENUM ('good', 'bad');
CREATE TABLE shop.orders (id bigint PRIMARY KEY, region_id int NOT NULL, status text NOT NULL, price numeric, total numeric(10,2));
CREATE TABLE shop.lines (order_id bigint, line int, tags text[], PRIMARY KEY (order_id, line));
CREATE TABLE shop.codes (code char(5) NOT NULL UNIQUE, mood shop.mood, note jsonb);
CREATE TABLE shop.maybe (code char(5) UNIQUE, name text NOT NULL);
CREATE UNIQUE INDEX partial ON shop.maybe (name) WHERE code IS NOT NULL;
CREATE UNIQUE INDEX lowered ON shop.maybe (lower(name));
CREATE TABLE shop."MixedCase" ("Id" int PRIMARY KEY);
CREATE TABLE shop.parts (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE shop.parts_2026 PARTITION OF shop.parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO shop.orders SELECT n, n % 7, 'new', 1, 1 FROM generate_series(1, 5000) n;
ANALYZE shop.orders
"""


def script(engine: sa.Engine, text: str) -> None:
    with engine.begin() as connection:
        for statement in filter(str.strip, text.split(";")):
            connection.execute(sa.text(statement))


@pytest.fixture(scope="module")
def shop(mariadb: Mariadb) -> Mariadb:
    script(mariadb.engine, MARIADB)
    return mariadb


@pytest.fixture(scope="module")
def postgres(postgresql: Postgresql) -> Postgresql:
    script(postgresql.engine, POSTGRES)
    return postgresql


@contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    statements: list[str] = []

    def count(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    sa.event.listen(engine, "before_cursor_execute", count)
    yield statements
    sa.event.remove(engine, "before_cursor_execute", count)


def found(engine: sa.Engine, *schemas: str) -> dict[str, FoundTable]:
    return {f"{table.schema}.{table.table}": table for table in read_source(engine, schemas)}


def remarks(table: FoundTable) -> dict[str, str]:
    return {column.name: column.remark.split()[0] for column in table.columns if column.remark}


@pytest.fixture
def discover(capsys):
    """Run it offline: (document, configuration file)."""

    def run(*arguments: str) -> tuple[dict, str]:
        capsys.readouterr()
        assert execute(["config", "discover", "--offline", *arguments, "--output", "json"]) == 0
        document = json.loads(capsys.readouterr().out)
        assert execute(["config", "discover", "--offline", *arguments]) == 0
        return document, capsys.readouterr().out

    return run


def test_mariadb_tells_keys_values_sizes_and_types(shop):
    tables = found(shop.engine, "shop", "odd")
    assert "shop.all_orders" not in tables
    assert tables["shop.orders"].primary_key == ("id",)
    assert tables["shop.lines"].primary_key == ("order_id", "line")
    assert (tables["shop.codes"].primary_key, tables["shop.codes"].unique_keys) == ((), (("code",),))
    assert (tables["shop.maybe"].primary_key, tables["shop.maybe"].unique_keys) == ((), ())
    assert tables["shop.orders"].columns[1].distinct in range(5, 40)
    assert 4000 < tables["shop.orders"].rows < 6000
    assert {*remarks(tables["shop.order"])} == {"at", "shape", "big"}
    assert "too short to tell" in tables["shop.lines"].changes.told


def test_postgresql_tells_keys_values_sizes_and_types(postgres):
    tables = found(postgres.engine)
    assert tables["shop.orders"].primary_key == ("id",)
    assert tables["shop.lines"].primary_key == ("order_id", "line")
    assert tables["shop.codes"].unique_keys == (("code",),)
    assert (tables["shop.maybe"].primary_key, tables["shop.maybe"].unique_keys) == ((), ())
    assert tables["shop.orders"].columns[1].distinct == 7
    assert tables["shop.orders"].rows == 5000
    assert tables["shop.orders"].bytes > 100_000
    assert {*remarks(tables["shop.orders"])} == {"status", "price"}
    assert {*remarks(tables["shop.codes"])} == {"mood", "note"}
    assert "partition of another table" in tables["shop.parts_2026"].warnings[0]
    assert "REPLICA IDENTITY USING INDEX codes_code_key" in " ".join(tables["shop.codes"].warnings)


@pytest.mark.parametrize("server", ["shop", "postgres"])
def test_many_tables_take_as_many_statements_as_few(server, request):
    engine = request.getfixturevalue(server).engine
    with counted(engine) as few:
        read_source(engine)
    script(engine, "CREATE SCHEMA many;" + "".join(f"CREATE TABLE many.t{n} (id INT PRIMARY KEY);" for n in range(30)))
    with counted(engine) as many:
        assert len([table for table in read_source(engine) if table.schema == "many"]) == 30
    script(engine, "DROP SCHEMA many CASCADE" if server == "postgres" else "DROP SCHEMA many")
    assert len(many) == len(few) <= MOST_STATEMENTS


@pytest.mark.parametrize("server", ["shop", "postgres"])
def test_what_is_proposed_can_be_planned(server, request, discover):
    document, text = discover(
        "--source", request.getfixturevalue(server).url, "--schema", "shop", "--large-rows", "4000"
    )
    checked = check_files(parse_content("proposed.yaml", text.encode()))
    assert checked.problems == ()
    names = {each.config.source_table_name for each in checked.tables}
    assert names == {entry["source_table_name"] for entry in document["tables"]}
    assert [each["source_table_name"] for each in document["incomplete"]] == ["shop.maybe"]
    partitions = {entry["source_table_name"]: entry.get("hudi_partition_key") for entry in document["tables"]}
    assert (partitions["shop.orders"], partitions["shop.lines"]) == ("region_id", None)
    assert "# MISSING: has no primary key" in text


def test_a_server_that_does_not_answer_is_told_without_the_password(postgres, capsys):
    url = postgres.url.replace("odpf@", "nobody:secret@")
    assert execute(["config", "discover", "--offline", "--source", url]) == 1
    told = capsys.readouterr().err
    assert "nobody" in told
    assert "secret" not in told
