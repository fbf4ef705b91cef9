"""Both engines on the same tables, in random turns, over 200 commits: reloads, cleaning and archiving in between."""

from __future__ import annotations

from random import Random

import pytest

from tests.engines.stories import arms, story
from tests.engines.test_random_sequences import Kind, Source, make_table

COMMITS = 50
"""Of each of the four tables: more than an active timeline holds, so that Hudi archives what Arrow has written."""
TABLES = [
    Kind("S", partitioned=False, deletes=True),
    Kind("S", partitioned=True, deletes=True, rekeyed=True),
    Kind("H", partitioned=False, deletes=True),
    Kind("soft", partitioned=True, deletes=True),
]


@arms("spark-arrow")
@story
@pytest.mark.soak
@pytest.mark.parametrize("number", range(len(TABLES)))
def test_tables_in_random_turns_equal_the_replay(told, number):
    """G2, G3, G4, G8"""
    kind = TABLES[number]
    random, source = Random(f"turns {number}"), Source(kind, 100 + number)
    table = make_table(told, kind, source.columns)
    table.load(*source.load())
    engines = set()
    for turn in range(COMMITS):
        engine = random.choice(["spark", "arrow"])
        table.reconfigure(engine=engine)
        if turn:
            table.reload(*source.load()) if random.random() < 0.06 else table.changes(*source.files(1)[0])
        yield
        table.check()
        engines.add(table.result.engine)
    assert engines == {"spark", "arrow"}
