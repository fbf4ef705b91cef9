from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from odpf_cli.main import execute
from odpf_local.aws import process_session, running
from odpf_local.aws.running import Running
from tests.embedded.waiting import eventually

REPOSITORY = Path(__file__).parents[2]


class Program:
    """`odpf local` in a folder of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str) -> tuple[int, str]:
        with self._monkeypatch.context() as patch:
            patch.chdir(self.folder)
            status = execute(["local", *arguments])
        said = self._capsys.readouterr()
        return status, said.out if arguments[0] == "env" else said.err

    def exports(self) -> dict[str, str]:
        lines = [shlex.split(line) for line in self("env")[1].splitlines()]
        assert all(line[0] == "export" for line in lines)
        return dict(line[1].split("=", 1) for line in lines)


def client(environment: dict[str, str], service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=environment["AWS_ENDPOINT_URL"],
        region_name=environment["AWS_REGION"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
    )


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An instance of somebody else's folder."""
    folder = tmp_path_factory.mktemp("other")
    yield running.launch(folder)
    running.stop(folder)


@pytest.fixture
def odpf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Program]:
    yield Program(tmp_path, monkeypatch, capsys)
    running.stop(tmp_path)


def test_up_is_ready_when_it_returns_and_down_leaves_nothing(odpf: Program, other: Running) -> None:
    assert odpf("up", "--detach")[0] == 0
    exports = odpf.exports()
    assert set(exports) >= {
        "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
        "ODPF_STAGING_BUCKET", "ODPF_RAW_BUCKET",
    }  # fmt: skip
    assert exports["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    s3 = client(exports, "s3")
    assert {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]} == {"odpf-staging", "odpf-raw", "odpf-artifacts"}
    s3.put_object(Bucket="odpf-raw", Key="mine", Body=b"")
    assert client(other.environment, "s3").list_objects_v2(Bucket="odpf-raw")["KeyCount"] == 0
    mine = running.find(odpf.folder)
    assert mine is not None
    assert odpf("up", "--detach")[0] == 0
    assert running.find(odpf.folder) == mine
    assert odpf("down")[0] == 0
    assert not mine.alive
    assert other.alive


def test_where_nothing_runs_env_fails_and_down_has_nothing_to_do(odpf: Program) -> None:
    assert odpf("env") == (1, "")
    assert odpf("down")[0] == 0


def test_what_a_killed_instance_left_is_cleaned_up(odpf: Program) -> None:
    dead = running.launch(odpf.folder)
    orphan = subprocess.Popen(["sleep", "600"], env={running.INSTANCE_VARIABLE: dead.id}, start_new_session=True)
    os.kill(dead.pid, signal.SIGKILL)
    eventually(lambda: not dead.alive)
    assert odpf("env")[0] == 1
    assert odpf("down")[0] == 0
    assert orphan.wait(5) == -signal.SIGKILL
    assert Running.read(odpf.folder) is None


def test_in_the_foreground_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from odpf_cli.main import main; main()", "local", "up"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL) as program:
        found = eventually(lambda: running.find(tmp_path), 30)
        program.send_signal(signal.SIGINT)
        assert program.wait(20) == 0
    assert process_session.started_at(found.pid) is None
    assert Running.read(tmp_path) is None


def test_a_taken_port_is_said_and_nothing_is_left(odpf: Program, other: Running) -> None:
    status, said = odpf("up", "--detach", "--port", str(other.port))
    assert status == 1
    assert f"Port {other.port} is in use" in said
    assert Running.read(odpf.folder) is None


def test_an_instance_passes_for_the_region_it_is_told(odpf: Program) -> None:
    assert odpf("up", "--detach", "--region", "eu-central-1")[0] == 0
    exports = odpf.exports()
    assert (exports["AWS_REGION"], exports["AWS_DEFAULT_REGION"]) == ("eu-central-1", "eu-central-1")
    (machine,) = client(exports, "stepfunctions").list_state_machines()["stateMachines"]
    assert ":eu-central-1:" in machine["stateMachineArn"]
    s3 = client(exports, "s3")
    assert s3.get_bucket_location(Bucket="odpf-raw")["LocationConstraint"] == "eu-central-1"
    s3.put_object(Bucket="odpf-staging", Key="internal_staging/shop/orders/20260131-000000001.parquet", Body=b"x")
    dynamodb = client(exports, "dynamodb")
    eventually(lambda: dynamodb.scan(TableName="odpf_file_tracker")["Count"], 20)
    status, said = odpf("up", "--detach", "--region", "eu-west-1")
    assert (status, "runs in this folder as eu-central-1" in " ".join(said.split())) == (1, True)
