"""`odpf adopt` as typed; the adoption itself is told in tests/engines/test_adoption.py."""

from __future__ import annotations

import json

import pytest

from odpf_cli import adopt as command
from odpf_cli.main import execute
from odpf_local.memory import MemoryAws
from tests.cli.builders import table_item
from tests.file_processor.foreign_table import SEQUENCE, put_table

ROWS = [{"ID": 1, "V": "a", SEQUENCE: ""}]


@pytest.fixture
def aws(monkeypatch, tmp_path):
    """A table of the original framework, which is configured and was never run."""
    monkeypatch.chdir(tmp_path)
    aws = MemoryAws()
    monkeypatch.setattr(command, "Aws", lambda settings, **_: aws)
    monkeypatch.setattr(command, "announce", lambda _: None)
    aws.config.put_tables(
        [table_item(hudi_precombine_field=SEQUENCE), table_item("shop.b", hudi_precombine_field=SEQUENCE)]
    )
    put_table(aws.objects, "odpf-raw", "orders", ROWS)
    return aws


@pytest.fixture
def answer(capsys):
    def run(*arguments):
        status = execute(["adopt", *arguments, "--output", "json"])
        return status, json.loads(capsys.readouterr().out)

    return run


def everything(aws):
    return {(b, e.key, e.etag) for b in ("odpf-raw", "odpf-staging", "odpf-artifacts") for e in aws.objects.list(b, "")}


def test_a_check_says_what_would_be_done_and_writes_nothing(aws, answer):
    before = everything(aws)
    status, (found,) = answer("shop.orders", "--check", "--from", "s3://odpf-raw/orders/", "--quiet-minutes", "0")
    assert (status, found["adopted"], found["obstacles"], found["rows"]) == (0, False, [], 1)
    assert found["location"] == "s3://odpf-raw/orders"
    assert everything(aws) == before
    assert aws.ledger.state("shop_raw.orders") is None


def test_an_obstacle_fails_the_command_and_starts_no_run(aws, answer):
    status, (found,) = answer("shop.orders", "--from", "s3://odpf-raw/orders", "--yes")
    assert (status, found["adopted"]) == (1, False)
    assert "Stop the former framework" in found["obstacles"][0]


def test_a_place_that_has_no_table_is_an_obstacle(aws, answer):
    status, (found,) = answer("shop.b", "--check", "--from", "s3://odpf-raw/b")
    assert (status, found["obstacles"]) == (
        1,
        ["At s3://odpf-raw/b is no Hudi table with a commit. Say where it lies: --from"],
    )


def test_one_place_for_several_tables_is_wrong_usage(aws, answer):
    status, found = answer("shop.orders", "shop.b", "--from", "s3://odpf-raw/orders")
    assert (status, "one table" in found["error"]) == (2, True)


def test_what_was_looked_at_is_a_table_for_people(aws, capsys):
    assert execute(["adopt", "shop.orders", "--check", "--from", "s3://odpf-raw/orders", "--quiet-minutes", "0"]) == 0
    assert "shop.orders can be adopted: 1 row" in capsys.readouterr().out.replace("\n", " ")
