"""Thousands of random sequences of changes without Spark: every row of every table and every count of every run.

A failure names its seed; with its size put into KEPT, it is told again, alone, from then on.
"""

from __future__ import annotations

from datetime import date

import pytest

from tests.arrow.random_play import RandomPlay
from tests.arrow.random_tables import SEQUENCES

TABLES = 44
"""Of 16 sequences each: 2,112 in all three sizes."""
SIZES = (6_000, 12_000, 120_000_000)
"""Bytes of a data file: hardly a row, a few rows, all of them."""
GROUPS = (20, 8, 2)
"""What they make of it, at least."""
PLAYS_OF_A_SOAK = 10
KEPT = [(71, 12_000), (18, 6_000), (44, 12_000), (7399440685, 12_000)]
"""(seed, size) of tables that have failed once: columns that came in files without an effect."""


@pytest.mark.parametrize(("size", "groups"), list(zip(SIZES, GROUPS, strict=True)))
def test_every_table_equals_the_replay_after_every_run(tmp_path, size, groups):
    """G2, G3, G4, G7"""
    first = SIZES.index(size) * TABLES
    play = RandomPlay(tmp_path, size, range(first, first + TABLES))
    play.tell()
    assert play.deaths >= 5
    assert play.most_groups >= groups


@pytest.mark.parametrize(("seed", "size"), KEPT)
def test_what_failed_once_stays_right(tmp_path, seed, size):
    RandomPlay(tmp_path, size, [seed]).tell()


@pytest.mark.soak
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("number", range(PLAYS_OF_A_SOAK))
def test_twenty_thousand_sequences_equal_the_replay(tmp_path, size, number):
    """Others every day."""
    first = 10_000 * date.today().toordinal() + number * TABLES + SIZES.index(size) * PLAYS_OF_A_SOAK * TABLES
    RandomPlay(tmp_path, size, range(first, first + TABLES)).tell()


def test_the_sequences_are_as_many_as_is_said():
    assert len(SIZES) * TABLES * SEQUENCES >= 2_000
    assert len(SIZES) * TABLES * SEQUENCES * PLAYS_OF_A_SOAK >= 20_000
