"""What an operator sees of a table whose source changed its schema (S19)."""

from __future__ import annotations

import pyarrow as pa
import pytest

from file_processor.timeline import Timeline
from odpf.states import FileState, RunStatus
from odpf_cli.files import listed
from odpf_cli.status import current
from tests.cli.builders import NOW
from tests.file_processor.workbench import CHANGES, Workbench, sequence, table_item

WIDER = CHANGES.append(pa.field("X", pa.string()))
WITHOUT_V = CHANGES.remove(CHANGES.get_field_index("V"))


@pytest.fixture
def bench():
    return Workbench()


def policy(bench, **words):
    bench.aws.config.put_tables([table_item(schema_policy=words)])


def change(bench, number, schema, **values):
    row = {"Op": "U", "ID": 1, "V": 10 + number, "SEQ": sequence(number), **values}
    bench.put(f"20260131-{number:09d}.parquet", [{name: row.get(name) for name in schema.names}], schema)


def status(bench):
    aws = bench.aws
    return next(iter(current(aws, NOW)))


def newest(bench):
    return Timeline(bench.aws.objects, bench.location).newest_own().note


def test_a_frozen_table_says_why_and_goes_on_once_the_policy_allows_it(bench):
    bench.load((1, 10))
    bench.run()
    policy(bench, added="freeze")
    change(bench, 1, CHANGES)
    change(bench, 2, WIDER, X="new")
    assert bench.run().status is RunStatus.FAILED
    frozen = status(bench)
    for part in ("Column x", "20260131-000000002.parquet", "schema_policy added: freeze"):
        assert part in frozen.last_error
    assert (frozen.pending_files, bench.table) == (2, {1: 10})
    policy(bench, added="evolve")
    assert bench.run().status is RunStatus.SUCCEEDED
    assert (status(bench).last_error, status(bench).pending_files, bench.table) == (None, 0, {1: 12})


def test_a_quarantined_file_says_why_and_the_table_goes_on(bench):
    bench.load((1, 10))
    bench.run()
    policy(bench, added="quarantine")
    change(bench, 1, WIDER, X="new")
    change(bench, 2, CHANGES)
    assert bench.run().status is RunStatus.SUCCEEDED
    (entry,) = listed(bench.aws.tracker, "shop.orders", FileState.QUARANTINED)
    assert entry["path"].endswith("20260131-000000001.parquet")
    assert "Column x is new in this file, as string (schema_policy added: quarantine)" in entry["reason"]
    assert bench.table == {1: 12}


def test_what_was_decided_stands_with_the_run_and_in_its_warnings(bench):
    bench.load((1, 10))
    bench.run()
    change(bench, 1, WIDER, X="new")
    summary = bench.run()
    (decided,) = newest(bench).file_batch.schema_changes
    assert (decided.kind, decided.column, decided.to_type, decided.action) == ("added", "x", "string", "evolve")
    assert any(decided.sentence in warning for warning in summary.warnings)


def test_a_dropped_column_is_told_by_the_run_that_sees_it_go_and_by_no_other(bench):
    bench.load((1, 10), (2, 20))
    bench.run()
    change(bench, 1, WITHOUT_V)
    assert any("Column v is no longer in this file" in warning for warning in bench.run().warnings)
    assert newest(bench).absent == ("v",)
    policy(bench, dropped="freeze")
    change(bench, 2, WITHOUT_V)
    summary = bench.run()
    assert (summary.status, summary.warnings) == (RunStatus.SUCCEEDED, ())


def test_a_reload_that_lost_a_column_waits_where_the_policy_says_so(bench):
    bench.load((1, 10))
    bench.run()
    policy(bench, dropped="quarantine")
    bench.put("LOAD00000001.parquet", [{"ID": 1}], pa.schema([("ID", pa.int64())]))
    assert bench.run().status is RunStatus.FAILED
    assert "The reload cannot be read whole" in status(bench).last_error
    assert bench.table == {1: 10}
