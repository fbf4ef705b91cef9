"""`odpf query` as people use a SQL prompt: statements, forms of answers, the shell."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from odpf.adapters.athena import AthenaQueries, QueryColumn, QueryResult
from odpf.errors import InvalidSettings, QueryError
from odpf_cli.query_cost import below, usd
from odpf_cli.query_output import QueryOutput, as_csv, refuse_unwritable, write
from odpf_cli.query_shell import Shell, is_entered
from odpf_cli.sql_text import is_complete, statements

GB = 1024**3
RESULT = QueryResult(
    tuple(
        QueryColumn(name, kind)
        for name, kind in [
            ("id", "bigint"), ("price", "decimal(10,2)"), ("at", "timestamp"), ("day", "date"), ("ok", "boolean"),
            ("raw", "varbinary"), ("said", "varchar"), ("x", "double"),
        ]
    ),
    [
        ("1", "10.50", "2026-01-31 10:15:00.000", "2026-01-31", "true", "0a ff", 'a "quoted", line', "1.5"),
        ("2", None, None, None, None, None, "", "NaN"),
    ],
    scanned_bytes=3 * GB,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("select 1", ["select 1"]),
        ("select ';' as a; select 2;", ["select ';' as a", "select 2"]),
        ('select "a;b" from t -- c; d\n;\n', ['select "a;b" from t -- c; d']),
        ("/* a; b */ ; select 'it''s;'", ["select 'it''s;'"]),
        ("  ;; -- nothing", []),
        ("select 4/2-1; select 1", ["select 4/2-1", "select 1"]),
    ],
)
def test_statements_end_at_semicolons_that_are_no_text(text, found):
    assert statements(text) == found


@settings(max_examples=40, deadline=None)
@given(st.text("a ';\"-/*\n", max_size=12))
def test_of_a_text_without_quotes_and_comments_only_semicolons_are_left_out(text):
    text = text.replace("'", "").replace('"', "").replace("-", "").replace("*", "")
    assert "".join("".join(statements(text)).split()) == "".join(text.replace(";", "").split())


@pytest.mark.parametrize(("text", "whole"), [("select 1", False), ("select ';", False), ("select 1; -- x", True)])
def test_a_statement_is_whole_when_it_is_ended(text, whole):
    assert is_complete(text) is whole


@pytest.mark.parametrize(
    ("text", "entered"), [("", True), ("select", False), (r"\d", True), (".tables", True), ("a;", True)]
)
def test_enter_ends_whole_statements_and_commands(text, entered):
    assert is_entered(text) is entered


def test_a_parquet_file_has_the_types_of_the_answer(tmp_path):
    write(RESULT, QueryOutput.PARQUET, tmp_path / "a.parquet", "")
    first, second = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert (first["id"], first["price"], first["at"]) == (1, Decimal("10.50"), datetime(2026, 1, 31, 10, 15))
    assert (first["day"], first["ok"], first["raw"]) == (date(2026, 1, 31), True, b"\x0a\xff")
    assert (second["price"], second["said"], second["x"] != second["x"]) == (None, "", True)
    assert [file.name for file in tmp_path.iterdir()] == ["a.parquet"]


def test_csv_tells_empty_text_from_null():
    lines = as_csv(RESULT).splitlines()
    assert lines[1].endswith('"0aff","a ""quoted"", line","1.5"')
    assert lines[2] == '"2",,,,,,"","NaN"'


def test_what_could_not_be_written_is_refused_before_it_is_asked(tmp_path):
    with pytest.raises(InvalidSettings, match="--into"):
        refuse_unwritable(QueryOutput.PARQUET, None)
    with pytest.raises(InvalidSettings, match="no folder"):
        refuse_unwritable(QueryOutput.CSV, tmp_path / "none" / "a.csv")


def test_the_cost_is_of_scanned_bytes_and_at_least_of_ten_megabytes():
    assert usd(0) == usd(GB // 1024 * 10) == pytest.approx(10 / 1024**2 * 5)
    assert usd(1024 * GB) == 5
    assert "3.2 GB scanned, about $0.01465" in below(RESULT, 2)
    assert "scanned" not in below(RESULT._replace(scanned_bytes=None), 2)


class Catalog:
    def databases(self):
        return ["shop_raw"]

    def tables(self, database):
        return ["orders"]

    def table(self, database, name):
        columns = [{"Name": "id", "Type": "bigint"}]
        return {"StorageDescriptor": {"Columns": columns}} if (database, name) == ("shop_raw", "orders") else None


@pytest.fixture
def shell():
    asked = []

    def run(sql, database):
        if "broken" in sql:
            raise QueryError("TABLE_NOT_FOUND: broken")
        if "forever" in sql:
            raise KeyboardInterrupt
        asked.append((sql, database))
        return RESULT

    shell = Shell(run, Catalog(), Console(file=io.StringIO(), width=80))
    shell.asked = asked
    return shell


def said(shell):
    return shell._console.file.getvalue()


def test_the_shell_answers_statements_in_the_database_that_is_used(shell, capsys):
    assert shell.answer("\\use shop_raw")
    assert shell.answer("\\o csv")
    assert shell.answer("select 1;\nselect 2;")
    assert shell.asked == [("select 1", "shop_raw"), ("select 2", "shop_raw")]
    assert capsys.readouterr().out == as_csv(RESULT) * 2


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (r"\d", "orders"),
        (r"\d shop_raw.orders", "bigint"),
        (r"\d nobodys", "There is no table nobodys"),
        (".databases", "shop_raw"),
        (r"\?", "stop the query that runs"),
        (r"\what", "is no command"),
        ("select broken;", "TABLE_NOT_FOUND"),
        ("select forever;", "Stopped."),
    ],
)
def test_whatever_is_typed_the_prompt_goes_on(shell, typed, shown):
    assert shell.answer(typed)
    assert shown in said(shell)


@pytest.mark.parametrize("typed", [r"\q", ".quit", "exit;"])
def test_the_shell_ends_when_it_is_told(shell, typed):
    assert not shell.answer(typed)


def test_tab_knows_tables_key_words_and_the_columns_of_tables_that_are_named(shell):
    assert {"shop_raw.orders", "orders", "SELECT"} <= set(shell.words("SEL"))
    assert "id" not in shell.words("SEL")
    assert "id" in shell.words("SELECT i FROM shop_raw.orders;")


class Athena:
    """A client whose query is under way until it is interrupted."""

    class exceptions:  # noqa: N801  boto3's name
        InvalidRequestException = ValueError

    def __init__(self):
        self.stopped = []

    def start_query_execution(self, **_):
        return {"QueryExecutionId": "q1"}

    def get_query_execution(self, **_):
        return {"QueryExecution": {"Status": {"State": "RUNNING"}, "Statistics": {"DataScannedInBytes": 7}}}

    def stop_query_execution(self, QueryExecutionId):  # noqa: N803  the API's name
        self.stopped.append(QueryExecutionId)


def test_an_interrupt_stops_the_query_at_athena():
    told = []

    def interrupt(progress):
        told.append(progress.scanned_bytes)
        raise KeyboardInterrupt

    queries = AthenaQueries.__new__(AthenaQueries)
    queries._client, queries._output_location, queries._work_group = Athena(), "s3://x/", "primary"
    with pytest.raises(KeyboardInterrupt):
        queries.run("select 1", told=interrupt)
    assert (queries._client.stopped, told) == (["q1"], [7])
