"""Whatever a source does and however its files come: the oracle's tables agree with the source, and with each other.

Nothing here is told by the oracle alone: the source keeps its rows in a dictionary of its own.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.delivery import Adversary, Faults
from tests.reference.oracle import KINDS, Mode, Replay
from tests.reference.plain_values import plain_rows
from tests.reference.source import BEFORE, COMMIT_TIME, OF_CHANGES, Kind, Source, source_columns

SEEDS = st.integers(0, 2**32)
EXAMPLES = settings(max_examples=25, deadline=None)


def _told_in(files):
    return [(file.generation, change.sequence) for file in files for change in file.changes if not change.bad]


class Play:
    """A source's whole life, and its files run by run."""

    def __init__(self, seed, faults=None, *, loses=False, **kind):
        random = Random(seed)
        self.source = Source(Kind.of(random)._replace(**kind), random)
        self.life = self.source.life()
        self.runs = list(Adversary(faults or Faults.of(random, loses=loses), random).deliver(self.life))

    def table(self, mode, runs=None, **options):
        replay = Replay(self.source.keys, mode=mode, before_image_prefix=BEFORE, of_changes=OF_CHANGES, **options)
        for files in self.runs if runs is None else runs:
            replay.apply(files)
        return replay

    def in_order(self):
        return [list(generation.files) for generation in self.life]


def _source_rows(rows):
    return plain_rows(source_columns(row) for row in rows)


def _live(rows):
    return [row for row in rows if not row.get("_odpf_is_deleted") and row.get("_odpf_is_current", True)]


@EXAMPLES
@given(seed=SEEDS)
def test_in_the_end_every_table_is_as_the_source(seed):
    play = Play(seed)
    for mode in (Mode.HARD, Mode.SOFT, Mode.VALIDITY):
        assert _source_rows(_live(play.table(mode).rows())) == _source_rows(play.source.rows), mode


@EXAMPLES
@given(seed=SEEDS)
def test_the_order_and_the_runs_in_which_files_come_mean_nothing(seed):
    play = Play(seed, loads=1)
    files = [file for run in play.in_order() for file in run]
    Random(seed).shuffle(files)
    for mode in Mode:
        expected = plain_rows(play.table(mode, play.in_order()).rows())
        assert plain_rows(play.table(mode).rows()) == expected, mode
        assert plain_rows(play.table(mode, [[file] for file in files]).rows()) == expected, mode


@EXAMPLES
@given(seed=SEEDS)
def test_files_that_come_again_change_nothing(seed):
    play = Play(seed, loses=True)
    files = [file for run in play.runs for file in run]
    for mode in Mode:
        replay = play.table(mode)
        before = plain_rows(replay.rows())
        counts = replay.apply(files)
        assert plain_rows(replay.rows()) == before, mode
        assert counts.keys() <= {"read", "collapsed", "late", "unchanged", "quarantined"}, mode


@EXAMPLES
@given(seed=SEEDS, difference=st.booleans())
def test_counts_add_up(seed, difference):
    play = Play(seed, loses=True)
    for mode in Mode:
        replay = play.table(mode, [], difference=difference)
        for files in play.runs:
            counts = replay.apply(files)
            assert counts["read"] == sum(len(file.changes) for file in files if not file.unreadable), mode
            assert counts["read"] == sum(counts[kind] for kind in KINDS), mode


@EXAMPLES
@given(seed=SEEDS, difference=st.booleans())
def test_counts_tell_how_many_rows_there_are(seed, difference):
    """But for key changes, which may be two rows' business, and rows that soft deletes write marked at once."""
    play = Play(seed, loses=True, moves=False)
    for mode, less in ((Mode.HARD, ("deleted", "removed")), (Mode.HISTORY, ())):
        replay, rows = play.table(mode, [], difference=difference), 0
        for files in play.runs:
            counts = replay.apply(files)
            rows += counts["inserted"] - sum(counts[kind] for kind in less)
            assert len(replay.rows()) == rows, mode


def test_random_sources_and_their_deliveries_meet_what_they_are_for():
    """All of it in every fifty: nothing above holds because nothing happens."""
    met = Counter()
    for seed in range(50):
        play = Play(seed, loses=True)
        files = [file for run in play.runs for file in run]
        changes = [file for file in files if not file.is_load and not file.unreadable]
        rows = [change for file in changes for change in file.changes]
        starts = [min(change.sequence for change in file.changes) for file in changes if file.changes]
        by_name = [file for file in sorted(changes, key=lambda file: file.name) if file.changes]
        met["unreadable"] += any(file.unreadable for file in files)
        met["again"] += len(set(_told_in(changes))) < len(_told_in(changes))
        met["disorder"] += starts != sorted(starts)
        met["names in disorder"] += [min(c.sequence for c in f.changes) for f in by_name] != sorted(starts)
        met["bad"] += any(change.bad for change in rows)
        met["one moment"] += len({change.sequence[:16] for change in rows}) < len({change.sequence for change in rows})
        met["moved keys"] += any(change.row[f"{BEFORE}id"] not in (None, change.row["id"]) for change in rows)
        met["keys alone"] += any("v" not in change.row for change in rows)
        met["added column"] += len({"added" in change.row for change in rows if "v" in change.row}) == 2
        met["reloads"] += any(file.generation > 1 for file in files)
    assert min(met.values()) >= 5
    assert len(met) == 10


@pytest.mark.parametrize("mode", Mode)
def test_random_sources_meet_everything_that_is_counted(mode):
    met = Counter()
    for seed in range(60):
        play = Play(seed)
        replay = play.table(mode, [])
        for files in play.runs:
            met.update(replay.apply(files))
    never = {Mode.HISTORY: {"updated", "deleted", "late", "removed"}, Mode.VALIDITY: {"late"}}
    assert met.keys() == {"read", "removed", *KINDS} - never.get(mode, set())


@EXAMPLES
@given(seed=SEEDS)
def test_a_reload_leaves_the_same_table_however_it_is_counted(seed):
    """But for columns that tell of a row's last change: a row that is equal is not written."""
    play = Play(seed, loads=3)
    for mode in (Mode.HARD, Mode.SOFT):  # with soft deletes a difference marks rows that a replacement takes away
        one, other = (play.table(mode, difference=difference).rows() for difference in (False, True))
        assert _source_rows(_unmarked(one)) == _source_rows(_unmarked(other))


@EXAMPLES
@given(seed=SEEDS)
def test_intervals_tell_what_the_source_was_at_every_moment(seed):
    play = Play(seed, overlaps=False)
    rows = play.table(Mode.VALIDITY).rows()
    assert plain_rows(play.table(Mode.VALIDITY, commit_time=COMMIT_TIME).rows()) == plain_rows(rows)
    for moment, state in dict(play.source.states).items():
        assert _source_rows(row for row in rows if _is_valid(row, moment)) == _source_rows(state)


def _unmarked(rows):
    return [row for row in rows if not row.get("_odpf_is_deleted")]


def _is_valid(row, moment):
    end = row["_odpf_valid_to"]
    return row["_odpf_valid_from"] <= moment and (end is None or moment < end)


@EXAMPLES
@given(seed=SEEDS)
def test_a_history_in_its_order_makes_the_snapshot(seed):
    play = Play(seed, loads=1)
    table = {}
    for operation, _, _, row in play.table(Mode.HISTORY).changes():
        if operation == "U" and row[f"{BEFORE}id"] is not None:
            table.pop(tuple(row[f"{BEFORE}{name}"] for name in play.source.keys), None)
        key = tuple(row[name] for name in play.source.keys)
        if operation == "D":
            table.pop(key, None)
        else:
            table[key] = row
    assert plain_rows(table.values()) == plain_rows(play.table(Mode.HARD).rows())
