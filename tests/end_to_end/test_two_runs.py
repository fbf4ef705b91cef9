"""Two runs of one cadence at the same time: a schedule that overlaps, or somebody who types the command twice."""

from __future__ import annotations

import pytest

from tests.end_to_end.lake import DATABASE, Lake, ended, table
from tests.end_to_end.source import Source, rows

pytestmark = pytest.mark.more

CADENCE = "twice"
TABLES = ("twice.a", "twice.b")


def test_two_runs_at_once_apply_every_file_once(lake: Lake) -> None:
    sources = [Source(name) for name in TABLES]
    tables = [table(source.name, CADENCE) for source in sources]
    assert lake.apply({"cadences": [{"refresh_cadence": CADENCE}], "tables": tables}).status == 0
    for source in sources:
        lake.put(*source.load(rows(50)))
        source.update(id=1, note="changed")
        source.delete(id=2)
        lake.put(*source.changes())

    answers = [ended(process) for process in [lake.begin_run(CADENCE), lake.begin_run(CADENCE)]]

    outcomes = [t["outcome"] for answer in answers for t in answer.document["tables"]]
    assert set(outcomes) <= {"completed", "skipped_locked"}
    assert [answer.status for answer in answers] == [0, 0]
    assert {answer.document["status"] for answer in answers} <= {"SUCCEEDED", "NOTHING_TO_DO"}
    applied = [t for answer in answers for t in answer.document["tables"] if t["files"]]
    assert sorted(t["source_table_name"] for t in applied) == sorted(TABLES)
    for source in sources:
        found = lake.query(f"SELECT id, value, note FROM {DATABASE}.{source.name.replace('.', '_')}")
        assert sorted(found, key=repr) == source.expected()
        assert {file["state"] for file in lake.files("--table", source.name)} == {"raw_file_processed"}
    assert {lake.status()[name]["refresh_status"] for name in TABLES} == {"completed"}
