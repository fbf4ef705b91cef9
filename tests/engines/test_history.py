from __future__ import annotations

from random import Random

import pyarrow as pa
import pytest

from tests.engines.staged_table import bad, delete, insert, parquet, sequence, update
from tests.engines.stories import story

PLACED = {"id": pa.int64(), "place": pa.string(), "v": pa.string()}
CHANGES = (
    insert(1, id=1, place="a", v="one"),
    update(2, id=1, place="b", v="moved"),
    delete(3, id=1),
    insert(4, id=1, place="a", v="back"),
    update(5, id=2, place=None, v="nowhere"),
    delete(6, id=99),
)
PARTITIONED = pytest.mark.parametrize("partition", [None, "place"])


@story
@pytest.mark.parametrize(("table_type", "partition"), [("copy_on_write", None), ("merge_on_read", "place")])
def test_every_change_is_a_row(told, partition, table_type):
    """S15: inserts, updates and deletes, of present and absent keys."""
    table = told.table(columns=PLACED, history=True, hudi_partition_key=partition, hudi_table_type=table_type)
    table.load({"id": 1, "place": "a", "v": "loaded"}, {"id": 2, "place": "a", "v": "loaded"})
    yield
    table.check()
    table.changes(*CHANGES[:4])
    table.changes(*CHANGES[4:])
    yield
    table.check()
    assert table.counts() == {"read": 6, "inserted": 6}
    assert len(table.rows()) == 8


@story
@PARTITIONED
def test_changes_delivered_again_are_no_new_rows(told, partition):
    """S15: under their own names, under others, some beside new ones, twice in one file."""
    table = told.table(columns=PLACED, history=True, hudi_partition_key=partition)
    table.load({"id": 1, "place": "a", "v": "loaded"})
    name = table.changes(*CHANGES)
    yield
    table.check()
    table.changes(*CHANGES, name=name, compression="zstd")
    table.changes(*CHANGES[2:])
    yield
    table.check()
    assert table.counts() == {"read": 10, "collapsed": 4, "unchanged": 6}
    table.changes(*CHANGES[3:], update(7, id=1, place="c", v="new"), update(7, id=1, place="c", v="new"))
    yield
    table.check()
    assert len(table.rows()) == 8


@story
def test_a_history_is_the_same_whatever_the_order_of_delivery(told):
    """S4, S15: a change that comes late stands among the others."""
    random = Random(2)
    table = told.table(columns=PLACED, history=True, hudi_partition_key="place")
    table.load({"id": 1, "place": "a", "v": "loaded"})
    shuffled = random.sample(CHANGES, len(CHANGES))
    for part in (shuffled[:2], shuffled[2:4], shuffled[4:]):
        table.changes(*part)
        yield
        table.check()
    assert len(table.rows()) == 7


@story
def test_a_history_tells_the_commit_time_of_its_changes(told):
    """S15: from the change sequence, and from the configured column."""
    by_sequence = told.table(history=True)
    by_column = told.table(
        columns={"id": pa.int64(), "at": pa.string(), "v": pa.string()}, history=True, cdc_commit_timestamp_column="at"
    )
    by_sequence.load({"id": 1, "v": "loaded"})
    by_column.load({"id": 1, "at": "2024-01-01 00:00:00.000000", "v": "loaded"})
    yield
    by_sequence.changes(update(1, id=1, v="changed"))
    by_column.changes(update(1, id=1, at="2024-01-01 12:00:00.123456", v="changed"))
    yield
    assert _times(by_sequence) == ["None", "2024-01-01 12:00:00+00:00"]
    assert _times(by_column) == ["2024-01-01 00:00:00+00:00", "2024-01-01 12:00:00.123456+00:00"]


def _times(table):
    return [str(row["_odpf_commit_time"]) for row in sorted(table.rows(), key=lambda row: row["_odpf_order"])]


POSITIONED = {**PLACED, "CDC_STREAM_POSITION": pa.string()}
BY_POSITION = {"columns": POSITIONED, "history": True, "cdc_stream_position_column": "cdc_stream_position"}


def _logged(change, position):
    return change._replace(row={**change.row, "CDC_STREAM_POSITION": position})


def _positions(table):
    return sorted(table.rows("id", "_odpf_stream_position", "_odpf_operation"), key=repr)


@story
@PARTITIONED
def test_changes_read_again_under_other_sequences_are_no_new_rows(told, partition):
    """S15: a task that starts from an earlier place of the log numbers the same changes anew."""
    table = told.table(**BY_POSITION, hudi_partition_key=partition)
    table.load({"id": 1, "place": "a", "v": "loaded"}, {"id": 2, "place": "a", "v": "loaded"})
    table.changes(*(_logged(change, f"bin.0001:{n}") for n, change in enumerate(CHANGES)))
    yield
    table.check()
    before = _positions(table)
    again = [change._replace(sequence=sequence(50 + n)) for n, change in enumerate(CHANGES)]
    table.changes(*(_logged(change, f"bin.0001:{n}") for n, change in enumerate(again)))
    yield
    table.check()
    assert table.counts() == {"read": 6, "updated": 6}
    assert _positions(table) == before
    table.changes(*(_logged(change, f"bin.0001:{n}") for n, change in enumerate(again[:4])))
    table.changes(*(_logged(change, f"bin.0001:{n}") for n, change in enumerate(CHANGES[4:], 4)))
    table.changes(_logged(update(70, id=1, place="a", v="new"), "bin.0002:1"))
    table.changes(_logged(update(60, id=1, place="a", v="new"), "bin.0002:1"), _logged(delete(61, id=1), "bin.0002:1"))
    yield
    table.check()
    assert table.counts() == {"read": 9, "collapsed": 1, "unchanged": 6, "inserted": 2}
    assert len(table.rows()) == 10


@story
def test_a_change_without_a_stream_position_is_quarantined(told):
    """S15: by it alone a history tells changes apart; of a file that has none at all, every row would be one."""
    table = told.table(**BY_POSITION)
    table.load({"id": 1, "place": "a", "v": "loaded"})
    table.changes(
        bad(update(1, id=1, v="nowhere")),
        _logged(update(2, id=1, v="somewhere"), "bin.0001:2"),
        bad(_logged(update(3, id=1, v="empty"), "")),
    )
    yield
    table.check()
    assert [row["reason"] for row in table.quarantined_rows()] == ["The stream position is empty"] * 2
    table.columns = PLACED
    name = "20240101-130000000.parquet"
    table.put(name, parquet(table.arrow([update(4, id=1, place="a", v="without the column")])))
    yield
    table.check()
    assert "Map $AR_H_STREAM_POSITION" in table.quarantined_files()[name]


@story
def test_a_history_with_a_composite_key_keeps_its_parts_apart(told):
    """S12, S15"""
    columns = {"a": pa.string(), "b": pa.string(), "v": pa.string()}
    table = told.table(key="a,b", columns=columns, history=True)
    pairs = [("x", "y"), ("x,y", ""), ("", "x,y"), ("", ""), ("a:1", "1")]
    table.load(*({"a": a, "b": b, "v": "loaded"} for a, b in pairs))
    yield
    table.check()
    table.changes(*(update(n, a=a, b=b, v="changed") for n, (a, b) in enumerate(pairs)))
    yield
    table.check()
    assert len(table.rows()) == 2 * len(pairs)
