"""Which groups are rewritten and which rows go where, for any table and batch."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from file_processor.engines.arrow.placing import Slice, changed_slices, new_slices
from file_processor.engines.arrow.reduction import (
    DELETED,
    EFFECT,
    GROUP,
    INSERTED,
    KEY,
    LATE,
    MOVED,
    PATH,
    UNCHANGED,
    UPDATED,
)
from file_processor.file_groups import DataFile

MOST = 1000
_any_time = settings(deadline=None, max_examples=200)
PATHS = ("", "part=a", "part=b", "part=c")


class Row(NamedTuple):
    key: str
    effect: str
    group: str | None = None
    path: str = ""
    moved: bool = False

    @property
    def is_written(self) -> bool:
        return self.effect in (INSERTED, UPDATED)

    @property
    def comes(self) -> bool:
        return self.effect == INSERTED or self.moved


class Case(NamedTuple):
    files: dict[str, DataFile]
    rows: list[Row]
    row_bytes: float

    def slices(self) -> list[Slice]:
        return changed_slices(table(self.rows), self.files, self.row_bytes, MOST)


def file(group: str, path: str = "", size: int = 500) -> DataFile:
    return DataFile(path, group, "0-0-0", "20240101000000000", size)


def table(rows: list[Row]) -> pa.Table:
    return pa.table(
        {
            KEY: pa.array([row.key for row in rows], pa.string()),
            EFFECT: pa.array([row.effect for row in rows], pa.string()),
            GROUP: pa.array([row.group for row in rows], pa.string()),
            PATH: pa.array([row.path for row in rows], pa.string()),
            MOVED: pa.array([row.moved for row in rows], pa.bool_()),
        }
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    paths = draw(st.sampled_from([PATHS[:1], PATHS[1:]]))
    places = st.tuples(st.sampled_from(paths), st.integers(1, 1200))
    files = {f"g{n}": file(f"g{n}", *place) for n, place in enumerate(draw(st.lists(places, max_size=6)))}
    effects = [INSERTED, UNCHANGED, LATE, *([UPDATED, DELETED] if files else [])]
    rows = []
    for number in range(draw(st.integers(0, 30))):
        effect, path = draw(st.sampled_from(effects)), draw(st.sampled_from(paths))
        group = draw(st.sampled_from(sorted(files))) if effect in (UPDATED, DELETED) else None
        moved = effect == UPDATED and group is not None and files[group].partition != path
        rows.append(Row(f"k{number}", effect, group, path, moved))
    return Case(files, rows, draw(st.sampled_from([1.0, 90.5, 400.0, 1500.0])))


@_any_time
@given(cases())
def test_every_row_that_is_written_lands_in_one_slice_of_its_partition(case):
    landed = [(key, part) for part in case.slices() for key in part.rows[KEY].to_pylist()]
    assert Counter(key for key, _ in landed) == Counter(row.key for row in case.rows if row.is_written)
    rows = {row.key: row for row in case.rows}
    assert all(part.partition == rows[key].path for key, part in landed)
    assert all(part.group == rows[key].group for key, part in landed if not rows[key].comes)


@_any_time
@given(cases())
def test_a_row_leaves_the_group_that_had_it(case):
    removed = {part.group: sorted(part.removed.to_pylist()) for part in case.slices() if len(part.removed)}
    expected: dict[str, list[str]] = {}
    for row in sorted(case.rows):
        if row.effect in (UPDATED, DELETED) and row.group:
            expected.setdefault(row.group, []).append(row.key)
    assert removed == expected


@_any_time
@given(cases())
def test_only_groups_with_a_change_are_written_each_once(case):
    slices = case.slices()
    assert len({part.group for part in slices}) == len(slices)
    assert all(part.rows.num_rows or len(part.removed) for part in slices)
    for part in slices:
        assert part.old == case.files.get(part.group)
        assert part.old is None or part.old.partition == part.partition


@_any_time
@given(cases())
def test_nothing_is_filled_beyond_the_size(case):
    for part in case.slices():
        taken = part.old.size if part.old else 0
        fits = taken + part.inserted * case.row_bytes <= MOST
        assert fits or part.inserted == (0 if part.old else 1)  # a row larger than a file has one of its own


@_any_time
@given(cases())
def test_a_new_group_is_made_only_where_every_small_one_is_full(case):
    slices = case.slices()
    taken = {part.group: part.inserted for part in slices}
    for path in {part.partition for part in slices if part.old is None}:
        small = [each for each in case.files.values() if each.partition == path and each.size < MOST * 5 / 6]
        for each in small:
            assert each.size + (taken.get(each.group, 0) + 1) * case.row_bytes > MOST


@_any_time
@given(cases())
def test_the_statistics_count_what_the_rows_do(case):
    slices = case.slices()
    assert sum(part.inserted for part in slices) == sum(row.comes for row in case.rows)
    assert sum(part.updated for part in slices) == sum(row.effect == UPDATED and not row.moved for row in case.rows)
    assert sum(part.deleted for part in slices) == sum(row.effect == DELETED or row.moved for row in case.rows)


def test_a_group_that_is_rewritten_anyway_takes_new_rows_before_a_smaller_one():
    files = {"small": file("small", size=10), "touched": file("touched", size=800)}
    rows = [Row("old", UPDATED, "touched"), Row("new", INSERTED)]
    (part,) = Case(files, rows, 50).slices()
    assert (part.group, part.updated, part.inserted) == ("touched", 1, 1)


def test_a_row_that_moves_is_removed_here_and_written_there():
    files = {"from": file("from", "part=a"), "to": file("to", "part=b")}
    there, here = Case(files, [Row("k", UPDATED, "from", "part=b", moved=True)], 10).slices()[::-1]
    assert (here.group, here.removed.to_pylist(), here.rows.num_rows) == ("from", ["k"], 0)
    assert (there.group, there.removed.to_pylist(), there.rows[KEY].to_pylist()) == ("to", [], ["k"])


def test_a_large_group_takes_no_new_rows():
    full = {"full": file("full", size=MOST * 5 // 6 + 1)}
    (part,) = Case(full, [Row("new", INSERTED)], 1).slices()
    assert part.old is None


@pytest.mark.parametrize(("rows", "sizes"), [(0, []), (1, [1]), (10, [10]), (11, [6, 5]), (25, [9, 9, 7])])
def test_a_load_is_cut_into_groups_of_about_the_same_size(rows, sizes):
    given_rows = table([Row(f"k{n}", INSERTED) for n in range(rows)])
    assert [part.rows.num_rows for part in new_slices(given_rows, 100, MOST)] == sizes
