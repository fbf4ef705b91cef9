"""What ODPF's sessions do beside the SDK's own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.awsrequest import AWSResponse
from botocore.utils import parse_timestamp

from odpf.adapters.clients import moment, session_of

LISTING = """<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>
<IsTruncated>false</IsTruncated><Contents><Key>a</Key><LastModified>2026-11-26T17:51:43.000Z</LastModified><ETag>"e"</ETag>
<Size>1</Size></Contents></ListBucketResult>"""


@pytest.mark.parametrize(
    "value",
    ["2026-11-26T17:51:43.000Z", "2026-11-26T17:51:43Z", "Thu, 26 Nov 2026 17:51:43 GMT", 1795715503, "1795715503.0"],
)
def test_a_timestamp_is_what_the_sdk_would_make_of_it(value):
    assert moment(value) == parse_timestamp(value)


def test_what_is_no_timestamp_is_refused():
    with pytest.raises(ValueError, match="timestamp"):
        moment("somewhenZ")


def test_listings_are_read_without_guessing_at_times(monkeypatch):
    def guess(value):
        raise AssertionError(f"guessed at {value}")

    monkeypatch.setattr("odpf.adapters.clients.parse_timestamp", guess)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    client = session_of("tests").client("s3", region_name="eu-west-1")

    def answer(request, **_):
        return AWSResponse(request.url, 200, {}, _Raw())

    client.meta.events.register("before-send.s3", answer)
    (found,) = client.list_objects_v2(Bucket="b")["Contents"]
    assert found["LastModified"] == datetime(2026, 11, 26, 17, 51, 43, tzinfo=UTC)


class _Raw:
    def stream(self, *_, **__):
        yield LISTING.encode()
