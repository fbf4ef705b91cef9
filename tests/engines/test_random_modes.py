"""Random changes of the modes that merge with what is stored; with Spark among the long tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engines.stories import arms, story
from tests.engines.test_random_sequences import Kind, play

LONG_ARMS = ("spark",)
KINDS = [
    Kind("S", partitioned=True, deletes=True, reloaded=True, rekeyed=True, difference=True),
    Kind("soft", partitioned=True, deletes=True, rekeyed=True),
    Kind("soft", partitioned=False, deletes=True, reloaded=True, difference=True),
    Kind("V", partitioned=False, deletes=True, rekeyed=True),
    Kind("V", partitioned=True, deletes=True, reloaded=True),
]


@arms("spark", "arrow")
@story
@pytest.mark.parametrize(
    "kind", KINDS, ids=lambda kind: "-".join(f"{value:d}" if isinstance(value, bool) else value for value in kind)
)
def test_the_table_equals_the_replay_after_every_run(told: Any, kind: Kind) -> Iterator[None]:
    """G2, G7"""
    yield from play(told, kind, KINDS.index(kind) + 12)
