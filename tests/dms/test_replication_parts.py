"""Where a task stands, when its files are due, and how its source is named."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest

from odpf.errors import InvalidSettings
from odpf_local.dms.endpoint import EndpointSettings
from odpf_local.dms.errors import InvalidReplicationState, InvalidTarget
from odpf_local.dms.replicate.batch import Batch
from odpf_local.dms.replicate.binlog import RowChange, Transaction
from odpf_local.dms.replicate.position import Position, StateFile, TaskState
from odpf_local.dms.replicate.source import MysqlSource
from odpf_local.dms.sequence import ChangeSequence
from odpf_local.dms.shape import Column, Shape
from odpf_local.dms.target import FolderTarget, S3Place
from tests.dms.builders import STARTED

HERE = Position("log.000009", 100)
ONE = Shape("s", "one", (Column("id", pa.int64(), key=True),))


def test_positions_compare_by_the_number_of_the_log_file():
    assert Position("log.000010", 4).reaches(HERE)
    assert HERE.reaches(HERE)
    assert not Position("log.000009", 99).reaches(HERE)


def test_a_state_is_what_was_saved(tmp_path):
    file, state = StateFile(tmp_path / "a" / "s.json"), TaskState(source="h:1", log_file="log.1", log_offset=4)
    assert file.load("h:1") is None
    file.save(state)
    assert file.load("h:1") == state


def test_a_state_of_another_source_or_damaged_is_refused(tmp_path):
    file = StateFile(tmp_path / "s.json")
    file.save(TaskState(source="h:1", log_file="log.1", log_offset=4))
    with pytest.raises(InvalidReplicationState, match="h:1"):
        file.load("h:2")
    file.path.write_text("{}")
    with pytest.raises(InvalidReplicationState, match="Move it away"):
        file.load("h:1")


def transaction(*shapes, size=10, committed_at=STARTED):
    return Transaction(
        committed_at, tuple(RowChange(s, "I", (n,), None, "p", size) for n, s in enumerate(shapes)), HERE
    )


def batch(**settings):
    return Batch(EndpointSettings(data_format="parquet", **settings))


def test_a_batch_is_due_after_the_interval():
    waiting = batch(cdc_max_batch_interval=60)
    assert not waiting.due(STARTED)
    waiting.add(transaction(ONE), ChangeSequence(), STARTED)
    assert not waiting.due(STARTED + timedelta(seconds=59))
    assert waiting.due(STARTED + timedelta(seconds=60))


def test_a_batch_is_due_when_one_table_has_enough():
    waiting, two = batch(cdc_min_file_size=1), ONE._replace(table="two")
    waiting.add(transaction(ONE, two, size=600), ChangeSequence(), STARTED)
    assert not waiting.due(STARTED)
    waiting.add(transaction(two, size=600), ChangeSequence(), STARTED)
    assert waiting.due(STARTED)


def test_a_drained_batch_has_given_everything_by_table_and_shape():
    waiting, wider = batch(), ONE._replace(columns=(*ONE.columns, Column("x", pa.string())))
    rows = (RowChange(ONE, "I", (1,), None, "p", 1), RowChange(wider, "D", (1, "x"), (1, "x"), "p", 1))
    waiting.add(Transaction(STARTED, rows, HERE), ChangeSequence(), STARTED)
    drained = list(waiting.drain())
    assert [each.rows.to_pylist() for each in drained] == [[{"id": 1}], [{"id": 1, "x": "x"}]]
    assert [each.before.to_pylist() for each in drained] == [[{"id": None}], [{"id": 1, "x": "x"}]]
    assert not list(waiting.drain())
    assert not waiting.due(STARTED + timedelta(days=1))


def test_a_source_is_read_from_its_url_and_named_without_its_password():
    source = MysqlSource.parse("mysql://dms:p%40ss@db.example:3307/?unix_socket=/run/my.sock")
    assert (source.host, source.port, source.user, source.unix_socket) == ("db.example", 3307, "dms", "/run/my.sock")
    assert source.password.get_secret_value() == "p@ss"
    assert "p@ss" not in f"{source!r} {source.name}"


@pytest.mark.parametrize("url", ["postgres://x", "mysql://h:port", "mysql://h:0", "h:3306"])
def test_another_source_is_refused(url):
    with pytest.raises(InvalidSettings, match="mysql://user@host"):
        MysqlSource.parse(url)


def test_a_bucket_may_name_its_folder():
    assert S3Place.parse("s3://b") == ("b", None)
    assert S3Place.parse("s3://b/x/y/") == ("b", "x/y")
    with pytest.raises(InvalidTarget):
        S3Place.parse("s3:///x")


def test_a_folder_holds_whole_files_only(tmp_path):
    FolderTarget(tmp_path).put("", "a/b.parquet", b"content")
    assert [(path.name, path.read_bytes()) for path in tmp_path.rglob("*.*")] == [("b.parquet", b"content")]
