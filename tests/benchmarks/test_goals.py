"""Figures beside their goals."""

from __future__ import annotations

from benchmarks.control_plane import Measure
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
