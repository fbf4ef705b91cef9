"""What is documented for Databricks AUTO CDC holds for ODPF's modes, and where it does not, it is said."""

from __future__ import annotations

import pytest

from tests.reference.auto_cdc import (
    EXAMPLES,
    HISTORICAL_SNAPSHOTS,
    SNAPSHOTS_BY_TRACKED,
    TRACKED,
    USER,
    USER_CHANGES,
    USERS,
    USERS_AFTER_A_TRUNCATE,
    USERS_BY_NAME,
    intervals,
    merged,
)
from tests.reference.changes import File
from tests.reference.oracle import Mode, Replay
from tests.reference.told import sequence


def _play(files, key, mode):
    replay = Replay([key], mode=mode)
    for file in files:
        replay.apply([file])
    return replay.rows()


def _current(rows, columns):
    return sorted(tuple(row[name] for name in columns) for row in rows)


def _one_by_one(changes):
    return [File(f"{number}.parquet", 0, (change,)) for number, change in enumerate(changes)]


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items() if example.current is not None])
def test_scd_type_1_is_mode_s(name):
    columns, files, current, _ = EXAMPLES[name]
    assert _current(_play(files, columns[0], Mode.HARD), columns) == current


@pytest.mark.parametrize("name", EXAMPLES)
def test_scd_type_2_is_mode_v(name):
    columns, files, _, documented = EXAMPLES[name]
    assert intervals(_play(files, columns[0], Mode.VALIDITY), columns) == sorted(
        documented, key=lambda r: (r[0], r[-2])
    )


@pytest.mark.parametrize("changes", [USER_CHANGES, USER_CHANGES[::-1], USER_CHANGES[4:] + USER_CHANGES[:4]])
def test_out_of_order_updates_give_the_documented_result_in_other_orders_too(changes):
    files = _one_by_one(changes)
    assert _current(_play(files, "userId", Mode.HARD), USER) == USERS.current
    assert intervals(_play(files, "userId", Mode.VALIDITY), USER) == USERS.intervals


def test_without_marked_rows_soft_deletes_give_scd_type_1():
    rows = _play(USERS.files, "userId", Mode.SOFT)
    assert _current([row for row in rows if not row["_odpf_is_deleted"]], USER) == USERS.current
    assert _current([row for row in rows if row["_odpf_is_deleted"]], USER) == [(123, "Isabel", "Chihuahua")]


def test_history_of_some_columns_is_a_query_over_mode_v():
    users = intervals(_play(USERS.files, "userId", Mode.VALIDITY), USER)
    assert users != USERS_BY_NAME
    assert merged(users, tracked=2) == USERS_BY_NAME
    snapshots = intervals(_play(HISTORICAL_SNAPSHOTS, "Key", Mode.VALIDITY), TRACKED)
    assert snapshots != SNAPSHOTS_BY_TRACKED
    assert merged(snapshots, tracked=2) == SNAPSHOTS_BY_TRACKED


def test_a_truncate_is_no_event_here():
    """What it leaves is what came after it."""
    after = [change for change in USER_CHANGES if change.sequence > sequence(3)]
    assert _current(_play(_one_by_one(after), "userId", Mode.HARD), USER) == USERS_AFTER_A_TRUNCATE
