"""The workload: its files replay to the rows it says it has."""

from __future__ import annotations

from collections import Counter

import pytest

from odpf_local.dms.reference import RECOMMENDED_ENDPOINT, RECOMMENDED_MAPPINGS
from odpf_local.dms.workload import Workload
from odpf_local.dms.writer import TaskWriter
from tests.dms.builders import STARTED, Clock, Files, replayed


def written(seed=1, files=3, **more):
    target, workload = Files(), Workload(seed, started_at=STARTED, **more)
    writer = TaskWriter(
        settings=RECOMMENDED_ENDPOINT,
        mappings=RECOMMENDED_MAPPINGS,
        target=target,
        bucket="b",
        shuffle_seed=seed,
        clock=Clock(),
    )
    list(workload.full_load(writer))
    list(workload.changes(writer, files))
    return target, workload


def naive(row):
    return {name: value.replace(tzinfo=None) if hasattr(value, "tzinfo") else value for name, value in row.items()}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("key_updates", [False, True])
def test_the_files_replay_to_the_final_rows(seed, key_updates):
    files, workload = written(seed, key_updates=key_updates)
    for name, expected in workload.rows().items():
        shape = workload.shapes[name]
        found = replayed(files, shape.table, shape.keys)
        rows = [naive({column: row[column] for column in shape.arrow.names}) for _, row in sorted(found.items())]
        assert rows == expected


def test_history_is_every_row_of_the_change_files():
    files, workload = written()
    for name, operations in workload.history().items():
        rows = sorted(files.rows(f"/{name.split('.')[1]}/2026"), key=lambda row: row["CDC_TIMESTAMP_SEQ"])
        assert [(row["Op"], row["CDC_TIMESTAMP_SEQ"]) for row in rows] == [
            (o.operation, o.sequence) for o in operations
        ]


def test_a_key_changes_several_times_in_one_file_and_transactions_share_their_commit_time():
    files, _ = written(files=1)
    rows = files.rows("/people/2026")
    assert max(Counter(row["name"] for row in rows).values()) > 2
    assert len({row["DMS_TIMESTAMP"] for row in rows}) < len(rows)


def test_the_same_seed_makes_the_same_bytes():
    assert written(5)[0] == written(5)[0] != written(6)[0]


def test_a_full_load_comes_in_several_files():
    files, _ = written(files=1)
    assert sum("orders/LOAD" in key for key in files) == 2
