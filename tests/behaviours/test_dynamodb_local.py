"""The server that the behaviours are shown on: for this machine only, for its program only, and fetched whole or not at all."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from odpf_local.dynamodb_local import DynamoDbLocalFailed, DynamoDbLocalNotFetched, prefetch, running

pytestmark = pytest.mark.more
PROGRAM = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are started without it
from odpf_local.dynamodb_local import prefetch, running
with running(prefetch()) as url:
    print(url, flush=True)
    time.sleep(600)
"""


def answers(url: str, host: str = "127.0.0.1") -> bool:
    try:
        socket.create_connection((host, urlsplit(url).port or 0), timeout=5).close()
    except OSError:
        return False
    return True


def test_it_answers_on_the_loopback_address_and_on_no_other(dynamodb_local_url):
    assert answers(dynamodb_local_url)
    assert not answers(dynamodb_local_url, "127.0.0.2")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_it_ends_with_the_program_that_started_it_however_that_ends(number, tmp_path):
    command, environment = [sys.executable, "-c", PROGRAM], {**os.environ, "TMPDIR": str(tmp_path)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        assert answers(url)
        program.send_signal(number)
    retry = Retrying(retry=retry_if_result(bool), wait=wait_fixed(0.05), stop=stop_after_delay(30))
    assert retry(lambda: answers(url)) is False


def test_what_does_not_start_says_why(tmp_path):
    with pytest.raises(DynamoDbLocalFailed, match="XmlConfiguration"), running(tmp_path):
        pass


def test_a_download_that_fails_leaves_nothing_that_looks_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("ODPF_CACHE", str(tmp_path))
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=9")
    with pytest.raises(DynamoDbLocalNotFetched, match="Maven Central"):
        prefetch()
    assert [name for name in os.listdir(tmp_path) if name.startswith("dynamodb")] == []
