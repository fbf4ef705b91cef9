"""A row that differs is drift only when nothing on its way can explain it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from odpf.order import OrderPosition
from odpf.states import Difference, Explanation, Reconciled
from reconciliation.canonical import key_id
from reconciliation.comparison import RowsOnTheWay
from reconciliation.forms import Form
from reconciliation.report import Level
from reconciliation.settling import Look, Settling, passed
from tests.reconciliation.builders import (
    NOTHING_WAITS,
    NOW,
    changed,
    comparison_of,
    found,
    orders,
    pairs_of,
    plan,
    waiting,
    without,
)
from tests.reconciliation.duck import DuckLake

WAIT = timedelta(seconds=60)


def settling():
    return Settling({"1": ("old",)}, NOW, WAIT)


def look(after=0, *, source="old", lake="other", waits=None, through=None, touched=None):
    position = (
        OrderPosition(1, f"{NOW + timedelta(seconds=through):%Y%m%d%H%M%S%f}"[:16] + "0" * 19, "f", 0)
        if through
        else None
    )
    return Look(
        NOW + timedelta(seconds=after),
        {"1": (source,)},
        {"1": waits} if waits else {},
        position,
        {"1": (lake,)},
        {"1": f"{NOW + timedelta(seconds=touched):%Y%m%d%H%M%S%f}"[:17]} if touched is not None else {},
    )


@pytest.mark.parametrize(
    ("seen", "explanation"),
    [
        (look(lake="old"), Explanation.CAUGHT_UP),
        (look(source="new", lake="new"), Explanation.CAUGHT_UP),
        (look(waits=Explanation.PENDING), Explanation.PENDING),
        (look(waits=Explanation.QUARANTINED), Explanation.QUARANTINED),
    ],
)
def test_a_key_is_explained_at_once(seen, explanation):
    keys = settling()
    assert keys.take(seen)
    assert keys.result().explained == {"1": explanation}


@pytest.mark.parametrize("seen", [look(60), look(1, through=10), look(1, through=10, touched=-600)])
def test_a_row_that_stays_while_its_changes_had_time_enough_is_drift(seen):
    keys = settling()
    assert keys.take(seen)
    assert keys.result().drifted == ("1",)


@pytest.mark.parametrize(
    "seen", [look(59), look(1, through=-10), look(1, through=1), look(1, through=10, touched=5), look(90, source="new")]
)
def test_a_row_that_may_still_come_is_not_decided(seen):
    keys = settling()
    assert not keys.take(seen)
    assert keys.result().explained == {"1": Explanation.IN_FLIGHT}


def test_a_row_that_changes_again_begins_its_wait_anew():
    keys = settling()
    keys.take(look(50, source="new"))
    assert not keys.take(look(100, source="new"))
    assert keys.take(look(110, source="new"))
    assert keys.result().drifted == ("1",)


def test_what_looked_like_drift_may_still_catch_up():
    keys = settling()
    keys.take(look(60))
    keys.take(look(61, lake="old"))
    assert keys.result().drifted == ()


def test_no_position_and_a_full_load_s_pass_no_moment():
    assert not passed(None, NOW)
    assert not passed(OrderPosition(1, "", "LOAD00000001.parquet", 0), NOW)


def test_keys_in_files_that_wait_are_explained_and_others_are_drift():
    theirs = changed(changed(orders(10), 0, "note", "x"), 1, "note", "y")
    lakes = DuckLake({"shop.orders": orders(10)}), DuckLake({"shop_raw.orders": theirs})
    result = comparison_of(*lakes, pairs_of(theirs, "id"), waiting(key_1=Explanation.PENDING)).compare(plan())
    assert (result.explained, [row.key for row in result.rows]) == ({"pending": 1}, [{"id": "2"}])


P, Q = Explanation.PENDING, Explanation.QUARANTINED


@pytest.mark.parametrize(
    ("waits", "outcome", "explained", "missing"),
    [
        (RowsOnTheWay({P: 9, Q: 0}, 1), Reconciled.EXPLAINED, {"pending": 3}, {}),
        (RowsOnTheWay({P: 1, Q: 2}, 0), Reconciled.EXPLAINED, {"pending": 1, "quarantined": 2}, {}),
        (RowsOnTheWay({P: 2, Q: 0}, 0), Reconciled.DRIFTED, {"pending": 2}, {Difference.MISSING_IN_LAKE: 1}),
        (RowsOnTheWay({P: 2, Q: 0}, 1), Reconciled.UNDECIDED, {"pending": 2}, {}),
    ],
)
def test_counts_are_explained_by_as_many_rows_as_have_not_arrived(waits, outcome, explained, missing):
    source, lake = DuckLake({"shop.orders": orders(10)}), DuckLake({"shop_raw.orders": orders(7)})
    in_flight = NOTHING_WAITS._replace(rows=lambda: waits)
    result = comparison_of(source, lake, pairs_of(orders(1), "id"), in_flight).compare(plan(Level.COUNTS))
    assert (result.outcome, result.explained, result.differences) == (outcome, explained, missing)


def test_a_moment_may_be_the_key():
    moments = pa.array([datetime(2026, 1, 31, 10, 0, 0, n) for n in range(4)], pa.timestamp("us"))
    ours = orders(4).set_column(0, "at", moments)
    theirs = changed(without(ours, 3), 1, "note", "x")
    waits = waiting(**{key_id([(moments[3].as_py(), Form.MOMENT)], integer=False): P})
    lakes = DuckLake({"shop.orders": ours}), DuckLake({"shop_raw.orders": theirs})
    result = comparison_of(*lakes, pairs_of(ours, "at"), waits).compare(plan())
    assert (result.explained, [row.key for row in result.rows]) == (
        {"pending": 1},
        [{"at": "2026-01-31 10:00:00.000001"}],
    )


def test_a_lake_that_catches_up_while_it_is_waited_for_has_not_drifted():
    source, lake = DuckLake({"shop.orders": orders(10)}), DuckLake({"shop_raw.orders": without(orders(10), 3)})
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        lake.tables["shop_raw.orders"] = orders(10)

    result = comparison_of(source, lake, pairs_of(orders(1), "id")).compare(plan(wait=100), pause)
    assert (result.outcome, result.explained, len(pauses)) == (Reconciled.EXPLAINED, {"caught_up": 1}, 1)


def test_a_table_that_is_written_all_the_time_has_not_drifted():
    """Every snapshot finds the row changed, and the lake as it was some changes ago."""
    source, lake = (
        DuckLake({"shop.orders": orders(10)}),
        DuckLake({"shop_raw.orders": changed(orders(10), 0, "note", "-1")}),
    )
    changes = iter(range(1_000))

    def write() -> None:
        number = next(changes)
        source.tables["shop.orders"] = changed(orders(10), 0, "note", str(number))
        lake.tables["shop_raw.orders"] = changed(orders(10), 0, "note", str(number - 1))

    result = comparison_of(source, lake, pairs_of(orders(1), "id"), between=write).compare(
        plan(wait=0.2), lambda _: None
    )
    assert (result.outcome, result.explained) == (Reconciled.EXPLAINED, {"in_flight": 1})


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        ({}, Reconciled.DRIFTED),
        ({"rows": 1}, Reconciled.DRIFTED),
        ({"rows": 2}, Reconciled.AGREES),
        ({"percent": 20}, Reconciled.AGREES),
        ({"percent": 19.9}, Reconciled.DRIFTED),
        ({"rows": 1, "percent": 50}, Reconciled.AGREES),
    ],
)
def test_tolerances_are_rows_or_percent_whichever_is_more(asked, outcome):
    theirs = without(without(orders(10), 0), 0)
    assert found(orders(10), theirs, **asked).outcome is outcome
    assert found(orders(10), theirs, level=Level.COUNTS, **asked).outcome is outcome


def test_counts_alone_do_not_see_what_digests_do():
    theirs = changed(orders(10), 0, "note", "x")
    assert found(orders(10), theirs, level=Level.COUNTS).outcome is Reconciled.AGREES
    (row,) = found(orders(10), theirs, level=Level.DIGESTS).rows
    assert (row.kind, row.key, row.columns) == (Difference.DIFFERENT, {"id": "1"}, ())
