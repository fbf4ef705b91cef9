"""The README's five minutes, typed as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from odpf_local.aws import running

pytestmark = pytest.mark.more

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    """A folder that looks like the project's, so that an embedded AWS in the project is left alone."""
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    yield tmp_path
    running.stop(tmp_path)


def tour():
    blocks = re.findall(r"^```bash\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if "odpf local up" in block]
    return found


def test_the_tour_ends_with_the_changes_in_the_lake(folder):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ODPF_"))}
    if cache := os.environ.get("ODPF_CACHE"):
        environment["ODPF_CACHE"] = cache
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", tour()],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row for row in rows if row and row[0].isdecimal() and len(row) == len(["id", "item", "price"])] == [
        ["1", "lamp", "10.0"],
        ["2", "chair", "25.0"],
        ["4", "shelf", "40.0"],
        ["5", "bench", "70.0"],
    ]
    assert running.find(folder) is None, "the last command ended what the first one started"
