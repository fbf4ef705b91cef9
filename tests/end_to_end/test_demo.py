"""The demonstration itself, small."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.end_to_end.lake import PROGRAM

pytestmark = pytest.mark.more


def test_the_demonstration_ends_with_a_lake_that_equals_its_source(tmp_path):
    done = subprocess.run(
        [PROGRAM, "demo", "--rows", "60", "--tables", "3", "--output", "json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    found = {table["source_table_name"]: table for table in result["tables"]}
    assert {name: (table["rows_at_source"], table["rows_in_lake"]) for name, table in found.items()} == {
        "taxi_trips.table_1": (110, 110),
        "taxi_trips.table_2": (60, 60),
        "taxi_trips.table_3": (10, 10),
    }
    assert [found[f"taxi_trips.table_{n}"]["differences"] for n in (1, 2, 3)] == [[], [], []]
    assert list(tmp_path.iterdir()) == [], "nothing is left in the working folder"
