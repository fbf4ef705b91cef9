"""What a report tells, and that its page needs nothing else."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from odpf.clock import iso
from odpf.configured_table import read_items
from odpf.counts import Counts
from odpf.errors import InvalidSettings
from odpf.order import OrderPosition
from odpf.states import Outcome
from odpf_cli.moments import span_of
from odpf_cli.report_facts import delay, report
from odpf_cli.report_page import MOST_ROWS, as_page
from odpf_cli.table_status import table_statuses
from tests.cli.builders import NOW, audit_row, landed, record, table_item

DAY = timedelta(days=1)


def row(table="orders", hours_ago=1.0, seconds=60, behind=300, **more):
    ended = NOW - timedelta(hours=hours_ago)
    began = ended - timedelta(seconds=seconds)
    reached = OrderPosition(1, f"{ended - timedelta(seconds=behind):%Y%m%d%H%M%S}" + "0" * 21, "f", 0)
    return audit_row(
        more.pop("run_id", f"hourly-{began:%Y%m%dT%H%M%S}-ab12"),
        table,
        **{
            "run_started_at": iso(began),
            "started_at": iso(began),
            "ended_at": iso(ended),
            "high_water_mark": str(reached),
            "commit_instants": ("20260131",),
            "files": 2,
            "bytes": 1000,
            **more,
        },
    )


def made(rows, quarantined=(), pending=()):
    statuses = table_statuses(read_items([table_item()]), {}, pending, [], NOW, most_attempts=5, is_over=bool)
    return report("odpf", (NOW - DAY, NOW), rows, quarantined, statuses)


def test_runs_and_tables_add_up_what_the_audit_has_within_the_span():
    found = made([row("orders", run_id="r"), row("lines", run_id="r", behind=100, seconds=60), row(hours_ago=30)])
    (run,) = found.runs
    assert (run.tables, run.rows_read, run.files, run.bytes, run.seconds) == (2, 6, 4, 2000, 60)
    assert run.delay_seconds == 200
    assert [(table.source_table_name, table.runs) for table in found.tables] == [("shop.lines", 1), ("shop.orders", 1)]


def test_failures_come_first_and_newest_first():
    bad = {"outcome": Outcome.REFRESH_ERROR, "error": "no space", "counts": Counts()}
    found = made([row(hours_ago=3, **bad), row("lines", hours_ago=1, **bad), row("people", hours_ago=2)])
    assert [failure.source_table_name for failure in found.failures] == ["shop.lines", "shop.orders"]
    assert [table.failures for table in found.tables] == [1, 1, 0]
    assert [run.tables_failed for run in found.runs] == [1, 0, 1]


@pytest.mark.parametrize(
    "more", [{"commit_instants": ()}, {"high_water_mark": None}, {"high_water_mark": "000001  LOAD.parquet 0000000001"}]
)
def test_where_no_change_was_applied_nobody_was_behind(more):
    assert delay(row(**more)) is None


class Outside(HTMLParser):
    """Collects what a browser would fetch, and tags that are not closed."""

    def __init__(self):
        super().__init__()
        self.fetched, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.fetched += [value for name, value in attrs if name in ("src", "href", "xlink:href", "data", "action")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_fetches_nothing():
    bad = {"outcome": Outcome.REFRESH_ERROR, "error": "<script>alert(1)</script>"}
    page = as_page(
        made([row(), row(hours_ago=5, **bad)], [record("LOAD00000001.parquet")], [landed("20260131-100000000.parquet")])
    )
    looked = Outside()
    looked.feed(page)
    assert (looked.fetched, looked.open) == ([], [])
    assert "url(" not in page
    assert "@import" not in page
    assert "<script" not in page
    assert page.count("<circle") == 5
    assert page.count('class="bar"') == 1


def test_a_page_of_many_tables_tells_what_it_leaves_out():
    page = as_page(made([row(f"t{number}", run_id="r") for number in range(MOST_ROWS + 7)]))
    assert f"{MOST_ROWS} of 207 are shown" in page
    assert len(re.findall("<td>shop.t", page)) == MOST_ROWS


def test_a_report_of_nothing_says_so():
    page = as_page(report("odpf", (NOW - DAY, NOW), [], [], []))
    assert "No run had work" in page
    assert "Nothing waits" in page


@pytest.mark.parametrize(
    ("text", "ago"), [("7d", 7 * DAY), ("90m", timedelta(minutes=90)), ("2026-01-30T12:00:00Z", DAY)]
)
def test_a_span_begins_so_long_ago(text, ago):
    assert span_of("--since", text, NOW) == NOW - ago


@pytest.mark.parametrize("text", ["", "7", "0d", "yesterday", "2026-03-01T00:00:00Z", "2026-01-30"])
def test_what_is_no_span_is_refused(text):
    with pytest.raises(InvalidSettings, match="7d, 24h"):
        span_of("--since", text, NOW)
