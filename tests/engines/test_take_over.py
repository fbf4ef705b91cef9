"""What a take-over reads of a real table: its commits are one line, and every file that it consists of is there."""

from __future__ import annotations

from urllib.parse import urlsplit

import pyarrow as pa
import pytest

from file_processor.timeline import Timeline
from tests.engines.staged_table import COLUMNS, update
from tests.engines.stories import story

pytestmark = pytest.mark.soak

CHANGES = 12
"""More than `hoodie.compact.inline.max.delta.commits`."""

SHAPES = {
    "copy on write": {},
    "partitioned": {"hudi_partition_key": "part"},
    "merge on read": {"hudi_table_type": "merge_on_read"},
}


def timeline_of(table):
    return Timeline(table.lake.aws.objects, table.location)


@story
@pytest.mark.parametrize("shape", SHAPES)
def test_no_file_of_a_healthy_table_is_missed(told, shape):
    """R17"""
    table = told.table(columns=COLUMNS | {"part": pa.string()}, **SHAPES[shape])
    table.load(*({"id": number, "part": f"p{number % 2}", "v": "first"} for number in range(4)))
    yield
    for number in range(1, CHANGES + 1):
        table.changes(update(number, id=number % 4, part=f"p{number % 4 % 2}", v=f"v{number}"))
        yield
        assert timeline_of(table).missing_files() == []
        timeline_of(table).check_line()
    table.reload({"id": 1, "part": "p1", "v": "second"})
    yield
    assert timeline_of(table).missing_files() == []
    timeline_of(table).check_line()
    kinds = [commit.metadata["operationType"] for commit in timeline_of(table).commits()]
    assert ("COMPACT" in kinds) == (shape == "merge on read"), kinds


@story
@pytest.mark.parametrize("shape", SHAPES)
def test_a_file_that_was_not_replicated_is_missed_though_readers_do_not_miss_it(told, shape):
    """R17: why a take-over looks for the files itself (docs/adr/0005)."""
    table = told.table(columns=COLUMNS | {"part": pa.string()}, **SHAPES[shape])
    table.load({"id": 1, "part": "p0", "v": "first"})
    yield
    table.changes(update(1, id=1, part="p0", v="changed"))
    yield
    ((_, newest),) = next(timeline_of(table).commits()).written
    place = urlsplit(table.location)
    table.lake.aws.objects.delete(place.netloc, [f"{place.path.strip('/')}/{newest}"])
    assert timeline_of(table).missing_files() == [newest]
    assert table.values() == {1: "first"}, "an older row, and no error"
