"""ODPF deployed into an emulated account by the documented commands, and what its operator and its readers see of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from odpf.settings import Settings, StagingPlace
from odpf_local.aws.athena import hudi_reader
from tests.deployed.account import NUMBER, REGION, Account
from tests.end_to_end.lake import PROGRAM, Answer

PREFIX = "shop-test_"
STAGING, RAW, ARTIFACTS = "acme-shop-staging", "acme-shop-raw", "acme-shop-artifacts"
FOLDER = "dms/exports"
SETTINGS = Settings(
    prefix=PREFIX,
    staging_places=(StagingPlace(bucket=STAGING, folder=FOLDER),),
    raw_bucket=RAW,
    artifacts_bucket=ARTIFACTS,
)
_ENVIRONMENT = {
    "prefix": PREFIX,
    "parameters": {
        "StagingFolder": FOLDER,
        "StagingPrefixes": f"{FOLDER}/*",
        "RetentionDays": 30,
        "FullLoadCompletion": "none",  # the tests' loads are one file, and nobody waits two minutes for each
    },
    "regions": {
        "primary": {
            "region": REGION,
            "parameters": {
                "StagingBucketName": STAGING,
                "RawBucketName": RAW,
                "ArtifactsBucketName": ARTIFACTS,
            },
        }
    },
}
_OF_ODPF = {
    "ODPF_PREFIX": PREFIX,
    "ODPF_STAGING_BUCKET": STAGING,
    "ODPF_STAGING_FOLDER": FOLDER,
    "ODPF_RAW_BUCKET": RAW,
    "ODPF_ARTIFACTS_BUCKET": ARTIFACTS,
}
_LOG_LINES = 40


class Deployment:
    """One environment in an account."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.client = account.client
        self._file = account.folder / "environment.yaml"

    def build(self) -> None:
        """Packages and templates, beside those of the checkout."""
        packages = str(self._built("packages"))
        self._must("infra.packaging", "--to", packages)
        synthesise = "from pathlib import Path; import sys; from infra.app import synthesise; synthesise(*map(Path, sys.argv[1:]))"
        inventory = str(self._built("packages") / "packages.json")
        answer = self.account.run(sys.executable, "-c", synthesise, str(self._built("templates")), inventory)
        assert answer.returncode == 0, answer.stderr

    def deploy(self, *arguments: str, **parameters: str | int) -> str:
        """Deploy the stacks, with parameters beside the environment's; returns what was told."""
        whole = {**_ENVIRONMENT, "parameters": {**_ENVIRONMENT["parameters"], **parameters}}  # type: ignore[dict-item]
        self._file.write_text(yaml.safe_dump(whole))
        built = ["--templates", str(self._built("templates")), "--packages", str(self._built("packages"))]
        return self._must("infra.deploy", "--environment", str(self._file), *built, *arguments)

    @property
    def release(self) -> str:
        """What the packages say they are, as audit rows have it."""
        inventory = json.loads((self._built("packages") / "packages.json").read_text())
        return f"{inventory['version']}+{inventory['release']}"

    def templates(self) -> dict[str, Any]:
        """The synthesised templates by stack name."""
        files = self._built("templates").glob("odpf-*.template.json")
        name = PREFIX.rstrip("_")
        return {
            file.name.removesuffix(".template.json").replace("odpf", name, 1): json.loads(file.read_text())
            for file in files
        }

    def odpf(self, *arguments: str) -> Answer:
        """Run a command with `--output json`."""
        answer = self.account.run(str(PROGRAM), *arguments, "--output", "json", environment=_OF_ODPF)
        assert answer.stdout, answer.stderr
        return Answer(answer.returncode, json.loads(answer.stdout), answer.stderr)

    def apply(self, document: dict[str, Any]) -> Answer:
        """Apply table configuration."""
        file = self.account.folder / "tables.yaml"
        file.write_text(yaml.safe_dump(document))
        return self.odpf("config", "apply", str(file), "--yes")

    def files(self, source_table: str) -> dict[str, str]:
        """State by name of a table's files."""
        found = self.odpf("files", "--table", source_table).document
        return {Path(file["path"]).name: file["state"] for file in found}

    def put(self, key: str, content: bytes) -> None:
        """Put a file as DMS does."""
        self.client("s3").put_object(Bucket=STAGING, Key=f"{FOLDER}/{key}", Body=content)

    def rows(self, database: str, table: str, columns: list[str]) -> list[dict[str, Any]]:
        """The rows of a raw table where the Data Catalog says it lies, read without Spark."""
        found = self.client("glue").get_table(DatabaseName=database, Name=table)["Table"]
        return self.rows_at(found["StorageDescriptor"]["Location"], columns)

    def rows_at(self, location: str, columns: list[str]) -> list[dict[str, Any]]:
        """The rows of the Hudi table at a place, read without Spark."""
        storage = {
            "aws_endpoint": self.account.endpoint_url,
            "aws_region": REGION,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            "aws_allow_http": "true",
        }
        read = hudi_reader.read(location, columns, storage)
        return sorted(read.to_pylist(), key=repr)

    def executions(self, cadence: str) -> list[dict[str, Any]]:
        """Executions of the state machine for a cadence, as Step Functions describes them."""
        described = (
            self.client("stepfunctions").describe_execution(executionArn=entry["executionArn"])
            for entry in self._executions()
        )
        return [entry for entry in described if json.loads(entry["input"])["refresh_cadence"] == cadence]

    def job_runs(self, run_id: str) -> list[dict[str, Any]]:
        """The Glue job runs of one run of a cadence."""
        found = self.client("glue").get_job_runs(JobName=SETTINGS.glue_job_name)["JobRuns"]
        return [run for run in found if run["Arguments"]["--run_id"] == run_id]

    def invoke(self, component: str) -> Any:
        """Call a function as its schedule does; returns its answer."""
        name = f"{SETTINGS.function_name(component)}:live"
        answer = self.client("lambda").invoke(FunctionName=name, Payload=b"{}")
        content = answer["Payload"].read()
        assert "FunctionError" not in answer, content
        return json.loads(content)

    def log(self, component: str) -> list[str]:
        """What a function has written to its log."""
        return self._lines(f"/aws/lambda/{SETTINGS.function_name(component)}")

    def documents(self, component: str) -> list[dict[str, Any]]:
        """The JSON documents in a function's log."""
        return [json.loads(line) for line in self.log(component) if line.startswith("{")]

    def role(self, component: str) -> str:
        """The name of a function's role."""
        found = self.client("lambda").get_function_configuration(FunctionName=SETTINGS.function_name(component))
        return str(found["Role"]).rpartition("/")[2]

    def story(self) -> str:
        """What happened in the account, for whoever has to find out why a test failed."""
        return "\n".join(self._story())

    def _story(self) -> Iterator[str]:
        for entry in self._executions():
            yield f"--- execution {entry['name']}: {entry['status']}"
            history = self.client("stepfunctions").get_execution_history(executionArn=entry["executionArn"])
            for event in history["events"]:
                details = next((value for name, value in event.items() if name.endswith("EventDetails")), "")
                yield f"{event['timestamp']:%H:%M:%S} {event['type']} {str(details)[:300]}"
        for group in self.client("logs").describe_log_groups()["logGroups"]:
            yield f"--- log {group['logGroupName']}"
            yield from self._lines(group["logGroupName"])[-_LOG_LINES:]
        for file in [*sorted(self.account.job_logs()), self.account.folder / "emulator.log"]:
            yield f"--- {file.name}"
            yield from file.read_text(errors="replace").splitlines()[-_LOG_LINES:]

    def _lines(self, group: str) -> list[str]:
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        events = [event for page in pages for event in page["events"]]
        return [event["message"].rstrip() for event in sorted(events, key=lambda event: event["timestamp"])]

    def _executions(self) -> list[dict[str, Any]]:
        machine = f"arn:aws:states:{REGION}:{NUMBER}:stateMachine:{SETTINGS.state_machine_name}"
        found = self.client("stepfunctions").list_executions(stateMachineArn=machine)
        executions: list[dict[str, Any]] = found["executions"]
        return executions

    def _built(self, what: str) -> Path:
        return self.account.folder / "build" / what

    def _must(self, module: str, *arguments: str) -> str:
        answer: subprocess.CompletedProcess[str] = self.account.run(sys.executable, "-m", module, *arguments)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout + answer.stderr
