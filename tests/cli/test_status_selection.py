"""Which tables `odpf status` shows: 3,000 of them stay readable, on paper and on a screen."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console

from odpf.configured_table import read_items
from odpf.errors import InvalidSettings, TransientError
from odpf.states import RefreshStatus
from odpf.table_state import TableState
from odpf_cli.output import Output
from odpf_cli.status_selection import Order, Selection
from odpf_cli.status_view import render
from odpf_cli.status_watch import refuse_to_watch, screenful, watch
from odpf_cli.table_status import table_statuses
from tests.cli.builders import NOW, landed, printed, table_item


def statuses(count=4, failed=(), lags=()):
    """Tables t1, t2, ...; `lags` are (number, hours)."""
    names = [f"shop.t{number + 1}" for number in range(count)]
    states = {
        f"shop_raw.t{number}": TableState(
            raw_table=f"shop_raw.t{number}",
            source_table_name=f"shop.t{number}",
            refresh_status=RefreshStatus.ERROR,
            last_error="no space left",
        )
        for number in failed
    }
    pending = [
        landed(f"{NOW - timedelta(hours=hours):%Y%m%d-%H%M%S}000.parquet", f"shop/t{number}") for number, hours in lags
    ]
    items = read_items(table_item(name) for name in names)
    return table_statuses(items, states, pending, [], NOW, most_attempts=5, is_over=bool)


def names(found):
    return [entry.source_table_name for entry in found]


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (Selection(), ["shop.t1", "shop.t2", "shop.t3", "shop.t4"]),
        (Selection(match="shop_raw.t[23]"), ["shop.t2", "shop.t3"]),
        (Selection(failed=True), ["shop.t3"]),
        (Selection(lagging=3600), ["shop.t2", "shop.t4"]),
        (Selection(order=Order.LAG, limit=2), ["shop.t2", "shop.t4"]),
        (Selection(order=Order.TROUBLE), ["shop.t3", "shop.t2", "shop.t4", "shop.t1"]),
        (Selection(match="t4", failed=True), []),
    ],
)
def test_tables_are_chosen_and_ordered(selection, found):
    assert names(selection.of(statuses(failed=[3], lags=[(4, 1), (2, 5)]))) == found


@pytest.mark.parametrize("width", [80, 200])
def test_many_tables_end_in_a_sum_and_fit_the_terminal(width):
    text = printed(render(statuses(30, failed=[7], lags=[(3, 2)]), NOW), width)
    assert "30 tables: 29 never run, 1 refresh_error; greatest lag" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= width


def test_a_screen_has_no_more_rows_than_lines_and_what_needs_a_person_first():
    text = printed(screenful(statuses(3000, failed=[2999]), Selection(order=Order.TROUBLE), NOW, 24, 5))
    assert len(text.splitlines()) <= 24
    rows = [line for line in text.splitlines() if "shop.t" in line]
    assert "shop.t2999" in rows[0]
    assert "tables more than fit here" in text


def test_watching_goes_on_when_a_look_fails_and_ends_with_ctrl_c():
    console = Console(file=StringIO(), force_terminal=True, width=80, height=24)
    looks = [lambda: statuses(2), lambda: (_ for _ in ()).throw(TransientError("throttled"))]

    def sleep(_):
        if not looks:
            raise KeyboardInterrupt

    watch(lambda _: looks.pop(0)(), Selection(), 5, console, sleep)
    shown = console.file.getvalue()
    assert "shop.t1" in shown
    assert "throttled" in shown


@pytest.mark.parametrize(("terminal", "output"), [(False, Output.TABLE), (True, Output.JSON)])
def test_nobody_watches_without_a_terminal(terminal, output):
    with pytest.raises(InvalidSettings, match="odpf status --output json"):
        refuse_to_watch(Console(file=StringIO(), force_terminal=terminal), output)
