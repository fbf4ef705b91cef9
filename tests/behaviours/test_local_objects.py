"""Objects that are files: what other programs put into the folder, and keys that no file can have."""

from __future__ import annotations

import mmap
import threading

import pytest

from odpf.errors import TerminalError
from odpf_local.local_objects import LocalObjectStore

BUCKET = "odpf-raw"


@pytest.fixture
def objects(tmp_path):
    return LocalObjectStore(tmp_path)


def keys(objects):
    return [entry.key for entry in objects.list(BUCKET, "")]


def test_an_object_is_a_file_below_its_bucket(objects, tmp_path):
    objects.put(BUCKET, "t/a", b"put")
    (tmp_path / BUCKET / "t" / "b").write_bytes(b"written")
    assert (tmp_path / BUCKET / "t" / "a").read_bytes() == b"put"
    assert objects.get(BUCKET, "t/b") == b"written"
    assert keys(objects) == ["t/a", "t/b"]


def test_a_reader_can_be_mapped_and_keeps_what_it_opened(objects):
    objects.put(BUCKET, "a", b"first")
    reader, _ = objects.open(BUCKET, "a")
    objects.put(BUCKET, "a", b"second")
    with reader, mmap.mmap(reader.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert mapped[:] == b"first"


def test_the_checksum_that_hadoop_left_goes_with_what_it_was_of(objects, tmp_path):
    for put in (objects.put, objects.put_new, lambda *where: objects.delete(*where[:1], [where[1]])):
        checksum = tmp_path / BUCKET / ".a.crc"
        checksum.parent.mkdir(exist_ok=True)
        checksum.write_bytes(b"crc")
        put(BUCKET, "a", b"new")
        assert not checksum.exists()


def test_checksums_and_unfinished_files_are_no_objects(objects, tmp_path):
    objects.put(BUCKET, "t/a", b"a")
    (tmp_path / BUCKET / "t" / ".a.crc").write_bytes(b"crc")
    (tmp_path / ".writing" / "left").write_bytes(b"half")
    assert keys(objects) == ["t/a"]


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/./b", "a\0b", "ä" * 128, "t/.a.crc"])
def test_a_key_that_no_file_can_have_is_refused(objects, tmp_path, key):
    for use in (objects.put, objects.put_new, lambda *where: objects.get(*where[:2])):
        with pytest.raises(TerminalError, match="Choose another key"):
            use(BUCKET, key, b"")
    assert keys(objects) == []
    assert list((tmp_path / ".writing").iterdir()) == []


def test_an_object_and_objects_below_it_cannot_both_be(objects):
    objects.put(BUCKET, "a", b"file")
    objects.put(BUCKET, "b/c", b"below")
    for key in ("a/b", "b"):
        for put in (objects.put, objects.put_new):
            with pytest.raises(TerminalError, match="cannot be a file"):
                put(BUCKET, key, b"")
        with pytest.raises(FileNotFoundError):
            objects.get(BUCKET, key)
        objects.delete(BUCKET, [key])
    assert keys(objects) == ["a", "b/c"]


@pytest.mark.parametrize("prefix", ["../", "/", "a//", "."])
def test_a_prefix_that_no_file_can_have_lists_nothing(objects, prefix):
    objects.put(BUCKET, "a/b", b"")
    assert list(objects.list(BUCKET, prefix)) == []


def test_of_many_that_put_the_same_new_object_one_does(objects):
    done = []
    start = threading.Barrier(8)

    def put(number):
        start.wait()
        done.append(objects.put_new(BUCKET, "a/b", str(number).encode()))

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False] * 7 + [True]


def test_a_write_that_breaks_off_leaves_nothing(objects, tmp_path):
    class Broken:
        def read(self, _size):
            raise OSError("the disk is gone")

    objects.put(BUCKET, "a", b"before")
    with pytest.raises(OSError, match="the disk is gone"):
        objects.put_file(BUCKET, "a", Broken())
    assert objects.get(BUCKET, "a") == b"before"
    assert list((tmp_path / ".writing").iterdir()) == []
