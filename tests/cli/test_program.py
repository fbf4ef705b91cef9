"""The program as typed: one JSON document on stdout whatever happens, and an honest exit status."""

from __future__ import annotations

import json

import boto3
import pytest
from moto import mock_aws
from moto.athena.models import QueryResults, athena_backends
from moto.core import DEFAULT_ACCOUNT_ID

from odpf.adapters.aws import Aws
from odpf.settings import Settings
from odpf.tables import TABLES
from odpf_cli.main import execute
from tests.cli.builders import NOW, embed, landed, record, table_item

REGION = "eu-west-1"
READING = (("status",), ("runs",), ("files",), ("explain", "--table", "a.b"), ("query", "SELECT 1"), ("config", "show"))


@pytest.fixture
def aws(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name, value in {"DEFAULT_REGION": REGION, "ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        settings = Settings.from_environment()
        for schema in TABLES:
            boto3.client("dynamodb").create_table(**schema.create_table(settings))
        boto3.client("s3").create_bucket(
            Bucket=settings.artifacts_bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        boto3.client("stepfunctions").create_state_machine(
            name=settings.state_machine_name, definition="{}", roleArn=f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/states"
        )
        yield Aws(settings)


@pytest.fixture
def answer(capsys):
    """Run a command with json: its exit status and its document."""

    def run(*arguments):
        status = execute([*arguments, "--output", "json"])
        return status, json.loads(capsys.readouterr().out)

    return run


def test_status_lists_what_the_contract_names(aws, answer):
    aws.config.put_tables([table_item()])
    aws.tracker.register(landed("20260131-100000000.parquet"), NOW)
    status, (entry,) = answer("status")
    assert status == 0
    assert set(entry) >= {
        *("source_table_name", "raw_database_name", "raw_table_name", "refresh_cadence", "refresh_status"),
        *("pending_files", "pending_bytes", "high_water_mark", "complete_through", "freshness_lag_seconds"),
        *("last_change_at", "last_error"),
    }
    assert (entry["pending_files"], entry["refresh_status"], entry["high_water_mark"]) == (1, None, None)


def test_files_are_filtered_by_table_and_state(aws, answer):
    aws.tracker.register(landed("20260131-100000000.parquet"), NOW)
    aws.tracker.quarantine(record("20260131-090000000.parquet"))
    assert [entry["state"] for entry in answer("files")[1]] == ["quarantined", "raw_file_landed"]
    assert [entry["reason"] for entry in answer("files", "--state", "quarantined")[1]] == ["truncated"]
    assert answer("files", "--table", "shop.lines") == (0, [])


def test_a_table_is_explained_and_an_unknown_one_is_wrong_input(aws, answer):
    aws.config.put_tables([table_item()])
    aws.tracker.register(landed("LOAD00000001.parquet"), NOW)
    status, found = answer("explain", "--table", "shop.orders")
    assert (status, found["engine"], found["pending_files"], found["left_alone"]) == (0, "arrow", 1, None)
    status, document = answer("explain", "--table", "shop.ordres")
    assert status == 2
    assert "did you mean 'shop.orders'" in document["error"]


def test_a_started_run_is_told_and_listed(aws, answer):
    aws.config.put_cadence({"refresh_cadence": "hourly"})
    status, started = answer("run", "hourly")
    assert status == 0
    (listed,) = answer("runs")[1]
    assert (listed["run_id"], listed["status"], listed["tables"]) == (started["run_id"], "RUNNING", 0)
    shown = answer("runs", "--run", started["run_id"])[1]
    assert (shown["run_id"], shown["status"], shown["tables"]) == (started["run_id"], "RUNNING", [])


def test_an_unknown_cadence_fails_with_a_document(aws, answer):
    status, document = answer("run", "nope", "--wait")
    assert (status, document["kind"]) == (1, "UnknownCadence")
    assert "nope" in document["error"]


def test_a_query_prints_its_rows(aws, answer):
    names, columns = {"Data": [{"VarCharValue": "n"}]}, [{"Name": "n", "Type": "bigint"}]
    rows = QueryResults(rows=[names, {"Data": [{"VarCharValue": "3"}]}], column_info=columns)
    athena_backends[DEFAULT_ACCOUNT_ID][REGION].query_results_queue.append(rows)
    assert answer("query", "select count(*) as n from shop_raw.orders") == (0, [{"n": 3}])


@pytest.mark.parametrize("arguments", [("run",), ("files", "--state", "lost"), ("nonsense",), ("query", "x", "--y")])
def test_wrong_usage_is_a_document_too(answer, arguments):
    status, document = answer(*arguments)
    assert status == 2
    assert document["error"]


def test_bad_settings_are_invalid_input(aws, answer, monkeypatch):
    monkeypatch.setenv("ODPF_STAGING_PLACES", "{")
    status, document = answer("status")
    assert (status, document["kind"]) == (2, "InvalidSettings")


def test_without_a_deployment_the_error_says_what_to_do(aws, answer, monkeypatch):
    monkeypatch.setenv("ODPF_PREFIX", "elsewhere_")
    status, document = answer("status")
    assert status == 1
    assert "ODPF_PREFIX" in document["error"]


def test_an_error_for_a_person_keeps_its_brackets(aws, capsys):
    assert execute(["run", "[red]"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "'[red]'" in captured.err


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_without_a_region_or_with_an_unknown_profile_the_error_says_what_to_set(command, answer, monkeypatch, tmp_path):
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    status, document = answer(*command)
    assert (status, "AWS_DEFAULT_REGION" in document["error"]) == (1, True)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    status, document = answer(*command)
    assert (status, "nobody" in document["error"]) == (1, True)


def test_a_failure_beside_an_embedded_aws_that_is_not_pointed_at_says_how_to_use_it(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    embed(tmp_path)
    assert execute(["status"]) == 1
    assert 'eval "$(odpf local env)"' in capsys.readouterr().err
