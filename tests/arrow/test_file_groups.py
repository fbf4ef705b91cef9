"""Which files readers read, and which nobody needs any more."""

from __future__ import annotations

import pytest

from file_processor.file_groups import DataFile, current_files, superseded_files


def at(instant: int) -> str:
    return f"{instant:017d}"


def file(group: str, instant: int, partition: str = "") -> DataFile:
    return DataFile(partition, group, "0-0-0", at(instant), 1)


def current(files: list[DataFile], completed=(), pending=(), replaced=()) -> dict[str, int]:
    found = current_files(files, [at(i) for i in completed], [at(i) for i in pending], replaced)
    return {group: int(each.instant) for group, each in found.items()}


def superseded(files: list[DataFile], horizon: int) -> list[tuple[str, int]]:
    return sorted((each.group, int(each.instant)) for each in superseded_files(files, at(horizon)))


def test_the_newest_completed_file_of_a_group_is_its_current_one():
    files = [file("a", 1), file("a", 3), file("a", 2), file("b", 1)]
    assert current(files, completed=[1, 2, 3]) == {"a": 3, "b": 1}


def test_a_file_of_an_unfinished_commit_is_not_read():
    files = [file("a", 1), file("a", 2), file("new", 2)]
    assert current(files, completed=[1], pending=[2]) == {"a": 1}


def test_nor_is_it_once_it_is_older_than_the_oldest_completed_commit():
    """Hudi would show it: its instant looks archived."""
    files = [file("a", 1), file("a", 2), file("new", 2), file("a", 5)]
    assert current(files, completed=[4, 5], pending=[2]) == {"a": 5}
    assert current(files[:3], completed=[4, 5], pending=[2]) == {"a": 1}


def test_a_file_without_any_entry_is_not_read_while_older_commits_are_in_the_timeline():
    assert current([file("a", 1), file("a", 2)], completed=[1, 3]) == {"a": 1}


def test_a_file_whose_commit_was_archived_is_read():
    assert current([file("a", 1), file("b", 8)], completed=[5, 8]) == {"a": 1, "b": 8}


def test_without_a_completed_commit_nothing_is_there():
    assert current([file("a", 1)], pending=[1]) == {}
    assert current([file("a", 1)]) == {}


def test_a_replaced_group_is_not_read():
    assert current([file("a", 1), file("b", 2)], completed=[1, 2], replaced={"a"}) == {"b": 2}


def test_the_file_that_was_current_at_the_horizon_and_all_later_ones_stay():
    files = [file("a", 1), file("a", 3), file("a", 5), file("a", 7)]
    assert superseded(files, horizon=4) == [("a", 1)]
    assert superseded(files, horizon=5) == [("a", 1), ("a", 3)]
    assert superseded(files, horizon=0) == []


def test_the_only_file_of_a_group_stays_however_old_it_is():
    assert superseded([file("a", 1)], horizon=99) == []


@pytest.mark.parametrize(
    "path",
    [
        "part=a/f-0_0-1-2_20240101120000000.parquet",
        "f-0_0-1-2_20240101120000000.parquet",
        "a=1/b=2/f_t_20240101120000000.parquet",
    ],
)
def test_a_path_is_read_and_made_again(path):
    found = DataFile.parse(path, 7)
    assert found is not None
    assert (found.path, found.instant, found.size) == (path, "20240101120000000", 7)


@pytest.mark.parametrize(
    "path",
    [
        "part=a/.hoodie_partition_metadata",
        "f-0_0-1-2_20240101120000000.parquet.marker.MERGE",
        ".f-0_20240101120000000.log.1_0-1-2",
        "f-0_0-1-2_2024.parquet",
        "f.parquet",
    ],
)
def test_anything_else_is_no_data_file(path):
    assert DataFile.parse(path, 1) is None
