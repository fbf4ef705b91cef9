"""Random tables are rebuilt when they have ended: each is the same again, wherever its files are still there.

A failure names its seed.
"""

from __future__ import annotations

from random import Random

from odpf.states import Outcome
from tests.arrow.random_play import RandomPlay

TABLES = 22
SIZE = 12_000


def test_every_table_is_the_same_after_its_rebuild(tmp_path):
    play = RandomPlay(tmp_path, SIZE, range(900, 900 + TABLES))
    play.tell()
    rebuilt = replayed = 0
    for table in play.tables:
        rows = table.rows()
        replayed += _rebuild(table, _somewhere(table))
        assert table.rows() == rows, table
        rebuilt += _rebuild(table, "")
        assert table.rows() == rows, table
    assert rebuilt >= TABLES // 2
    assert replayed >= TABLES // 2


def _rebuild(table, since):
    """Whether it could be; it cannot where a reload has overwritten the files of the load before it."""
    result, report = table.staged.rebuilt(since)
    if report is None:
        assert result.outcome is Outcome.REFRESH_ERROR
        assert any(
            text in result.error for text in ("cannot be applied again", "cannot be read any more", "No file")
        ), result
        return False
    assert report.differences.none, (table.seed, table.kind, report.differences)
    return True


def _somewhere(table):
    """A position of one of its files."""
    records = [each for each in table.history() if each.last_sequence]
    chosen = Random(table.seed).choice(sorted(records, key=lambda each: each.file.name))
    return f"{chosen.generation:06d} {chosen.last_sequence}"
