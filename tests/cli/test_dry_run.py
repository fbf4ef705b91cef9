"""A dry run decides what a run would do, and leaves everything as it is."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from odpf.manifest import BatchManifest, batch_key
from odpf.run_request import RunRequest
from odpf.states import ConfigurationState, Outcome
from odpf_cli.dry_run import dry_run
from odpf_cli.dry_run_view import render
from tests.cli.builders import printed
from tests.cli.builders import table_item as other_table
from tests.file_processor.workbench import HOURLY, Workbench


@pytest.fixture
def bench():
    return Workbench()


def looked(bench, request=HOURLY):
    return dry_run(SimpleNamespace(**vars(bench.aws), region=""), request)


def stored(bench):
    aws = bench.aws
    keys = [entry.key for entry in aws.objects.list("odpf-artifacts", "")]
    return keys, list(aws.tracker.all_pending()), list(aws.tracker.history()), aws.audit.of_day("2026-01-31")


def test_it_plans_what_the_run_then_plans_and_writes_nothing(bench):
    bench.load((1, 7), (2, 8))
    bench.change(1, "U", 1, 9)
    before = stored(bench)
    found = looked(bench)
    assert stored(bench) == before
    bench.manager().plan("r1", HOURLY)
    (batch,) = found.batches
    planned = BatchManifest.from_bytes(bench.aws.objects.get("odpf-artifacts", batch_key("r1", 0)))
    (work,), (frozen,) = batch.tables, planned.tables
    assert work.files == tuple(file.path for file in frozen.inputs)
    assert len(work.files) == 2
    assert (work.engine, work.engine_reason) == (frozen.engine, frozen.engine_reason)


def test_a_table_that_waits_for_its_load_is_left_out_with_the_reason(bench):
    bench.change(1, "U", 1, 9)
    (left,) = looked(bench).left_out
    assert (left.state, left.files) == (Outcome.WAITING_FOR_FULL_LOAD, 1)
    assert "full load" in left.reason


def test_inactive_tables_and_those_for_which_nothing_waits_are_told(bench):
    bench.aws.config.put_tables([other_table("shop.lines", is_active="N", raw_database_name="raw")])
    found = looked(bench)
    assert [(left.source_table_name, left.state) for left in found.left_out] == [
        ("shop.lines", ConfigurationState.INACTIVE)
    ]
    assert found.nothing_waiting == ("shop.orders",)
    assert found.nothing_to_do


def test_only_the_tables_that_are_asked_for_are_told_of(bench):
    bench.load((1, 7))
    bench.aws.config.put_tables([other_table("shop.lines", raw_database_name="raw")])
    found = looked(bench, RunRequest(refresh_cadence="hourly", tables=("shop.orders",)))
    assert [work.source_table_name for batch in found.batches for work in batch.tables] == ["shop.orders"]
    assert found.nothing_waiting == ()


@pytest.mark.parametrize("width", [80, 200])
def test_the_plan_is_readable(bench, width):
    bench.load((1, 7))
    text = printed(render(looked(bench)), width)
    assert "a Glue job run of 2 workers G.1X" in text
    assert "1 table with 1 file" in text
    assert max(map(len, text.splitlines())) <= width
