"""Which endpoint settings are honoured, refused and ignored."""

from __future__ import annotations

import json

import pytest

from odpf_local.dms.endpoint import parse_endpoint_settings, read_endpoint_settings
from odpf_local.dms.errors import InvalidEndpointSettings


def parse(**settings):
    return parse_endpoint_settings(json.dumps({"DataFormat": "parquet", **settings}))[0]


def test_settings_are_read_bare_and_below_s3settings():
    settings = {"DataFormat": "parquet", "BucketFolder": "a/b/", "IncludeOpForFullLoad": True}
    bare, _ = parse_endpoint_settings(json.dumps(settings))
    wrapped, _ = parse_endpoint_settings(json.dumps({"S3Settings": settings}))
    assert bare == wrapped
    assert (bare.prefix, bare.include_op_for_full_load) == ("a/b/", True)


@pytest.mark.parametrize(("written", "read"), [(True, True), ("y", True), ("true", True), ("n", False), (None, False)])
def test_booleans_are_written_as_dms_takes_them(written, read):
    assert parse(IncludeOpForFullLoad=written).include_op_for_full_load is read


def test_defaults_are_those_of_dms():
    settings = parse()
    assert (settings.cdc_max_batch_interval, settings.cdc_min_file_size, settings.row_group_length) == (
        60,
        32_000,
        10_000,
    )
    assert not settings.date_partition_enabled
    assert settings.prefix == ""


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"DataFormat": "csv"}, "DataFormat"),
        ({"DataFormat": None}, "DataFormat"),
        ({"PreserveTransactions": True, "CdcPath": "x"}, "PreserveTransactions"),
        ({"CdcInsertsOnly": True, "CdcInsertsAndUpdates": True}, "CdcInsertsOnly"),
        ({"DatePartitionSequence": "YYYYDDMM"}, "DatePartitionSequence"),
        ({"DatePartitionTimezone": "Mars/Base"}, "DatePartitionTimezone"),
        ({"BucketFoldr": "x"}, "BucketFoldr: no setting"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(settings, named):
    with pytest.raises(InvalidEndpointSettings, match=named):
        parse(**settings)


def test_every_problem_is_reported_at_once():
    with pytest.raises(InvalidEndpointSettings, match=r"MaxFileSize.*Unknown"):
        parse(MaxFileSize=0, Unknown=1)


def test_settings_that_do_not_touch_the_content_are_ignored_with_a_note():
    text = json.dumps(
        {"DataFormat": "parquet", "ServiceAccessRoleArn": "arn", "CsvDelimiter": ";", "EncryptionMode": "sse-s3"}
    )
    _, notes = parse_endpoint_settings(text)
    assert [note.split()[0] for note in notes] == ["CsvDelimiter", "EncryptionMode", "ServiceAccessRoleArn"]


@pytest.mark.parametrize("content", ["{", "[]", '"text"'])
def test_a_document_of_another_kind_is_refused(content):
    with pytest.raises(InvalidEndpointSettings):
        parse_endpoint_settings(content)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InvalidEndpointSettings, match=r"none\.json"):
        read_endpoint_settings(tmp_path / "none.json")
