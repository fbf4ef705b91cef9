"""A few scenarios of `make faults`: the harness works, somebody meets each fault, and nothing is violated."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.more

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("words", ["killed: committed", "woken after its successor: completing"])
def test_a_scenario_of_the_fault_suite_finds_nothing(words):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ODPF_"))}
    environment["COLUMNS"] = "160"  # names of scenarios in one line
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--engine", "arrow", "--only", words],
        cwd=ROOT,
        env={**environment, **{name: os.environ[name] for name in ("ODPF_CACHE",) if name in os.environ}},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert words in done.stdout
    assert ": ok," in done.stderr
