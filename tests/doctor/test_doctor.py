"""What `odpf doctor` makes of machines and deployments."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from moto.iam.responses import IamResponse

from odpf.adapters.caller import Place
from odpf.adapters.inventory import Identity, Job
from odpf.settings import Settings
from odpf.states import Severity
from odpf_cli.doctor.check import judged
from odpf_cli.doctor.deployment import DEPLOYMENT_CHECKS, Deployed, nowhere
from odpf_cli.doctor.machine import MACHINE_CHECKS, Machine, look_at_machine
from odpf_cli.lint.rule import Unknown
from odpf_cli.main import execute
from odpf_local.aws.deployment import Deployment

REGION = "eu-west-1"
MACHINE = Machine("3.11", Path("/java"), None, "3.5.4", "3.5.4", True, "4566 is free", {"here": 10**11}, {}, "UTF-8")
IDENTITY = Identity("arn:aws:iam::1:user/me", Place("aws", REGION, "1"), "https://sts", 1.0)
DEPLOYED = Deployed(
    forgotten=False,
    identity=IDENTITY,
    tables={"odpf_file_tracker": "ACTIVE"},
    buckets={"odpf-raw": True},
    state_machine="role",
    job=Job("5.0", "3", {}, 0, "r"),
    functions={},
    queues={"odpf_staging_events": 3, "odpf_staging_events_dlq": 0},
)


def wrong(checks, facts):
    return {each.rule: each.severity for each in judged(checks, facts) if each.severity is not Severity.OK}


@pytest.mark.parametrize(
    ("changed", "check", "severity"),
    [
        ({"python": "3.12"}, "python", Severity.ERROR),
        ({"java": None}, "java", Severity.ERROR),
        ({"java_chosen": "/java-8"}, "java", Severity.WARNING),
        ({"spark": None}, "spark", Severity.ERROR),
        ({"spark": "3.4.0"}, "spark", Severity.ERROR),
        ({"jars": False}, "jars", Severity.WARNING),
        ({"jars": "ODPF_RUNTIME is glue9"}, "jars", Severity.ERROR),
        ({"port": ""}, "port", Severity.WARNING),
        ({"free": {"here": 2 * 10**9}}, "disk", Severity.WARNING),
        ({"free": {"here": 10**11, "temp": 10**8}}, "disk", Severity.ERROR),
        ({"unwritable": {"temp": "Permission denied"}}, "folders", Severity.ERROR),
        ({"encoding": "ANSI_X3.4-1968"}, "locale", Severity.WARNING),
    ],
)
def test_a_machine_is_judged_by_what_was_seen(changed, check, severity):
    assert wrong(MACHINE_CHECKS, MACHINE) == {}
    assert wrong(MACHINE_CHECKS, MACHINE._replace(**changed)) == {check: severity}


@pytest.mark.parametrize(
    ("changed", "check", "severity"),
    [
        ({"forgotten": True}, "credentials", Severity.WARNING),
        ({"identity": IDENTITY._replace(ahead_seconds=-90.0)}, "clock", Severity.WARNING),
        ({"identity": IDENTITY._replace(ahead_seconds=400.0)}, "clock", Severity.ERROR),
        ({"identity": IDENTITY._replace(ahead_seconds=None)}, "clock", Severity.UNCHECKED),
        ({"tables": {"odpf_file_tracker": None}}, "tables", Severity.ERROR),
        ({"tables": {"odpf_file_tracker": "DELETING"}}, "tables", Severity.ERROR),
        ({"tables": Unknown("denied", "ask")}, "tables", Severity.UNCHECKED),
        ({"buckets": {"odpf-raw": False}}, "buckets", Severity.ERROR),
        ({"queues": {"q": None}}, "queues", Severity.ERROR),
        ({"queues": {"q": 0, "q_dlq": 2}}, "queues", Severity.WARNING),
        ({"functions": {"watch": None}}, "functions", Severity.ERROR),
        ({"state_machine": None}, "state-machine", Severity.ERROR),
        ({"job": None}, "job", Severity.ERROR),
    ],
)
def test_a_deployment_is_judged_by_what_was_seen(changed, check, severity):
    assert wrong(DEPLOYMENT_CHECKS, DEPLOYED) == {}
    assert wrong(DEPLOYMENT_CHECKS, DEPLOYED._replace(**changed)) == {check: severity}


def test_without_an_aws_there_is_one_error_and_the_rest_is_unchecked():
    found = wrong(DEPLOYMENT_CHECKS, nowhere(Unknown("no", "start"), forgotten=False))
    assert found.pop("credentials") is Severity.ERROR
    assert set(found.values()) == {Severity.UNCHECKED}


def test_a_cache_that_cannot_be_made_is_told_and_not_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ODPF_CACHE", str(tmp_path / "new" / "cache"))
    look_at_machine(tmp_path)
    assert not (tmp_path / "new").exists()
    monkeypatch.setenv("ODPF_CACHE", str(tmp_path / "file" / "cache"))
    assert look_at_machine(tmp_path).unwritable == {f"cache {tmp_path / 'file'}": "Not a directory"}


def test_this_machine_can_be_looked_at(tmp_path, monkeypatch):
    monkeypatch.setenv("ODPF_RUNTIME", "glue9")
    seen = look_at_machine(tmp_path)
    assert seen.spark == seen.spark_wanted
    assert "glue9" in seen.jars
    assert any(str(tmp_path) in name for name in seen.free)


@pytest.fixture
def doctor(monkeypatch, tmp_path, capsys):
    """Exit status and checks by name, in an AWS that is empty at first."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"DEFAULT_REGION": REGION, "ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)

    def run():
        status = execute(["doctor", "--output", "json"])
        return status, {each["rule"]: each for each in json.loads(capsys.readouterr().out)["checks"]}

    # moto has no simulation; its server says so, its in-process form raises.
    monkeypatch.setattr(IamResponse, "simulate_principal_policy", lambda self: (501, {}, "none"), raising=False)
    with mock_aws():
        yield run


def test_an_empty_account_has_no_deployment(doctor):
    status, checks = doctor()
    assert status == 1
    assert checks["credentials"]["severity"] == "ok"
    for name in ("tables", "buckets", "queues", "functions", "state-machine", "job"):
        assert checks[name]["severity"] == "error", name
        assert checks[name]["fix"]


def test_a_deployment_is_found(doctor):
    settings = Settings.from_environment()
    session = boto3.Session(region_name=REGION)
    components = ("batch_manager", "process_batch", "summarise", "file_manager", "config_manager", "retention", "watch")
    Deployment(session, settings, None).make(map(settings.function_name, components), "script.py", 2)
    _, checks = doctor()
    for name in ("credentials", "tables", "buckets", "queues", "functions", "state-machine", "job", "versions"):
        assert checks[name]["severity"] == "ok", checks[name]
    assert checks["permission-needed"]["severity"] == "unchecked"


def test_an_endpoint_that_does_not_answer_is_one_error(doctor, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    status, checks = doctor()
    assert status == 1
    assert "127.0.0.1:9" in checks["credentials"]["found"]
    assert checks["tables"]["severity"] == "unchecked"
