"""Which data files are worth being put together, and what a dead maintenance may have left."""

from __future__ import annotations

import pytest

from file_processor.file_groups import DataFile, small_files
from file_processor.pending import Pending
from odpf.clock import utc_now
from odpf.ports import StoredObject

MOST = 100


def file(group, size, partition=""):
    return DataFile(partition, group, "0-1-0", "20240101000000000", size)


def entry(size):
    return StoredObject(key="key", size=size, etag="etag", last_modified=utc_now())


@pytest.mark.parametrize(
    ("files", "small"),
    [
        ([], ""),
        ([file("a", 1)], ""),
        ([file("a", 1), file("b", 50)], ""),
        ([file("a", 1), file("b", 49)], "ab"),
        ([file("a", 1, "p=1"), file("b", 1, "p=2")], ""),
        ([file("a", 1, "p=1"), file("b", 90, "p=1"), file("c", 40, "p=1"), file("d", 1, "p=2")], "ac"),
    ],
)
def test_several_small_files_of_a_partition_are_put_together_and_one_alone_is_left(files, small):
    assert "".join(each.group for each in small_files(files, MOST)) == small


@pytest.mark.parametrize(
    ("pending", "may_be"),
    [
        (Pending("1", "clustering", entry(0)), True),
        (Pending("1", "replacecommit", entry(10), entry(0)), True),
        (Pending("1", "replacecommit", entry(0), entry(10)), False),
        (Pending("1", "replacecommit"), False),
        (Pending("1", "commit", entry(10)), False),
    ],
)
def test_a_planned_replacement_may_be_a_clustering(pending, may_be):
    assert pending.may_be_clustering is may_be
