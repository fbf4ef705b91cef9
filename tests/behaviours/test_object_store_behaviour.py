"""Objects are read whole or in ranges, listed in key order, and deleted."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from odpf_local.local_objects import LocalObjectStore
from odpf_local.memory import MemoryObjectStore
from tests.behaviours.builders import moto_aws

BUCKET = "odpf-staging"
CONTENT = bytes(range(256)) * 1024  # 256 KiB, four times what is read at once


@pytest.fixture(params=["memory", "aws", "files"])
def objects(request, monkeypatch, tmp_path):
    """Every implementation, empty."""
    if request.param == "aws":
        with moto_aws(monkeypatch) as aws:
            yield aws.objects
    else:
        yield MemoryObjectStore() if request.param == "memory" else LocalObjectStore(tmp_path)


def test_what_was_put_is_read_back(objects):
    objects.put(BUCKET, "a/ü +%2B.bin", CONTENT)
    assert objects.get(BUCKET, "a/ü +%2B.bin") == CONTENT


def test_an_object_that_is_not_there_is_a_missing_file(objects):
    for read in (objects.get, objects.open):
        with pytest.raises(FileNotFoundError, match="s3://odpf-staging/none"):
            read(BUCKET, "none")


def test_a_reader_seeks_and_reads_like_a_file(objects):
    objects.put(BUCKET, "a", CONTENT)
    reader, etag = objects.open(BUCKET, "a")
    expected = io.BytesIO(CONTENT)
    places = [(-8, 2, 8), (0, 0, 4), (100_000, 0, 100_000), (7, 1, 300), (0, 0, -1), (10**6, 0, 5)]
    with reader:
        for offset, whence, size in places:
            assert reader.seek(offset, whence) == expected.seek(offset, whence)
            assert reader.read(size) == expected.read(size)
    assert etag == next(objects.list(BUCKET, "a")).etag
    assert '"' not in etag


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537])
def test_objects_of_every_size_can_be_opened(objects, size):
    objects.put(BUCKET, "a", CONTENT[:size])
    reader, _ = objects.open(BUCKET, "a")
    with reader:
        assert reader.read() == CONTENT[:size]
        assert reader.seek(0, io.SEEK_END) == size


def test_a_listing_has_what_lies_below_a_prefix_in_key_order(objects):
    for key in ("t/2", "t/1", "t/Z", "t/ä", "tt/1", "s"):
        objects.put(BUCKET, key, key.encode())
    listed = list(objects.list(BUCKET, "t/"))
    assert [entry.key for entry in listed] == ["t/1", "t/2", "t/Z", "t/ä"]
    assert [entry.size for entry in listed] == [3, 3, 3, 4]
    assert all(entry.last_modified.utcoffset().total_seconds() == 0 for entry in listed)
    assert list(objects.list(BUCKET, "none/")) == []


def test_a_listing_tells_the_time_by_the_clock_that_dates_its_objects(objects):
    """Whole seconds, as S3 has them, so an object may look as if it were put a second after the listing."""
    for _ in range(2):
        objects.put(BUCKET, "t/1", b"")
        (entry,) = objects.list(BUCKET, "t/")
        assert abs(entry.listed_at - entry.last_modified) < timedelta(seconds=2)
        assert entry.listed_at.utcoffset() == timedelta(0)


def test_deleting_removes_what_is_there(objects):
    objects.put(BUCKET, "a", b"a")
    objects.put(BUCKET, "b", b"b")
    objects.delete(BUCKET, ["a", "none"])
    objects.delete(BUCKET, [])
    assert [entry.key for entry in objects.list(BUCKET, "")] == ["b"]


def test_a_listing_goes_on_behind_a_key(objects):
    for key in ("t/1", "t/2", "t/2ä", "t/3"):
        objects.put(BUCKET, key, b"")
    assert [entry.key for entry in objects.list(BUCKET, "t/", after="t/2")] == ["t/2ä", "t/3"]
    assert list(objects.list(BUCKET, "t/", after="t/3")) == []


def test_an_object_that_is_as_it_was_seen_can_be_removed(objects):
    for key in ("a", "ü +%2B.bin"):
        objects.put(BUCKET, key, b"seen")
    for entry in list(objects.list(BUCKET, "")):
        assert objects.delete_if_unchanged(BUCKET, entry.key, entry.etag) is True
    assert list(objects.list(BUCKET, "")) == []


def test_an_object_overwritten_since_it_was_seen_stays(objects):
    objects.put(BUCKET, "a", b"seen")
    (seen,) = objects.list(BUCKET, "")
    objects.put(BUCKET, "a", b"newer")
    assert objects.delete_if_unchanged(BUCKET, "a", seen.etag) is False
    assert objects.get(BUCKET, "a") == b"newer"


def test_removing_what_is_gone_already_is_fine(objects):
    assert objects.delete_if_unchanged(BUCKET, "none", "e1") is True


def test_what_is_put_as_new_is_there_once(objects):
    assert objects.put_new(BUCKET, "a/b", b"first") is True
    assert objects.put_new(BUCKET, "a/b", b"second") is False
    assert objects.get(BUCKET, "a/b") == b"first"
    objects.put(BUCKET, "a/b", b"third")
    assert objects.put_new(BUCKET, "a/b", b"fourth") is False
    objects.delete(BUCKET, ["a/b"])
    assert objects.put_new(BUCKET, "a/b", b"fifth") is True
    assert objects.get(BUCKET, "a/b") == b"fifth"


@pytest.mark.parametrize("start", [0, 5, len(CONTENT)])
def test_a_file_is_put_from_where_it_stands(objects, start):
    objects.put(BUCKET, "a/b", b"before")
    file = io.BytesIO(CONTENT)
    file.seek(start)
    objects.put_file(BUCKET, "a/b", file)
    assert objects.get(BUCKET, "a/b") == CONTENT[start:]


def test_an_overwritten_object_has_another_etag_whatever_its_size(objects):
    seen = set()
    for number in range(20):
        objects.put(BUCKET, "a", f"{number:02d}".encode())
        (found,) = objects.list(BUCKET, "a")
        seen.add(found.etag)
    assert len(seen) == 20


def test_a_listing_has_the_order_of_the_bytes_of_the_whole_key(objects):
    keys = ["t-1", "t.1", "t/a-1", "t/a/1", "t/a/2", "t/a0", "t0", "tÿ", "tﬀ", "t😀"]
    for key in reversed(keys):
        objects.put(BUCKET, key, b"")
    assert [entry.key for entry in objects.list(BUCKET, "t")] == keys
    for place, key in enumerate(keys):
        assert [entry.key for entry in objects.list(BUCKET, "", after=key)] == keys[place + 1 :]
    assert [entry.key for entry in objects.list(BUCKET, "t/a", after="t/a/1")] == ["t/a/2", "t/a0"]
    assert [entry.key for entry in objects.list(BUCKET, "t/a/")] == ["t/a/1", "t/a/2"]


def test_an_object_is_copied_whole(objects):
    objects.put(BUCKET, "a/b", b"content")
    objects.copy(BUCKET, "a/b", "c/ü d")
    objects.put(BUCKET, "a/b", b"other")
    assert objects.get(BUCKET, "c/ü d") == b"content"


def test_nothing_is_copied_of_an_object_that_is_not_there(objects):
    with pytest.raises(FileNotFoundError, match="none"):
        objects.copy(BUCKET, "none", "a")
    assert list(objects.list(BUCKET, "")) == []
