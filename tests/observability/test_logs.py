"""The lines that Lambda functions and the Glue job log, as they leave the process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

INVOCATION = """
import logging
from types import SimpleNamespace
from odpf.adapters.logs import invocation_log
from odpf.errors import TransientError
from odpf.log_keys import log_keys

within = logging.getLogger("file_processor.batch_manager")
with invocation_log("batch_manager", "file_processor", SimpleNamespace(aws_request_id="q1"), run_id="r1") as log:
    within.info("planned", extra={"batches": 2})
    with log_keys(source_table_name="shop.orders"):
        within.warning("%s waits", "it")
    log.info("said itself", extra={"run_id": "r2"})
within.info("outside")
try:
    with invocation_log("summarise", "file_processor", None, run_id="r3"):
        raise TransientError("throttled")
except TransientError:
    within.info("raised")
"""

JOB = """
import logging
from concurrent.futures import ThreadPoolExecutor
from odpf.adapters.logs import job_log
from odpf.log_keys import log_keys

job_log(job_run_id="jr_1", run_id="r1", batch_no=0)
log = logging.getLogger("file_processor.table_run")

def process(table):
    with log_keys(source_table_name=table):
        try:
            raise ValueError(table)
        except ValueError:
            log.exception("%s failed", table)

with ThreadPoolExecutor(2) as pool:
    list(pool.map(process, ["shop.a", "shop.b"]))
logging.getLogger("py4j").info("chatter")
logging.getLogger("botocore").warning("slow")
"""


def logged(script: str) -> list[dict[str, object]]:
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_invocation_logs_with_its_keys_and_those_of_the_work_at_hand():
    planned, waits, itself, outside, error, raised = logged(INVOCATION)
    assert planned | {"service": "batch_manager", "function_request_id": "q1", "run_id": "r1", "batches": 2} == planned
    assert (waits["message"], waits["level"], waits["source_table_name"]) == ("it waits", "WARNING", "shop.orders")
    assert waits["name"] == "file_processor.batch_manager"
    assert (itself["run_id"], "source_table_name" in itself) == ("r2", False)
    assert "run_id" not in outside
    assert (error["level"], error["message"], error["run_id"]) == ("ERROR", "throttled", "r3")
    assert error["exception_name"] == "TransientError"
    assert "run_id" not in raised


def test_the_job_logs_json_alone_with_run_batch_and_table():
    *failed, other = logged(JOB)
    assert sorted(line["source_table_name"] for line in failed) == ["shop.a", "shop.b"]
    for line in failed:
        assert line | {"job_run_id": "jr_1", "run_id": "r1", "batch_no": 0, "service": "file_processor"} == line
        assert line["exception"].endswith(f"ValueError: {line['source_table_name']}")
        assert line["timestamp"].endswith("+00:00")
    assert (other["name"], other["run_id"]) == ("botocore", "r1")
