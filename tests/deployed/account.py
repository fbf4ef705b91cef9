"""The emulator as somebody with an AWS account has it: a process of its own, spoken to by command line and boto3."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from odpf_local.aws import process_session
from odpf_local.spark_conf import job_environment, prefetch, write_conf
from tests.end_to_end.waiting import eventually
from tests.free_port import free_port

CHECKOUT = Path(__file__).resolve().parents[2]
PYTHON = CHECKOUT / ".venv-ministack" / "bin" / "python"
REGION = "eu-west-1"
NUMBER = "111122223333"
_MARKER = "ODPF_TEST_EMULATOR"
_ROOT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
_SYSTEM = ("PATH", "HOME", "LANG", "LC_ALL")


class Account:
    """An emulated AWS account, empty at first."""

    def __init__(self, folder: Path, *, enforce_policies: bool) -> None:
        self.folder = folder
        self._port = free_port()
        self._enforce_policies = enforce_policies
        self._process: subprocess.Popen[bytes] | None = None
        self._marker = f"{_MARKER}={folder}"

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """Environment of somebody who works in this account, and in no other."""
        foreign = ("AWS_", "ODPF_")
        kept = {n: v for n, v in os.environ.items() if not n.startswith(foreign) or n == "ODPF_CACHE"}
        return {
            **kept,
            **_ROOT,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
        }

    def open(self) -> None:
        """Start the emulator."""
        temporary, job_runs = self.folder / "tmp", self.folder / "job_runs"
        temporary.mkdir()
        clean = {name: os.environ[name] for name in _SYSTEM if name in os.environ}
        clean |= {"TMPDIR": str(temporary), _MARKER: str(self.folder), "PYTHONDONTWRITEBYTECODE": "1"}
        conf = write_conf(self.folder / "conf", self.endpoint_url, memory="1g", jars=prefetch())
        of_region = {"AWS_DEFAULT_REGION": REGION, "AWS_REGION": REGION, "AWS_ENDPOINT_URL": self.endpoint_url}
        configuration = {
            "port": self._port,
            "job_runs": str(job_runs),
            "python": sys.executable,
            "job_environment": {**clean, **of_region, **job_environment(conf)},
        }
        file = self.folder / "emulator.json"
        file.write_text(json.dumps(configuration, indent=2))
        with (self.folder / "emulator.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(PYTHON), "-m", "tests.deployed.emulator", str(file)],
                cwd=CHECKOUT,
                env={**clean, **self._ministack()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        eventually(self._answers, 30)

    def close(self) -> None:
        """Stop the emulator and everything it started."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid in process_session.with_environment(self._marker):
            with suppress(ProcessLookupError):  # it has just ended by itself
                process_session.kill(os.getsid(pid))
        shutil.rmtree(self.folder / "tmp", ignore_errors=True)  # unpacked functions

    def run(self, *command: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command of the checkout in this account."""
        return subprocess.run(
            command,
            cwd=CHECKOUT,
            env={**self.environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    @cache  # noqa: B019  an account lives as long as the session
    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=_ROOT["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=_ROOT["AWS_SECRET_ACCESS_KEY"],
        )

    def job_logs(self) -> list[Path]:
        """What the job runs have written."""
        return list((self.folder / "job_runs").glob("*.log"))

    def _ministack(self) -> dict[str, str]:
        """Ministack's configuration, which it reads when it is imported."""
        return {
            "GATEWAY_PORT": str(self._port),
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": NUMBER,
            "AUTH": str(self._enforce_policies).lower(),
            "LOG_LEVEL": "WARNING",
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
        }

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "emulator.log").read_text()[-3000:]
        try:
            with urllib.request.urlopen(f"{self.endpoint_url}/_ministack/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
