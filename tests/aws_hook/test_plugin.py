"""The hook sees clients one by one, of a session, of a process, or of other processes by environment variables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.exceptions import ClientError

from odpf_local.aws_hook import BrokenConfiguration, FaultRule, Hook, Meter, environment, everywhere
from odpf_local.aws_hook.meter import Calls
from tests.aws_hook.emulator import Emulator, planned, session

PROGRAM = """
import boto3
from botocore.exceptions import ClientError
client = boto3.client("dynamodb", endpoint_url="http://127.0.0.1:1")
try:
    client.list_tables()
except ClientError as error:
    print(error.response["Error"]["Code"])
"""
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "eu-west-1"}


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The configuration of this process's hook."""
    path = tmp_path / "hook.json"
    for name, value in environment(path).items():
        monkeypatch.setenv(name, value)
    return path


def new_client():
    client = session().client("dynamodb")
    Emulator(client)
    return client


def fails(client):
    try:
        client.list_tables()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


def test_another_process_is_hooked_by_its_environment(tmp_path):
    path, log = tmp_path / "hook.json", tmp_path / "faults.jsonl"
    planned("error:Odd", log=log).write(path)
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **CREDENTIALS, **environment(path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "Odd\n"
    assert [json.loads(line)["operation"] for line in log.read_text().splitlines()] == ["ListTables"]


def test_a_changed_file_switches_faults_on_and_off_in_living_clients(file):
    planned().write(file)
    client = new_client()
    assert fails(client) is None
    planned("error:Odd").write(file)
    assert fails(client) == "Odd"
    planned().write(file)
    assert fails(client) is None


def test_dice_go_on_over_clients_and_a_rewritten_file_and_begin_anew_with_another_plan(file):
    second = FaultRule(kind="error:Odd", nth=2)
    planned(second).write(file)
    assert fails(new_client()) is None
    planned(second).write(file)
    assert fails(new_client()) == "Odd"
    planned(second, limits=True).write(file)
    assert [fails(new_client()) for _ in range(2)] == [None, "Odd"]


@pytest.mark.parametrize("content", ['{"faults": [{"kind": "thunder"}]}', '{"faults": [', '{"fault": []}', None])
def test_a_broken_configuration_is_told_at_the_first_request(file, content):
    if content is not None:
        file.write_text(content)
    client = new_client()
    with pytest.raises(BrokenConfiguration, match="ODPF_AWS_HOOK"):
        client.list_tables()
    planned().write(file)
    assert fails(client) is None


def test_a_configuration_that_breaks_later_is_told_too(file):
    planned().write(file)
    client = new_client()
    assert fails(client) is None
    file.write_text("{")
    with pytest.raises(BrokenConfiguration):
        client.list_tables()


def test_a_hook_that_cannot_be_attached_is_told_at_the_first_request(file, monkeypatch):
    def broken(*_):
        raise RuntimeError("cannot be attached")

    monkeypatch.setattr(Hook, "attach", broken)
    client = new_client()
    with pytest.raises(BrokenConfiguration, match="cannot be attached"):
        client.list_tables()


def test_without_the_variable_nothing_is_hooked(file, monkeypatch):
    planned("error:Odd").write(file)
    monkeypatch.delenv("ODPF_AWS_HOOK")
    assert fails(new_client()) is None


def test_everywhere_are_the_clients_of_all_sessions_made_meanwhile(monkeypatch):
    monkeypatch.delenv("BOTOCORE_EXPERIMENTAL__PLUGINS", raising=False)
    meter = Meter()
    with everywhere(Hook(meter)):
        during = new_client()
    during.list_tables()
    new_client().list_tables()
    assert meter.take_calls() == {("dynamodb", "ListTables"): Calls(1, 1)}
    assert "BOTOCORE_EXPERIMENTAL__PLUGINS" not in os.environ


def test_a_session_hooks_the_clients_that_it_makes_until_it_is_detached():
    of_session, hook = boto3.Session("testing", "testing", region_name="eu-west-1"), Hook(Meter())
    hook.attach(of_session)
    hooked = of_session.client("sqs")
    hook.attach(hooked)  # twice is once
    hook.detach(of_session)
    other = of_session.client("sqs")
    for client in (hooked, other):
        Emulator(client)
        client.list_queues()
    assert hook.meter.take_calls() == {("sqs", "ListQueues"): Calls(1, 1)}


def test_two_hooks_on_a_client_see_the_same_calls_and_one_of_them_answers(tmp_path):
    client, meter, log = new_client(), Meter(), tmp_path / "faults.jsonl"
    Hook(configuration=planned("error:Odd")).attach(client)
    Hook(meter, planned("error:Even", log=log)).attach(client)
    assert fails(client) == "Odd"
    assert meter.take_calls() == {("dynamodb", "ListTables"): Calls(1, 1)}
    assert not log.exists()


def test_answers_of_threads_belong_to_their_own_calls():
    client, meter = session().client("dynamodb"), Meter()
    Hook(meter).attach(client)
    Emulator(client)

    def write(number):
        for _ in range(10):
            client.put_item(TableName="t", Item={"k": {"S": "x" * (1024 * number - 1)}})

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(1, 9)))
    assert meter.take() == {"dynamodb_write": 10 * sum(range(1, 9))}


def test_a_thread_that_is_paused_is_not_counted():
    client, meter = new_client(), Meter()
    Hook(meter).attach(client)
    with meter.paused():
        client.list_tables()
    assert meter.take_calls() == {}
