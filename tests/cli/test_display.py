"""What a person sees on a terminal of 100 columns."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from odpf.configured_table import read_items
from odpf_cli.display import duration, name, number, size
from odpf_cli.files import render as render_files
from odpf_cli.runs import render_list
from odpf_cli.status_view import render as render_status
from odpf_cli.table_status import table_statuses
from tests.cli.builders import NOW, landed, table_item

COLUMNS = 100
LONG = "a_very_long_schema_name_as_oracle_has_them.and_a_table_name_that_is_no_shorter_either"


def shown(renderable):
    text = io.StringIO()
    Console(file=text, width=COLUMNS).print(renderable)
    return text.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0s"),
        (0.34, "0.3s"),
        (12.6, "13s"),
        (64, "1m 04s"),
        (3725, "1h 02m"),
        (183_600, "2d 3h"),
    ],
)
def test_durations_are_short(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "-"), (999, "999 B"), (1_500, "1.5 kB"), (57_000, "57 kB"), (4_200_000_000_000, "4.2 TB")],
)
def test_sizes_have_few_digits(count, text):
    assert size(count) == text


def test_counts_have_thousands_separators():
    assert (number(1_234_567), number(None)) == ("1,234,567", "-")


def test_a_long_name_is_cut_and_numbers_and_states_are_not():
    found = table_statuses(
        read_items([table_item(LONG)]),
        {},
        [landed("LOAD00000001.parquet")],
        [],
        NOW,
        most_attempts=5,
        is_over=lambda _: False,
    )
    lines = shown(render_status(found, NOW)).splitlines()
    (line,) = [line for line in lines if line.strip().startswith("a_very_long")]
    assert "…" in line
    assert "never run" in line
    assert max(map(len, lines)) <= COLUMNS


def test_the_list_of_runs_keeps_whole_run_ids():
    run_id = "10_min_refresh-20260131T120000-ab12"
    entry = {"run_id": run_id, "status": "NOTHING_TO_DO", "started_at": "2026-01-31T12:00:00.000000Z", "seconds": 64.0}
    lines = shown(render_list([{**entry, "tables": 18, "tables_failed": 1, "rows_read": 180_000}])).splitlines()
    (line,) = [line for line in lines if "NOTHING" in line]
    assert line.split() == [run_id, "NOTHING_TO_DO", "01-31", "12:00", "1m", "04s", "17/18", "180,000"]


def test_empty_lists_say_what_to_do():
    assert "odpf config apply" in shown(render_status([], NOW))
    assert "odpf run CADENCE" in shown(render_list([]))
    assert "odpf run" in shown(render_files([], filtered=False))


def test_a_name_is_never_taken_for_markup():
    assert "[red]" in shown(name("[red]"))
