"""What a message of the staging queue says, and which messages cannot be used (V1, V3, S22)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from file_manager.events import Arrivals, read_message
from odpf.errors import InvalidEvent
from odpf.landed_file import LandedFile
from odpf.settings import StagingPlace
from odpf.states import DmsFileType
from tests.file_manager.payloads import CHANGES, PLACES, changed, object_created, payload, staged


def only_file(body: str, places=PLACES) -> LandedFile:
    (file,) = read_message(body, places).files
    return file


def test_an_eventbridge_event_is_a_landed_file():
    file = only_file(object_created())
    assert (file.source_table_name, file.dms_file_type) == ("taxi_trips.table_1", DmsFileType.INCREMENTAL)
    assert (file.bucket, file.name, file.size) == ("odpf-staging", CHANGES, 31744)
    assert file.last_modified == datetime(2026, 1, 31, 10, 15, 31, tzinfo=UTC)
    assert file.problem is None


def test_a_multipart_upload_is_one_landed_file():
    file = only_file(json.dumps(payload("eventbridge_multipart_upload")))
    assert (file.dms_file_type, file.etag) == (DmsFileType.FULL, "d41d8cd98f00b204e9800998ecf8427e-9")


def test_keys_of_an_s3_notification_are_decoded_once():
    file = only_file(json.dumps(payload("s3_notification")))
    assert file.key == f"internal_staging/taxi trips/täble+1/{CHANGES}"
    assert file.source_table_name == "taxi trips.täble+1"


def test_one_object_told_in_both_ways_is_one_file():
    notified = json.dumps(payload("s3_notification"))
    key = f"internal_staging/taxi trips/täble+1/{CHANGES}"
    assert only_file(notified).file_id == only_file(object_created(key, "d41d8cd98f00b204e9800998ecf8427e")).file_id


@pytest.mark.parametrize("table", ["a%20b", "a+b", "a b", "%2B", "täble", "表", "😀", "a'b\"c", "100%", "x" * 900])
def test_keys_of_an_eventbridge_event_are_never_decoded(table):
    file = only_file(staged(f"s/{table}/{CHANGES}"))
    assert (file.table_name, file.key) == (table, f"internal_staging/s/{table}/{CHANGES}")
    assert file.problem is None


def test_a_key_may_have_1024_bytes_and_no_more():
    rest = 1024 - len(f"internal_staging/s//{CHANGES}")
    assert len(only_file(staged(f"s/{'t' * rest}/{CHANGES}")).key) == 1024
    with pytest.raises(InvalidEvent, match="1024 bytes"):
        read_message(staged(f"s/{'t' * (rest + 1)}/{CHANGES}"), PLACES)


@pytest.mark.parametrize(
    "below",
    [
        f"taxi_trips/{CHANGES}",
        CHANGES,
        f"../taxi_trips/table_1/{CHANGES}",
        f"taxi_trips/../table_1/{CHANGES}",
        f"taxi_trips/table_1/./{CHANGES}",
        f"taxi_trips//{CHANGES}",
        f"/taxi_trips/table_1/{CHANGES}",
        f"taxi_trips/table_1//{CHANGES}",
        f"{'.%' * 250}/{'.%' * 230}/{CHANGES}",
    ],
)
def test_parquet_where_no_table_can_be_told_is_a_problem_of_no_table(below):
    file = only_file(staged(below))
    assert file.source_table_name == "?"
    assert "BucketFolder" in (file.problem or "")


@pytest.mark.parametrize("name", ["part-00000.parquet", "LOAD00000001", "load1.parquet", "20260131.parquet"])
def test_a_name_that_dms_does_not_give_is_a_problem_of_its_table_if_it_is_parquet(name):
    arrived = read_message(staged(f"taxi_trips/table_1/{name}"), PLACES)
    if name.endswith(".parquet"):
        assert [file.source_table_name for file in arrived.files] == ["taxi_trips.table_1"]
        assert "DMS" in (arrived.files[0].problem or "")
    else:
        assert arrived == Arrivals(ignored=1)


@pytest.mark.parametrize(
    "key",
    [
        "internal_staging/taxi_trips/table_1/LOAD00000001.csv",
        "internal_staging/taxi_trips/table_1/20260131-101530123.parquet.tmp",
        "internal_staging/taxi_trips/table_1/.20260131-101530123.parquet",
        "internal_staging/taxi_trips/table_1/_ODPF_LOAD_COMPLETE",
        "internal_staging/taxi_trips/table_1/",
        f"elsewhere/taxi_trips/table_1/{CHANGES}",
        f"internal_staging_2/taxi_trips/table_1/{CHANGES}",
    ],
)
def test_other_objects_are_ignored_and_counted(key):
    assert read_message(object_created(key), PLACES) == Arrivals(ignored=1)


@pytest.mark.parametrize(
    ("below", "kind"),
    [
        ("table_1/LOAD00000001.parquet", DmsFileType.FULL),
        ("table_1/LOAD0000000F.parquet", DmsFileType.FULL),
        ("table_1/p2026/LOAD00000001.parquet", DmsFileType.FULL),
        ("table_1/SEGMENT1_LOAD00000001.parquet", DmsFileType.FULL),
        (f"table_1/{CHANGES}", DmsFileType.INCREMENTAL),
        ("table_1/20260131-1015301234.parquet", DmsFileType.INCREMENTAL),
        (f"table_1/2026/01/31/10/{CHANGES}", DmsFileType.INCREMENTAL),
        (f"table_1/2026-01-31/{CHANGES}", DmsFileType.INCREMENTAL),
        (f"table_1/31012026/{CHANGES}", DmsFileType.INCREMENTAL),
    ],
)
def test_the_name_tells_full_loads_from_changes_whatever_the_folders(below, kind):
    file = only_file(staged(f"taxi_trips/{below}"))
    assert (file.source_table_name, file.dms_file_type, file.problem) == ("taxi_trips.table_1", kind, None)


@pytest.mark.parametrize("folder", ["", "/", "a", "a/b/c", "/a/b/"])
def test_the_staging_folder_has_any_number_of_levels_or_none(folder):
    place = StagingPlace(bucket="odpf-staging", folder=folder)
    file = only_file(object_created(f"{place.prefix}taxi_trips/table_1/2026/{CHANGES}"), (place,))
    assert file.source_table_name == "taxi_trips.table_1"


def test_each_of_several_places_has_tables_of_its_own():
    places = (
        *PLACES,
        StagingPlace(name="crm", bucket="crm-staging"),
        StagingPlace(name="hr", bucket="odpf-staging", folder="hr"),
    )
    keys = {"odpf-staging": f"hr/s/t/{CHANGES}", "crm-staging": f"s/t/{CHANGES}"}
    tables = [only_file(object_created(key, bucket=bucket), places).source_table_name for bucket, key in keys.items()]
    assert tables == ["hr.s.t", "crm.s.t"]
    assert only_file(staged(f"s/t/{CHANGES}"), places).source_table_name == "s.t"


def test_a_place_within_another_takes_its_own_files():
    places = (StagingPlace(bucket="odpf-staging"), StagingPlace(name="hr", bucket="odpf-staging", folder="hr"))
    assert only_file(object_created(f"hr/s/t/{CHANGES}"), places).source_table_name == "hr.s.t"
    assert only_file(object_created(f"s/t/{CHANGES}"), places).source_table_name == "s.t"


@pytest.mark.parametrize(
    ("one", "other"), [("a_b/c", "a/b_c"), ("a.b/c", "a/b.c"), ("a/T", "a/t"), ("a%2Eb/c", "a.b/c")]
)
def test_tables_with_similar_names_never_mix(one, other):
    tables = {only_file(staged(f"{table}/{CHANGES}")).source_table_name for table in (one, other)}
    assert len(tables) == 2


def test_a_test_event_is_ignored():
    assert read_message(json.dumps(payload("s3_test_event")), PLACES) == Arrivals(ignored=1)


INVALID = {
    "another source": changed("source", "com.example"),
    "no source": changed("source"),
    "another kind of event": json.dumps(payload("eventbridge_object_deleted")),
    "no detail": changed("detail"),
    "no bucket": changed("detail/bucket"),
    "no key": changed("detail/object/key"),
    "no etag": changed("detail/object/etag"),
    "no size": changed("detail/object/size"),
    "no time": changed("time"),
    "an empty key": changed("detail/object/key", ""),
    "a key of another type": changed("detail/object/key", 7),
    "a list for a key": changed("detail/object/key", ["a"]),
    "a size as text": changed("detail/object/size", "31744"),
    "a negative size": changed("detail/object/size", -1),
    "a time without zone": changed("time", "2026-01-31T10:15:31"),
    "a number for a time": changed("time", 1769854531),
    "a list for a detail": changed("detail", []),
    "a bucket that is no staging place": object_created(bucket="somebody-elses"),
    "nothing": "",
    "no JSON": "not json",
    "a list": "[]",
    "a number": "1",
    "an empty object": "{}",
    "no records": '{"Records": []}',
    "records of another service": '{"Records": [{"eventSource": "aws:sqs"}]}',
    "a lone surrogate": object_created().replace("taxi_trips", "\\ud800"),
    "256 KB of junk": "x" * 262_144,
    "256 KB of brackets": "[" * 262_144,
    "256 KB of an object": json.dumps({"detail": "x" * 262_000}),
}


@pytest.mark.parametrize("body", INVALID.values(), ids=INVALID)
def test_a_message_that_is_no_usable_event_says_so_in_a_few_words(body):
    with pytest.raises(InvalidEvent) as raised:
        read_message(body, PLACES)
    assert 20 < len(str(raised.value)) < 1500


@pytest.mark.parametrize(
    ("name", "value"),
    [("eventName", "ObjectRemoved:Delete"), ("eventSource", "aws:sns"), ("eventTime", None), ("s3", {})],
)
def test_a_notification_of_something_else_is_invalid(name, value):
    notification = payload("s3_notification")
    notification["Records"][0][name] = value
    with pytest.raises(InvalidEvent, match=name if name != "s3" else "bucket"):
        read_message(json.dumps(notification), PLACES)


def test_a_notified_key_that_is_no_utf8_is_invalid():
    notification = payload("s3_notification")
    notification["Records"][0]["s3"]["object"]["key"] = "internal_staging/s/%FF/LOAD00000001.parquet"
    with pytest.raises(InvalidEvent, match="UTF-8"):
        read_message(json.dumps(notification), PLACES)
