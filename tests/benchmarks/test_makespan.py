"""Thousands of tables with heavy tails are done about as soon as they can be."""

from __future__ import annotations

import pytest

from benchmarks.makespan import Simulation


@pytest.mark.parametrize(("batch_size", "seed"), [(5, 1), (50, 3)])
def test_a_run_of_3_000_tables_is_within_the_goal_of_the_shortest_possible(batch_size, seed):
    simulation = Simulation(3000, batch_size, seed)
    first, *later = (simulation.cycle() for _ in range(3))
    assert first.ratio < 1.6, "no table has a pace yet"
    assert max(cycle.ratio for cycle in later) <= 1.3
