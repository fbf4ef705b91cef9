"""A full load that lands over several runs is applied when its rule says that it is whole (S8)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.end_to_end.lake import DATABASE, Answer, Lake, results, table
from tests.end_to_end.source import Source

CADENCE = "whole_loads"
DAY = "quiet_seconds:86400"


def configured(lake: Lake, source: Source, rule: str) -> None:
    cadence = f"{CADENCE}_{source.name.rsplit('.', 1)[1]}"
    tables = [table(source.name, cadence, full_load_completion=rule)]
    assert lake.apply({"cadences": [{"refresh_cadence": cadence}], "tables": tables}).status == 0


def run(lake: Lake, source: Source) -> tuple[Answer, dict[str, Any]]:
    answer = lake.run(f"{CADENCE}_{source.name.rsplit('.', 1)[1]}")
    return answer, results(answer)[source.name]


def rows_of(lake: Lake, source: Source) -> list[dict[str, Any]]:
    return lake.query(f'SELECT id, value FROM "{DATABASE}"."{source.name.replace(".", "_")}" ORDER BY id')


@pytest.mark.parametrize("rule", ["marker", DAY])
def test_a_load_waits_without_a_job_until_it_is_whole(lake: Lake, rule: str) -> None:
    source = Source(f"whole.by_{rule.partition(':')[0]}")
    configured(lake, source, rule)
    lake.put(*source.load([{"id": 1, "value": 10}]))
    answer, held = run(lake, source)
    assert (answer.status, answer.document["status"]) == (0, "NOTHING_TO_DO")
    assert (held["outcome"], held["full_load_completion"], held["files"]) == ("waiting_for_full_load", rule, 1)
    assert lake.job_runs(answer.document["run_id"]) == []
    explained = lake.odpf("explain", "--table", source.name).document
    assert explained["left_alone"] == explained["full_load"]
    assert explained["full_load"].partition(": ")[0] == held["error"].partition(": ")[0]
    assert f"full_load_completion: {rule}" in held["error"]

    lake.put(*source.load([{"id": 2, "value": 20}]))
    if rule == "marker":
        lake.put(f"{source.folder}/_ODPF_LOAD_COMPLETE", b"")
    else:
        configured(lake, source, "quiet_seconds:1")
        time.sleep(3)  # by the clock that the answers to listings have, in whole seconds
    answer, done = run(lake, source)
    assert (answer.document["status"], done["outcome"], done["files"]) == ("SUCCEEDED", "completed", 2)
    assert rows_of(lake, source) == [{"id": 1, "value": 10}, {"id": 2, "value": 20}]
    assert {file["state"] for file in lake.files("--table", source.name)} == {"raw_file_processed"}
