"""When the demonstration says that a table equals its source, and what it says otherwise."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from config_manager.parse import parse_path
from odpf.counts import Counts
from odpf.states import Outcome
from odpf_cli.demo_report import DemoResult, LakeTable, compare, render
from odpf_cli.demo_steps import CONFIGURATION, of_tables, without_schedules
from odpf_local.dms.taxi import ExpectedTable, TaxiSource, ValueCheck
from tests.cli.builders import result

EXPECTED = ExpectedTable(loaded=100, rows=150, inserted=50, checks=(ValueCheck("airport_fee", 25.0, 7),))
LOAD = result(counts=Counts(rows_read=100, rows_inserted=100))
CHANGES = result(counts=Counts(rows_read=50, rows_inserted=50))
LAKE = LakeTable(150, 150, (7,))


def compared(**more):
    values = {"expected": EXPECTED, "lake": LAKE, "load": LOAD, "changes": CHANGES, "lag": 0.0, **more}
    return compare("shop.orders", **values)


def test_a_table_that_equals_its_source_has_no_differences():
    assert compared().differences == ()


@pytest.mark.parametrize(
    ("more", "difference"),
    [
        ({"lake": LakeTable(149, 149, (7,))}, "rows: 149 instead of 150"),
        ({"lake": LakeTable(150, 149, (7,))}, "1 rows too many for their keys"),
        ({"lake": LakeTable(150, 150, (6,))}, "rows with airport_fee = 25: 6 instead of 7"),
        ({"lake": None}, "the table cannot be read"),
        ({"load": None}, "loaded: 0 instead of 100"),
        ({"changes": None}, "inserted: 0 instead of 50"),
        ({"changes": result(counts=Counts(rows_read=50, rows_updated=50))}, "updated: 50 instead of 0"),
        ({"changes": result(outcome=Outcome.SKIPPED_LOCKED, error="held")}, "changes: skipped_locked: held"),
        ({"lag": 3.0}, "files still wait, the oldest change is 3.0s old"),
    ],
)
def test_every_difference_is_told(more, difference):
    assert difference in compared(**more).differences


@pytest.mark.parametrize(("lake", "words"), [(LAKE, "Every table equals its source"), (None, "cannot be read")])
def test_the_verdict_stands_below_the_table(lake, words):
    table = compared(lake=lake)
    document = DemoResult(ok=not table.differences, seconds=61, rows_per_table=100, runs=(), tables=(table,))
    text = io.StringIO()
    Console(file=text, width=100).print(render(document))
    assert words in text.getvalue()
    assert "1m 01s" in text.getvalue()


def test_the_example_configures_every_table_of_the_source_and_no_other():
    parsed = parse_path(CONFIGURATION)
    assert {entry.values["source_table_name"] for entry in parsed.tables} == set(TaxiSource(rows=1).table_names)
    assert len(of_tables(parsed, TaxiSource(rows=1, tables=3).table_names).tables) == 3


def test_the_demonstration_is_not_disturbed_by_a_schedule():
    (cadence,) = without_schedules(parse_path(CONFIGURATION)).cadences
    assert "schedule" not in cadence.values
