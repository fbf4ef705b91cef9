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

from odpf_local.aws import process_session, running
from tests.embedded.waiting import eventually

REPOSITORY = Path(__file__).parents[2]
ODPF = [sys.executable, "-c", "from odpf_cli.main import main; main()"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(REPOSITORY)}


class Program:
    """`odpf` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*ODPF, "local", *arguments]
        return subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)

    def exports(self) -> dict[str, str]:
        lines = [shlex.split(line) for line in self("env").stdout.splitlines()]
        assert all(line[0] == "export" for line in lines)
        return dict(line[1].split("=", 1) for line in lines)

    def client(self, service: str) -> Any:
        exports = self.exports()
        return boto3.client(
            service,
            endpoint_url=exports["AWS_ENDPOINT_URL"],
            region_name=exports["AWS_REGION"],
            aws_access_key_id=exports["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=exports["AWS_SECRET_ACCESS_KEY"],
        )


@pytest.fixture
def odpf(tmp_path: Path) -> Iterator[Program]:
    yield Program(tmp_path)
    running.stop(tmp_path)


def test_up_is_ready_when_it_returns_and_down_leaves_nothing(odpf: Program) -> None:
    assert odpf("up", "--detach").returncode == 0
    exports = odpf.exports()
    assert set(exports) >= {
        "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
        "ODPF_STAGING_BUCKET", "ODPF_RAW_BUCKET",
    }  # fmt: skip
    assert exports["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    buckets = {bucket["Name"] for bucket in odpf.client("s3").list_buckets()["Buckets"]}
    assert buckets == {"odpf-staging", "odpf-raw", "odpf-artifacts"}
    before = running.find(odpf.folder)
    assert before is not None
    again = odpf("up", "--detach")
    assert (again.returncode, running.find(odpf.folder)) == (0, before)
    assert odpf("down").returncode == 0
    assert not before.alive
    assert odpf("env").returncode == 1
    assert odpf("down").returncode == 0


def test_two_folders_do_not_disturb_each_other(odpf: Program, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = Program(tmp_path_factory.mktemp("other"))
    try:
        assert (odpf("up", "--detach").returncode, other("up", "--detach").returncode) == (0, 0)
        odpf.client("s3").put_object(Bucket="odpf-raw", Key="mine", Body=b"")
        assert other.client("s3").list_objects_v2(Bucket="odpf-raw")["KeyCount"] == 0
    finally:
        running.stop(other.folder)


def test_what_a_killed_instance_left_is_cleaned_up_by_the_next_up(odpf: Program) -> None:
    odpf("up", "--detach")
    dead = running.find(odpf.folder)
    assert dead is not None
    orphan = subprocess.Popen(["sleep", "600"], env={running.INSTANCE_VARIABLE: dead.id}, start_new_session=True)
    os.kill(dead.pid, signal.SIGKILL)
    eventually(lambda: not dead.alive)
    assert odpf("env").returncode == 1
    assert odpf("up", "--detach").returncode == 0
    assert orphan.wait(5) == -signal.SIGKILL
    assert odpf.exports()["AWS_ENDPOINT_URL"]


def test_in_the_foreground_ctrl_c_ends_it_cleanly(odpf: Program) -> None:
    with subprocess.Popen(
        [*ODPF, "local", "up"], cwd=odpf.folder, env=ENVIRONMENT, stderr=subprocess.DEVNULL
    ) as program:
        found = eventually(lambda: running.find(odpf.folder), 30)
        program.send_signal(signal.SIGINT)
        assert program.wait(20) == 0
    assert process_session.started_at(found.pid) is None
    assert running.Running.read(odpf.folder) is None


def test_a_taken_port_is_said_and_nothing_is_left(odpf: Program, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    taken = running.launch(other)
    try:
        refused = odpf("up", "--detach", "--port", str(taken.port))
    finally:
        running.stop(other)
    assert refused.returncode == 1
    assert "in use" in refused.stderr
    assert running.Running.read(odpf.folder) is None
