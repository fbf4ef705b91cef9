"""Faults of endpoint settings, in every form in which people have them."""

from __future__ import annotations

import json

import pytest

from odpf.errors import InvalidSettings
from odpf.settings import StagingPlace
from odpf.states import Severity
from odpf_cli.lint.endpoint import read_endpoint
from odpf_cli.lint.endpoint_rules import ENDPOINT_RULES
from odpf_cli.lint.rule import Subject, findings
from tests.lint.builders import ENDPOINT, EXAMPLES, MAPPINGS, TASK, without


def test_the_example_has_no_fault(linted):
    assert linted.faults(endpoint=ENDPOINT) == set()


@pytest.mark.parametrize(
    ("changed", "rules"),
    [
        ({"DataFormat": "csv"}, {"endpoint-data-format"}),
        ({"IncludeOpForFullLoad": False}, {"endpoint-op-in-full-load"}),
        ({"IncludeOpForFullLoad": "False"}, {"endpoint-op-in-full-load"}),
        ({"IncludeOpForFullLoad": 0}, {"endpoint-op-in-full-load"}),
        ({"IncludeOpForFullLoad": "maybe"}, {"endpoint-op-in-full-load"}),
        ({"CdcInsertsOnly": True}, {"endpoint-inserts-only"}),
        ({"CdcInsertsOnly": "y"}, {"endpoint-inserts-only"}),
        ({"CdcInsertsAndUpdates": "True"}, {"endpoint-inserts-and-updates"}),
        ({"TimestampColumnName": ""}, {"endpoint-timestamp-column"}),
        ({"TimestampColumnName": " "}, {"endpoint-timestamp-column"}),
        ({"TimestampColumnName": "OP"}, {"endpoint-timestamp-column-name"}),
        ({"TimestampColumnName": "_odpf_time"}, {"endpoint-timestamp-column-name"}),
        ({"UseTaskStartTimeForFullLoadTimestamp": "false"}, {"endpoint-task-start-time"}),
        ({"DatePartitionEnabled": "n"}, {"endpoint-date-partition"}),
        ({"DatePartitionSequence": "yyyymm"}, {"endpoint-date-partition-day"}),
        ({"PreserveTransactions": 1}, {"endpoint-preserve-transactions"}),
        ({"CdcPath": "cdc"}, {"endpoint-cdc-path"}),
        ({"ServerSideEncryptionKmsKeyId": ""}, {"endpoint-encryption-key"}),
        ({"EncryptionMode": "sse-s3"}, {"endpoint-encryption-mode"}),
        ({"CannedAclForObjects": "PUBLIC_READ"}, {"endpoint-public-objects"}),
        ({"EnableStatistics": "perhaps"}, {"endpoint-boolean"}),
    ],
)
def test_a_wrong_value_is_an_error(linted, changed, rules):
    assert linted.errors(endpoint={**ENDPOINT, **changed}) == rules


@pytest.mark.parametrize(
    ("missing", "rules"),
    [
        ("DataFormat", {"endpoint-data-format"}),
        ("IncludeOpForFullLoad", {"endpoint-op-in-full-load"}),
        ("TimestampColumnName", {"endpoint-timestamp-column"}),
        ("UseTaskStartTimeForFullLoadTimestamp", {"endpoint-task-start-time"}),
        ("DatePartitionEnabled", {"endpoint-date-partition"}),
        ("ServerSideEncryptionKmsKeyId", {"endpoint-encryption-key"}),
        ("EncryptionMode", {"endpoint-encryption-mode"}),
        ("CdcInsertsOnly", set()),
        ("CdcInsertsAndUpdates", set()),
        ("PreserveTransactions", set()),
        ("DatePartitionSequence", set()),
    ],
)
def test_a_missing_setting_counts_as_its_default_in_dms(linted, missing, rules):
    assert linted.errors(endpoint=without(ENDPOINT, missing)) == rules
    assert linted.errors(endpoint={**ENDPOINT, missing: None}) == rules


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"ParquetTimestampInMillisecond": "true"}, "endpoint-milliseconds"),
        ({"EnableStatistics": False}, "endpoint-statistics"),
        ({"CdcMaxBatchInterval": "86400"}, "endpoint-batch-interval"),
        ({"IncludeOpForFulLoad": True}, "endpoint-unknown-setting"),
    ],
)
def test_what_costs_less_than_data_is_a_warning(linted, changed, rule):
    assert linted.faults(endpoint={**ENDPOINT, **changed}) == {(rule, Severity.WARNING)}


def test_true_may_be_a_text_or_a_number(linted):
    for word in ("true", "True", "y", 1, "1", "YES"):
        assert linted.faults(endpoint={**ENDPOINT, "IncludeOpForFullLoad": word, "DatePartitionEnabled": word}) == set()


def test_the_stand_in_s_recommended_settings_lack_the_key_alone(linted):
    here = {name: ENDPOINT[name] for name in ENDPOINT if name not in ("EncryptionMode", "ServerSideEncryptionKmsKeyId")}
    assert linted.errors(endpoint=here) == {"endpoint-encryption-key", "endpoint-encryption-mode"}


def forms():
    attributes = ";".join(f"{name[0].lower()}{name[1:]}={str(value).lower()}" for name, value in ENDPOINT.items())
    description = {"EndpointIdentifier": "e", "EngineName": "s3", "Username": "", "S3Settings": ENDPOINT}
    source = {"EndpointIdentifier": "m", "EngineName": "mysql", "MySQLSettings": {"Port": 3306}}
    terraform = {
        "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_"): v for name, v in ENDPOINT.items()
    }
    return [
        {"S3Settings": ENDPOINT},
        {"Endpoint": description},
        {"Endpoints": [source, description]},
        {"S3Settings": json.dumps(ENDPOINT)},
        {"ExtraConnectionAttributes": attributes},
        {"EngineName": "s3", "ExtraConnectionAttributes": attributes, "S3Settings": {"BucketName": "b"}},
        attributes,
        attributes.replace(";", ";\n"),
        json.dumps(ENDPOINT, indent="\t").replace("\n", "\r\n"),
        "\ufeff" + json.dumps(ENDPOINT),
        terraform,
    ]


@pytest.mark.parametrize("form", forms(), ids=range(len(forms())))
def test_every_form_says_the_same(linted, form):
    faults = linted.faults(endpoint=form)
    assert {rule for rule, _ in faults} <= {"endpoint-said-once"}
    spoiled = form if isinstance(form, str) else json.dumps(form)
    spoiled = spoiled.replace("parquet", "csv", 1)
    assert "endpoint-data-format" in linted.errors(endpoint=spoiled)


def test_a_second_value_that_is_wrong_is_found_wherever_it_stands(linted):
    both = {"S3Settings": ENDPOINT, "ExtraConnectionAttributes": "cdcInsertsOnly=true;bucketFolder=internal_staging"}
    assert linted.faults(endpoint=both) == {
        ("endpoint-inserts-only", Severity.ERROR),
        ("endpoint-said-once", Severity.WARNING),
    }


def test_a_key_that_stands_twice_is_told_with_its_line(linted):
    text = json.dumps(ENDPOINT, indent=1).replace("{\n", '{\n "DataFormat": "csv",\n', 1)
    (found,) = [each for each in linted(endpoint=text) if each.rule == "endpoint-said-once"]
    assert (found.setting, found.place.line) == ("DataFormat", 6)


def test_a_fault_stands_at_its_line(linted):
    (found,) = [
        each
        for each in linted(endpoint={"S3Settings": {**ENDPOINT, "DataFormat": "csv"}})
        if each.severity is Severity.ERROR
    ]
    assert found.place.line == 6
    assert found.place.file.endswith("endpoint.json")
    assert (found.found, found.expected) == ("csv", "parquet")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is empty"),
        ("{", "line 1, column 2"),
        ('{\n "DataFormat": parquet\n}', "line 2, column 16"),
        ("[]", "no object"),
        ("hello", "not valid JSON"),
        ('{"a": 1}', "no setting of a DMS S3 endpoint"),
        ('{"MySQLSettings": {"Port": 1}}', "another kind of endpoint"),
        ('{"Endpoints": []}', "0 S3 endpoints"),
        ('{"S3Settings": 3}', "no object"),
        (json.dumps(MAPPINGS), "--table-mappings"),
        (json.dumps(TASK), "--task-settings"),
    ],
)
def test_a_file_that_is_something_else_is_refused_with_what_to_do(linted, content, says):
    with pytest.raises(InvalidSettings, match=says):
        linted(endpoint=content)


def test_a_file_that_is_not_there_is_told(linted):
    with pytest.raises(InvalidSettings, match="No such file"):
        read_endpoint(linted.folder / "none.json")


@pytest.mark.parametrize(
    ("folder", "faults"), [("internal_staging", 0), ("internal_staging/crm/", 1), ("elsewhere", 1), ("", 1)]
)
def test_files_for_a_deployment_s_bucket_must_lie_where_it_looks(linted, folder, faults):
    places = (StagingPlace(bucket=ENDPOINT["BucketName"], folder="internal_staging"),)
    endpoint = read_endpoint(linted.write("e.json", {**ENDPOINT, "BucketFolder": folder}))._replace(places=places)
    found = findings(ENDPOINT_RULES, {Subject.ENDPOINT: endpoint})
    assert [each.rule for each in found] == ["endpoint-staging-folder"] * faults


def test_the_example_is_read_from_where_it_is():
    assert read_endpoint(EXAMPLES / "endpoint-settings.json").strangers == ()
