"""Requests that reading, listing and deleting objects costs on S3."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from odpf.errors import TerminalError, TransientError
from tests.behaviours.wire import Wire

BUCKET = "odpf-staging"


@pytest.fixture
def wire(aws):
    return Wire(aws.objects._client)


def parquet(rows: int) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.table({"id": list(range(rows))}), content, compression="none", use_dictionary=False)
    return content.getvalue()


def test_a_small_footer_costs_one_request_however_big_the_file(aws, wire):
    aws.objects.put(BUCKET, "big.parquet", parquet(100_000))
    wire.requests.clear()
    reader, _ = aws.objects.open(BUCKET, "big.parquet")
    assert pq.ParquetFile(reader).metadata.num_rows == 100_000
    assert wire.requests == {"GetObject": 1}


def test_a_whole_parquet_file_can_be_read_in_ranges(aws, wire):
    aws.objects.put(BUCKET, "big.parquet", parquet(100_000))
    wire.requests.clear()
    reader, _ = aws.objects.open(BUCKET, "big.parquet")
    assert pq.read_table(reader)["id"].to_pylist() == list(range(100_000))
    assert wire.requests["GetObject"] <= 4


def test_an_object_overwritten_while_it_is_read_is_never_mixed(aws):
    aws.objects.put(BUCKET, "a", b"1" * 200_000)
    reader, _ = aws.objects.open(BUCKET, "a")
    aws.objects.put(BUCKET, "a", b"2" * 200_000)
    with pytest.raises(TransientError, match="overwritten while it was read"):
        reader.read(10)


def test_a_bucket_that_is_not_there_is_named(aws):
    for use in (lambda: aws.objects.get("nowhere", "a"), lambda: list(aws.objects.list("nowhere", ""))):
        with pytest.raises(TerminalError, match=r"nowhere.*NoSuchBucket"):
            use()


def test_a_thousand_objects_are_listed_and_deleted_by_request(aws, wire):
    for number in range(1001):
        aws.objects.put(BUCKET, f"many/{number:04d}", b"")
    wire.requests.clear()
    keys = [entry.key for entry in aws.objects.list(BUCKET, "many/")]
    aws.objects.delete(BUCKET, keys)
    assert len(keys) == 1001
    assert wire.requests == {"ListObjectsV2": 2, "DeleteObjects": 2}
    assert list(aws.objects.list(BUCKET, "many/")) == []


def test_the_etag_goes_with_the_request_to_remove_an_object_so_that_s3_decides(aws, wire):
    asked = wire.answer("DeleteObject", {}, 204)
    assert aws.objects.delete_if_unchanged(BUCKET, "a", "e1") is True
    assert asked == [{"Bucket": BUCKET, "Key": "a", "IfMatch": '"e1"'}]


def test_a_removal_whose_answer_is_lost_is_done(aws, wire):
    aws.objects.put(BUCKET, "a", b"a")
    (seen,) = aws.objects.list(BUCKET, "")
    wire.lose_one_answer("DeleteObject")
    assert aws.objects.delete_if_unchanged(BUCKET, "a", seen.etag) is True
    assert list(aws.objects.list(BUCKET, "")) == []


def test_an_object_that_is_put_at_this_moment_stays(aws, wire):
    wire.answer("DeleteObject", {"Error": {"Code": "ConditionalRequestConflict", "Message": ""}}, 409)
    assert aws.objects.delete_if_unchanged(BUCKET, "a", "e1") is False


def test_a_removal_that_is_not_allowed_says_so(aws, wire):
    wire.answer("DeleteObject", {"Error": {"Code": "AccessDenied", "Message": "no"}}, 403)
    with pytest.raises(TerminalError, match="Allow DeleteObject"):
        aws.objects.delete_if_unchanged(BUCKET, "a", "e1")


@pytest.mark.parametrize(
    ("headers", "listed_at"),
    [
        ({"date": "Sat, 31 Jan 2026 10:15:30 GMT"}, datetime(2026, 1, 31, 10, 15, 30, tzinfo=UTC)),
        ({"date": "yesterday"}, None),
        ({}, None),
    ],
)
def test_the_clock_of_a_listing_is_the_date_of_its_answer(aws, headers, listed_at):
    aws.objects.put(BUCKET, "a", b"a")

    def replace(parsed, **_):
        parsed["ResponseMetadata"]["HTTPHeaders"] = headers

    aws.objects._client.meta.events.register("after-call.s3.ListObjectsV2", replace)
    (entry,) = aws.objects.list(BUCKET, "")
    assert entry.listed_at == listed_at


def test_the_condition_that_there_is_none_goes_with_the_request(aws, wire):
    asked = wire.answer("PutObject", {}, 200)
    assert aws.objects.put_new(BUCKET, "a", b"a") is True
    assert [(each["Bucket"], each["Key"], each["IfNoneMatch"]) for each in asked] == [(BUCKET, "a", "*")]


def test_a_new_object_whose_answer_is_lost_is_told_from_somebody_else_s(aws, wire):
    wire.lose_one_answer("PutObject")
    assert aws.objects.put_new(BUCKET, "a", b"a") is True
    assert (wire.requests["PutObject"], wire.requests["HeadObject"]) == (2, 1)
    assert aws.objects.put_new(BUCKET, "a", b"a") is False
    assert (wire.requests["PutObject"], wire.requests["HeadObject"]) == (3, 1)


def test_a_new_object_that_another_replaced_before_it_was_tried_again_is_the_other_s(aws, wire):
    wire.lose_one_answer("PutObject", lambda: aws.objects.put(BUCKET, "a", b"b"))
    assert aws.objects.put_new(BUCKET, "a", b"a") is False
    wire.lose_one_answer("PutObject", lambda: aws.objects.delete(BUCKET, ["b"]))
    assert aws.objects.put_new(BUCKET, "b", b"b") is True  # it is put once more


def test_a_new_object_that_another_request_writes_at_this_moment_is_tried_again_later(aws, wire):
    wire.answer("PutObject", {"Error": {"Code": "ConditionalRequestConflict", "Message": ""}}, 409)
    with pytest.raises(TransientError, match=r"s3://odpf-staging/a.*next run"):
        aws.objects.put_new(BUCKET, "a", b"a")


def test_a_new_object_that_is_not_allowed_says_so(aws, wire):
    wire.answer("PutObject", {"Error": {"Code": "AccessDenied", "Message": "no"}}, 403)
    with pytest.raises(TerminalError, match="Allow PutObject"):
        aws.objects.put_new(BUCKET, "a", b"a")


def test_a_file_is_one_request_and_the_same_bytes_when_it_has_to_be_sent_again(aws, wire, tmp_path):
    path = tmp_path / "data"
    path.write_bytes(b"head" + bytes(range(256)) * 4096)
    wire.lose_one_answer("PutObject")
    with path.open("rb") as file:
        file.seek(4)
        aws.objects.put_file(BUCKET, "a", file)
    assert aws.objects.get(BUCKET, "a") == path.read_bytes()[4:]
    assert wire.requests["PutObject"] == 2
