"""Invocations in processes of their own: their answers, their errors, and how they are ended."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from odpf_local.aws import process_session
from odpf_local.aws.function_call import FunctionError
from odpf_local.aws.function_processes import FunctionProcesses
from odpf_local.aws.functions import Functions
from odpf_local.aws.running import REPOSITORY
from tests.embedded.waiting import eventually

HERE = "tests.embedded.test_function_processes"


def tells(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Also what it is told of itself, and whether others work at the same time."""
    if marker := event.get("waits_for"):
        Path(event["begun"]).touch()
        eventually(Path(marker).exists)
    return {"pid": os.getpid(), "left": context.get_remaining_time_in_millis(), "id": context.aws_request_id}


def raises(event: dict[str, Any], context: Any) -> None:
    raise ValueError("taxi_trips.table_1: no such column")


def hangs(event: dict[str, Any], context: Any) -> None:
    Path(event["pid"]).write_text(str(os.getpid()))
    time.sleep(600)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[FunctionProcesses]:
    made = running(tmp_path)
    yield made
    made.stop()


def running(folder: Path, timeout_seconds: float = 60) -> FunctionProcesses:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return FunctionProcesses(folder / "logs", environment, "eu-west-1", timeout_seconds)


def functions(processes: FunctionProcesses, handler: str) -> Functions:
    return Functions({"f": f"{HERE}.{handler}"}, apart={"f"}, processes=processes)


def test_two_invocations_work_side_by_side_each_in_its_own_process(
    processes: FunctionProcesses, tmp_path: Path
) -> None:
    called = functions(processes, "tells")
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    events = [{"begun": a, "waits_for": b}, {"begun": b, "waits_for": a}]
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda event: called.invoke("f", event), events)
    assert len({first["pid"], second["pid"], os.getpid()}) == 3
    assert first["id"] != second["id"]
    assert 0 < first["left"] <= 60_000


def test_what_a_handler_raises_is_the_functions_error(processes: FunctionProcesses) -> None:
    with pytest.raises(FunctionError) as raised:
        functions(processes, "raises").invoke("f", {})
    assert raised.value.payload["errorType"] == "ValueError"
    assert raised.value.payload["errorMessage"] == "taxi_trips.table_1: no such column"


def test_an_invocation_that_is_killed_ends_without_an_answer(processes: FunctionProcesses, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(functions(processes, "hangs").invoke, "f", {"pid": str(pid)})
        os.kill(int(eventually(lambda: pid.exists() and pid.read_text())), signal.SIGKILL)
        with pytest.raises(FunctionError, match="SIGKILL") as raised:
            call.result()
    assert raised.value.payload["errorType"] == "Runtime.ExitError"


def test_an_invocation_is_ended_at_the_functions_timeout(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    with pytest.raises(FunctionError, match="timed out after 3") as raised:
        functions(running(tmp_path, timeout_seconds=3), "hangs").invoke("f", {"pid": str(pid)})
    assert raised.value.payload["errorType"] == "Sandbox.Timedout"
    assert process_session.members(int(pid.read_text())) == []


def test_stopping_ends_what_runs_and_begins_nothing_more(tmp_path: Path) -> None:
    processes, pid = running(tmp_path), tmp_path / "pid"
    called = functions(processes, "hangs")
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(called.invoke, "f", {"pid": str(pid)})
        leader = int(eventually(lambda: pid.exists() and pid.read_text()))
        processes.stop()
        assert process_session.members(leader) == []
        with pytest.raises(FunctionError):
            call.result()
    with pytest.raises(FunctionError):
        called.invoke("f", {"pid": str(pid)})


def test_logs_stay_and_answers_go(processes: FunctionProcesses, tmp_path: Path) -> None:
    answer = functions(processes, "tells").invoke("f", {})
    assert [path.name for path in (tmp_path / "logs").iterdir()] == [f"f-{answer['id']}.log"]
    assert json.dumps(answer)
