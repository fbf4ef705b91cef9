"""Objects are read whole or in ranges, listed in key order, and deleted."""

from __future__ import annotations

import io

import pytest

BUCKET = "odpf-staging"
CONTENT = bytes(range(256)) * 1024  # 256 KiB, four times what is read at once


def test_what_was_put_is_read_back(stores):
    stores.objects.put(BUCKET, "a/ü +%2B.bin", CONTENT)
    assert stores.objects.get(BUCKET, "a/ü +%2B.bin") == CONTENT


def test_an_object_that_is_not_there_is_a_missing_file(stores):
    for read in (stores.objects.get, stores.objects.open):
        with pytest.raises(FileNotFoundError, match="s3://odpf-staging/none"):
            read(BUCKET, "none")


def test_a_reader_seeks_and_reads_like_a_file(stores):
    stores.objects.put(BUCKET, "a", CONTENT)
    reader, etag = stores.objects.open(BUCKET, "a")
    expected = io.BytesIO(CONTENT)
    for offset, whence, size in [(-8, 2, 8), (0, 0, 4), (100_000, 0, 100_000), (7, 1, 300), (0, 0, -1), (10**6, 0, 5)]:
        assert reader.seek(offset, whence) == expected.seek(offset, whence)
        assert reader.read(size) == expected.read(size)
    assert etag == next(stores.objects.list(BUCKET, "a")).etag
    assert '"' not in etag


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537])
def test_objects_of_every_size_can_be_opened(stores, size):
    stores.objects.put(BUCKET, "a", CONTENT[:size])
    reader, _ = stores.objects.open(BUCKET, "a")
    assert reader.read() == CONTENT[:size]
    assert reader.seek(0, io.SEEK_END) == size


def test_a_listing_has_what_lies_below_a_prefix_in_key_order(stores):
    for key in ("t/2", "t/1", "t/Z", "t/ä", "tt/1", "s"):
        stores.objects.put(BUCKET, key, key.encode())
    listed = list(stores.objects.list(BUCKET, "t/"))
    assert [entry.key for entry in listed] == ["t/1", "t/2", "t/Z", "t/ä"]
    assert [entry.size for entry in listed] == [3, 3, 3, 4]
    assert all(entry.last_modified.utcoffset().total_seconds() == 0 for entry in listed)
    assert list(stores.objects.list(BUCKET, "none/")) == []


def test_deleting_removes_what_is_there(stores):
    stores.objects.put(BUCKET, "a", b"a")
    stores.objects.put(BUCKET, "b", b"b")
    stores.objects.delete(BUCKET, ["a", "none"])
    stores.objects.delete(BUCKET, [])
    assert [entry.key for entry in stores.objects.list(BUCKET, "")] == ["b"]


def test_a_listing_goes_on_behind_a_key(stores):
    for key in ("t/1", "t/2", "t/2ä", "t/3"):
        stores.objects.put(BUCKET, key, b"")
    assert [entry.key for entry in stores.objects.list(BUCKET, "t/", after="t/2")] == ["t/2ä", "t/3"]
    assert list(stores.objects.list(BUCKET, "t/", after="t/3")) == []


def test_an_object_that_is_as_it_was_seen_can_be_removed(stores):
    for key in ("a", "ü +%2B.bin"):
        stores.objects.put(BUCKET, key, b"seen")
    for entry in list(stores.objects.list(BUCKET, "")):
        assert stores.objects.delete_if_unchanged(BUCKET, entry.key, entry.etag) is True
    assert list(stores.objects.list(BUCKET, "")) == []


def test_an_object_overwritten_since_it_was_seen_stays(stores):
    stores.objects.put(BUCKET, "a", b"seen")
    (seen,) = stores.objects.list(BUCKET, "")
    stores.objects.put(BUCKET, "a", b"newer")
    assert stores.objects.delete_if_unchanged(BUCKET, "a", seen.etag) is False
    assert stores.objects.get(BUCKET, "a") == b"newer"


def test_removing_what_is_gone_already_is_fine(stores):
    assert stores.objects.delete_if_unchanged(BUCKET, "none", "e1") is True
