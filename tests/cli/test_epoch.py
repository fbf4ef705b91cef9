"""`odpf epoch` as typed."""

from __future__ import annotations

import json

import pytest

from odpf_cli import epoch as command
from odpf_cli.main import execute
from odpf_local.memory import MemoryAws
from tests.cli.builders import embed

OPERATOR = "arn:aws:iam::123456789012:user/operator"


class Deployment(MemoryAws):
    region = "eu-west-1"


@pytest.fixture
def deployment(monkeypatch, tmp_path):
    """A deployment in memory, its Region eu-west-1."""
    monkeypatch.chdir(tmp_path)
    aws = Deployment()
    monkeypatch.setattr(command, "Aws", lambda settings, **_: aws)
    monkeypatch.setattr(command, "announce", lambda _: type("Caller", (), {"arn": OPERATOR}))
    return aws


@pytest.fixture
def answer(capsys):
    def run(*arguments):
        status = execute(["epoch", *arguments, "--output", "json"])
        return status, json.loads(capsys.readouterr().out)

    return run


def test_without_a_second_region_it_was_never_raised(deployment, answer):
    status, document = answer("show")
    assert (status, document["epoch"], document["active_region"], document["active"]) == (0, 0, None, True)


def test_a_raise_names_the_active_region_and_who_raised_it(deployment, answer):
    status, document = answer("raise", "--active-region", "eu-central-1", "--yes")
    assert status == 0
    assert {**document, "raised_at": "then"} == {
        "epoch": 1,
        "active_region": "eu-central-1",
        "raised_at": "then",
        "raised_by": OPERATOR,
        "region": "eu-west-1",
        "active": False,
    }
    assert answer("show")[1] == document


def test_what_is_no_region_is_refused(deployment, answer):
    status, document = answer("raise", "--active-region", "Frankfurt", "--yes")
    assert (status, "no Region" in document["error"]) == (2, True)
    assert deployment.ledger.epoch().number == 0


def test_only_a_terminal_is_asked_and_no_is_no(deployment, answer, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    assert execute(["epoch", "raise", "--active-region", "eu-central-1"]) == 1
    assert "Nothing was changed" in capsys.readouterr().err
    assert deployment.ledger.epoch().number == 0


def test_with_a_forgotten_endpoint_nothing_is_raised(deployment, answer, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    embed(tmp_path)
    assert answer("raise", "--active-region", "eu-west-1", "--yes")[0] == 2
    assert deployment.ledger.epoch().number == 0


def test_a_person_reads_who_works_and_who_stands_by(deployment, capsys):
    assert execute(["epoch", "show"]) == 0
    assert "only Region" in capsys.readouterr().out
    assert execute(["epoch", "raise", "--active-region", "eu-central-1", "--yes"]) == 0
    assert "Epoch 1: eu-central-1 is active; eu-west-1 stands by." in " ".join(capsys.readouterr().out.split())
