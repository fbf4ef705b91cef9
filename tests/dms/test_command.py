"""`odpf dms` on the command line."""

from __future__ import annotations

import json

import boto3
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from odpf_cli.main import execute


@pytest.fixture
def run(capsys, tmp_path):
    def execute_dms(*arguments):
        status = execute(["dms", *arguments, "--to", str(tmp_path / "files"), "--output", "json"])
        return status, json.loads(capsys.readouterr().out)

    return execute_dms


def test_generate_writes_files_and_lists_them(run, tmp_path):
    status, document = run("generate", "--tables", "2", "--rows", "60")
    assert (status, document["kind"], document["rows"]) == (0, "taxi", 2 * 60 + 50 + 50)
    listed = {file["path"]: file["rows"] for file in document["files"]}
    assert {str(path): pq.read_metadata(path).num_rows for path in (tmp_path / "files").rglob("*.parquet")} == listed
    assert [file["dms_file_type"] for file in document["files"]] == ["Full", "Full", "Incremental", "Incremental"]


def test_full_load_and_changes_can_be_written_one_after_the_other(run):
    assert run("generate", "--tables", "1", "--rows", "60", "--what", "full-load")[1]["rows"] == 60
    assert run("generate", "--tables", "1", "--rows", "60", "--what", "changes")[1]["rows"] == 50


def test_the_workload_is_written_with_the_columns_odpf_recommends(run):
    _, document = run("generate", "--kind", "workload", "--change-files", "1", "--rows", "5")
    names = pq.read_schema(document["files"][0]["path"]).names
    assert names[:2] == ["Op", "DMS_TIMESTAMP"]
    assert {"CDC_TIMESTAMP_SEQ", "BI_shop", "BI_order_no"} <= set(names)


def test_endpoint_settings_and_mappings_of_the_user_are_honoured(run, tmp_path):
    settings, mappings = tmp_path / "settings.json", tmp_path / "mappings.json"
    settings.write_text(json.dumps({"S3Settings": {"DataFormat": "parquet", "BucketFolder": "mine"}}))
    rules = [
        {"rule-type": "selection", "rule-id": "1", "rule-action": "include", "object-locator": {"schema-name": "%"}}
    ]
    mappings.write_text(json.dumps({"rules": rules}))
    given = ("--endpoint-settings", str(settings), "--table-mappings", str(mappings))
    _, document = run("generate", "--tables", "1", "--rows", "5", "--what", "full-load", *given)
    (file,) = document["files"]
    assert file["path"].endswith("mine/taxi_trips/table_1/LOAD00000001.parquet")
    assert "VendorID" in pq.read_schema(file["path"]).names


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("generate", "--rows", "0"), 2),
        (("generate", "--endpoint-settings", "nowhere.json"), 2),
        (("generate", "--parquet", "nowhere.parquet"), 1),
        (("replicate", "postgres://x"), 2),
        (("replicate", "mysql://root@127.0.0.1:1", "--until", "never"), 2),
        (("replicate", "mysql://root@127.0.0.1:1"), 1),
    ],
)
def test_wrong_usage_and_missing_things_have_their_exit_status_and_a_document(run, arguments, status):
    found, document = run(*arguments)
    assert found == status
    assert document["error"]


@mock_aws
def test_without_a_target_files_go_to_the_staging_place_of_the_deployment(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("ODPF_STAGING_BUCKET", "landing")
    monkeypatch.setenv("ODPF_STAGING_FOLDER", "deep/folder")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="landing", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert execute(["dms", "generate", "--tables", "1", "--rows", "5", "--what", "full-load", "--output", "json"]) == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert file["path"] == "s3://landing/deep/folder/taxi_trips/table_1/LOAD00000001.parquet"
    assert [found["Key"] for found in s3.list_objects_v2(Bucket="landing")["Contents"]] == [file["path"][13:]]


@mock_aws
def test_a_bucket_can_be_named_and_files_the_deployment_does_not_see_are_told_of(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.client("s3").create_bucket(Bucket="other")
    arguments = ["dms", "generate", "--tables", "1", "--rows", "5", "--what", "full-load", "--output", "json"]
    assert execute([*arguments, "--to", "s3://other/x"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["files"][0]["path"].startswith("s3://other/x/taxi_trips/")
    assert "does not see" in printed.err
