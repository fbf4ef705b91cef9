"""The program `odpf` with an embedded AWS in a folder, as a user has them: other processes, spoken to by command line and boto3."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import yaml

PROGRAM = Path(sys.executable).with_name("odpf")
STAGING, RAW, ARTIFACTS = "odpf-staging", "odpf-raw", "odpf-artifacts"
FOLDER = "internal_staging"
DATABASE = "e2e_raw"
JOB = "odpf_file_processor"


class Answer(NamedTuple):
    """How a command ended: exit status, the JSON document on stdout, what it told on stderr."""

    status: int
    document: Any
    told: str


class Lake:
    """One instance, in a process of its own."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.environment = {**_without_aws(os.environ), **variables}

    def up(self, *options: str) -> None:
        """Start the instance and point this driver's environment at it, as `eval "$(odpf local env)"` does."""
        self.text("local", "up", "--detach", *options)
        exports = shlex.split(self.text("local", "env"))
        self.environment |= dict(word.split("=", 1) for word in exports if word != "export")

    def down(self) -> None:
        self.text("local", "down")

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command."""
        return subprocess.Popen(
            [str(PROGRAM), *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def text(self, *arguments: str) -> str:
        """What a command that must succeed writes to stdout."""
        process = self.begin(*arguments)
        out, err = process.communicate()
        assert process.returncode == 0, err
        return out

    def odpf(self, *arguments: str) -> Answer:
        """Run a command with `--output json`, whose stdout is one JSON document whatever happens."""
        return ended(self.begin(*arguments, "--output", "json"))

    def begin_run(self, cadence: str) -> subprocess.Popen[str]:
        return self.begin("run", cadence, "--wait", "--output", "json")

    def run(self, cadence: str, *options: str) -> Answer:
        return self.odpf("run", cadence, "--wait", *options)

    def apply(self, document: Mapping[str, Any], name: str = "configuration.yaml") -> Answer:
        """Apply configuration from a YAML file."""
        file = self.folder / name
        file.write_text(yaml.safe_dump(dict(document), allow_unicode=True))
        return self.odpf("config", "apply", str(file), "--yes")

    def query(self, sql: str) -> list[dict[str, Any]]:
        answer = self.odpf("query", sql)
        assert answer.status == 0, answer.told
        rows: list[dict[str, Any]] = answer.document
        return rows

    def status(self) -> dict[str, dict[str, Any]]:
        """`odpf status` by source table."""
        return {entry["source_table_name"]: entry for entry in self.odpf("status").document}

    def files(self, *arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.odpf("files", *arguments).document
        return found

    @cache  # noqa: B019  a lake lives as long as the session
    def client(self, service: str) -> Any:
        """A plain boto3 client of somebody who knows nothing of ODPF."""
        return boto3.client(
            service,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name=self.environment["AWS_REGION"],
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )

    def put(self, key: str, content: bytes, bucket: str = STAGING, folder: str = FOLDER) -> str:
        """Put a file below the staging folder and return its whole key."""
        key = f"{folder}/{key}"
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
        return key

    def objects(self, bucket: str, prefix: str) -> list[str]:
        """Keys below a prefix."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def document(self, bucket: str, key: str) -> Any:
        """A JSON object."""
        return json.loads(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    def put_item(self, table: str, item: Mapping[str, Any]) -> None:
        """Put an item of plain text attributes, as somebody in the DynamoDB console does."""
        values = {name: {"S": value} for name, value in item.items()}
        self.client("dynamodb").put_item(TableName=table, Item=values)

    def items(self, table: str, source_table: str) -> list[dict[str, Any]]:
        """Items of a tracker table for one source table, with DynamoDB's types taken off."""
        found = self.client("dynamodb").query(
            TableName=table,
            KeyConditionExpression="source_table_name = :table",
            ExpressionAttributeValues={":table": {"S": source_table}},
            ConsistentRead=True,
        )
        return [{name: next(iter(value.values())) for name, value in item.items()} for item in found["Items"]]

    def job_runs(self, run_id: str) -> list[dict[str, Any]]:
        """The Glue job runs of one run of a cadence."""
        pages = self.client("glue").get_paginator("get_job_runs").paginate(JobName=JOB)
        runs = [run for page in pages for run in page["JobRuns"]]
        return [run for run in runs if run.get("Arguments", {}).get("--run_id") == run_id]

    def execution(self, run_id: str) -> dict[str, Any]:
        """The execution of a run as Step Functions describes it."""
        machines = self.client("stepfunctions").list_state_machines()["stateMachines"]
        (arn,) = [machine["stateMachineArn"] for machine in machines]
        described: dict[str, Any] = self.client("stepfunctions").describe_execution(
            executionArn=f"{arn.replace(':stateMachine:', ':execution:')}:{run_id}"
        )
        return described


def ended(process: subprocess.Popen[str]) -> Answer:
    """Wait for a command that writes JSON."""
    out, err = process.communicate()
    return Answer(process.returncode, json.loads(out), err)


def table(source: str, cadence: str, **more: str) -> dict[str, str]:
    """Configuration of a table: raw table `<schema>_<table>`, key `id`, sequence `change_seq`."""
    return {
        "source_table_name": source,
        "refresh_cadence": cadence,
        "raw_database_name": DATABASE,
        "raw_table_name": source.lower().replace(".", "_"),
        "hudi_primary_key": "id",
        "hudi_precombine_field": "change_seq",
        **more,
    }


def results(answer: Answer) -> dict[str, dict[str, Any]]:
    """The tables of a run's document by source table."""
    return {entry["source_table_name"]: entry for entry in answer.document["tables"]}


def _without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """No test must ever reach somebody's AWS account or deployment."""
    foreign = ("AWS_", "ODPF_")
    return {n: v for n, v in environment.items() if not n.startswith(foreign) or n == "ODPF_CACHE"}
