"""Figures beside their goals."""

from __future__ import annotations

import pytest

from benchmarks.control_plane import Measure
from benchmarks.freshness import Freshness
from benchmarks.goals import goals
from benchmarks.makespan import Cycle, Makespans
from benchmarks.report import as_document
from tests.benchmarks.test_report import MACHINE, series

FOUND = {
    "machine": MACHINE,
    "load_average_at_end": (1.5, 0, 0),
    "control": [Measure("C3", "calls to finish files", 50, 2, 2), Measure("C4", "read units", 3000, 90.0, 60)],
    "makespan": [Makespans(5, Cycle(15.0, 10.0, 3, 1.0), (Cycle(20.0, 10.0, 3, 1.0), Cycle(11.0, 10.0, 3, 1.0)))],
    "cycles": [series("S6", [0.1]), series("S3", [0.2]), {**series("S6", [0.3]), "rows": 1_000}],
}


def test_a_goal_says_whether_it_is_met():
    told = {(goal.id, goal.what): goal for goal in goals(as_document(FOUND))}
    assert told["C3", "calls to finish files (50)"].is_met
    assert told["C4", "read units (3,000)"].is_met is False
    (spread,) = (goal for goal in told.values() if goal.id == "D2")
    assert (spread.figure, spread.is_met) == ("0.50 x", True)
    assert any(goal.id == "D7" and goal.is_met for goal in told.values()), "the first cycle knows no pace"


def told(**parts):
    """(figure, is met) of each goal, by what it says."""
    return {goal.what: (goal.figure, goal.is_met) for goal in goals(as_document(parts))}


def test_a_knob_that_is_faster_than_the_defaults_misses_the_goal():
    found = told(knobs=[series("S3", [0.1, 0.2, 0.3]), series("S3 server", [0.1]), series("S3 lock", [0.2])])
    assert found == {
        "bare upsert, timeline server: seconds beside the defaults": ("0.50 x", False),
        "bare upsert, Hudi's own lock: seconds beside the defaults": ("1.00 x", True),
    }


def test_knobs_without_the_defaults_or_with_a_wrong_result_have_no_goal():
    assert told(knobs=[series("S3 lock", [0.2])]) == {}
    assert told(knobs=[series("S3", [0.1]), series("S3 lock", [], error="differs")]) == {}


@pytest.mark.parametrize(("start", "share", "is_met"), [(8.0, "20%", True), (7.0, "22%", False)])
def test_freshness_counts_as_overhead_what_is_not_the_engines_work(start, share, is_met):
    steps = {"event, queue, File Manager": 2.0, "engine": start - 2.0, "read": 1.0, "commit": 1.0}
    found = told(freshness=[Freshness("spark", steps, {"check": 5.0}), {"error": "freshness: no"}])
    assert found["a file of changes by spark: seconds from the put until rows are visible"] == (
        f"{start + 2:.1f}",
        None,
    )
    work = "a file of changes by spark: share of all but the engine's start, reading and the commit"
    assert found[work] == (share, is_met)


def test_freshness_of_arrow_is_only_told():
    found = told(freshness=[Freshness("arrow", {"event": 3.0, "commit": 1.0}, {})])
    assert list(found.values()) == [("4.0", None), ("75%", None)]


def test_the_price_is_what_stores_take_beside_ports_that_do_nothing():
    found = told(price=[series("S6", [0.3]), series("S6m", [0.105]), series("S6n", [0.1]), series("S1", [2.0])])
    assert found == {
        "ours, Arrow: seconds more than with ports that do nothing": ("200%", False),
        "ours, Arrow, stores in memory: seconds more than with ports that do nothing": ("5%", True),
    }
