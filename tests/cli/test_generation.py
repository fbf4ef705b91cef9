"""`odpf generation bump` as typed."""

from __future__ import annotations

import json

import pytest

from odpf.states import RefreshStatus
from odpf.table_state import TableState
from odpf_cli import generation as command
from odpf_cli.main import execute
from odpf_local.memory import MemoryAws
from tests.cli.builders import NOW, embed, landed, table_item

OPERATOR = "arn:aws:iam::123456789012:user/operator"


class Deployment(MemoryAws):
    region = "eu-west-1"


@pytest.fixture
def aws(monkeypatch, tmp_path):
    """A table in generation 3."""
    monkeypatch.chdir(tmp_path)
    aws = Deployment()
    monkeypatch.setattr(command, "Aws", lambda settings, **_: aws)
    monkeypatch.setattr(command, "announce", lambda _: type("Caller", (), {"arn": OPERATOR}))
    aws.config.put_tables([table_item()])
    seen = TableState(raw_table="shop_raw.orders", source_table_name="shop.orders")
    lease = aws.ledger.acquire(seen, "jr_1", "run-1", NOW)
    reached = lease.model_copy(update={"generation": 3, "high_water_mark": f"000003 {'8' * 35} a.parquet 0000000000"})
    aws.ledger.release(aws.ledger.advance(lease, reached), RefreshStatus.COMPLETED, None, NOW)
    return aws


@pytest.fixture
def answer(capsys):
    def run(*arguments):
        status = execute(["generation", "bump", *arguments, "--output", "json"])
        return status, json.loads(capsys.readouterr().out)

    return run


def generation(aws):
    return aws.ledger.state("shop_raw.orders").generation


@pytest.mark.parametrize("table", ["shop.orders", "shop_raw.orders"])
def test_a_table_goes_on_in_the_next_generation(aws, answer, table):
    status, document = answer("--table", table, "--yes")
    state = aws.ledger.state("shop_raw.orders")
    assert (status, document) == (
        0,
        {
            "source_table_name": "shop.orders",
            "raw_table": "shop_raw.orders",
            "generation": 4,
            "former_generation": 3,
            "began_at": state.load_started_at,
            "warnings": [],
        },
    )
    assert (state.generation, state.floor, state.lease_owner, state.run_id) == (4, "", None, "run-1")


def test_since_says_when_it_began(aws, answer):
    status, document = answer("--table", "shop.orders", "--since", "2026-01-31T10:15:00+01:00", "--yes")
    assert (status, document["began_at"]) == (0, "2026-01-31T09:15:00.000000Z")


@pytest.mark.parametrize("since", ["yesterday", "2026-01-31T10:15:00"])
def test_a_moment_without_a_zone_is_wrong_usage(aws, answer, since):
    status, document = answer("--table", "shop.orders", "--since", since, "--yes")
    assert (status, "time zone" in document["error"], generation(aws)) == (2, True, 3)


def test_an_unknown_table_is_wrong_usage(aws, answer):
    status, document = answer("--table", "shop.order", "--yes")
    assert (status, "shop.orders" in document["error"]) == (2, True)


def test_a_table_whose_configuration_is_broken_is_wrong_usage(aws, answer):
    aws.config.put_tables([table_item(hudi_table_type="neither")])
    status, document = answer("--table", "shop.orders", "--yes")
    assert (status, "not valid" in document["error"], generation(aws)) == (2, True, 3)


def test_waiting_files_stop_it(aws, answer):
    aws.tracker.register(landed("20260131-100000000.parquet"), NOW)
    status, document = answer("--table", "shop.orders", "--yes")
    assert (status, "odpf run hourly --wait" in document["error"], generation(aws)) == (1, True, 3)


def test_only_a_terminal_is_asked_and_no_is_no(aws, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    assert execute(["generation", "bump", "--table", "shop.orders"]) == 1
    assert "Nothing was changed" in capsys.readouterr().err
    assert generation(aws) == 3


def test_with_a_forgotten_endpoint_nothing_is_bumped(aws, answer, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    embed(tmp_path)
    assert (answer("--table", "shop.orders", "--yes")[0], generation(aws)) == (2, 3)


def test_a_person_reads_what_comes_after_what(aws, capsys):
    assert execute(["generation", "bump", "--table", "shop.orders", "--yes"]) == 0
    assert "shop_raw.orders is in generation 4, after 3" in " ".join(capsys.readouterr().out.split())
