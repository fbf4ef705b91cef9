"""What IAM is asked for a request, read from the requests that boto3 really sends, and the recording of them."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from odpf.adapters.clients import CLIENT_CONFIG, session_of
from odpf_local.aws.call_recorder import RECORD_VARIABLE, CallRecorder, RecordedCall
from odpf_local.aws.call_recorder import request as request_of
from odpf_local.aws.calls import Call, Request, UnknownCall, calls

ACCOUNT = "123456789012"
HERE = f"eu-west-1:{ACCOUNT}"
PASSED = (("iam:PassedToService", "scheduler.amazonaws.com"),)
SCHEDULE = {
    "GroupName": "odpf_refresh_cadences",
    "Name": "hourly",
    "ScheduleExpression": "rate(1 hour)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": "arn:aws:states:x", "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/odpf_scheduler-eu-west-1"},
}
KEY = {"raw_table_name": {"S": "a.b"}}
TRANSACTION = [
    {"ConditionCheck": {"TableName": "t1", "Key": KEY, "ConditionExpression": "a = b"}},
    {"Delete": {"TableName": "t2", "Key": KEY}},
    {"Put": {"TableName": "t3", "Item": KEY}},
    {"Delete": {"TableName": "t2", "Key": {"raw_table_name": {"S": "a.c"}}}},
]
EVENT = {"Source": "odpf", "DetailType": "odpf.table.refreshed", "Detail": "{}"}
MACHINE = f"arn:aws:states:{HERE}:stateMachine:odpf_refresh_cadence"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch):
    for name, value in {
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)


CAUGHT = []


@cache
def silent_client(component, service):
    """A client whose requests are caught and answered with nothing."""

    def answer(request, **_):
        CAUGHT.append(request)
        return AWSResponse(request.url, 200, {}, Silence())

    client = session_of(component).client(service, config=CLIENT_CONFIG)
    client.meta.events.register("before-send", answer)
    return client


def sent(service, operation, *, component=None, **arguments):
    """The environ and body of the request that a client sends, answered with nothing."""
    del CAUGHT[:]
    with suppress(Exception):  # the answer makes no sense; the request is what is wanted
        getattr(silent_client(component, service), operation)(**arguments)
    request = CAUGHT[0]
    url = urlsplit(request.url)
    body = request.body or b""
    headers = {f"HTTP_{n.upper().replace('-', '_')}": text(value) for n, value in request.headers.items()}
    environ = {
        "REQUEST_METHOD": request.method,
        "REQUEST_URI": f"{url.path}?{url.query}" if url.query else url.path,
        **{name.removeprefix("HTTP_") if name == "HTTP_CONTENT_TYPE" else name: v for name, v in headers.items()},
    }
    return environ, body.encode() if isinstance(body, str) else bytes(body if isinstance(body, bytes) else body.read())


def test_table_statistics_are_asked_of_their_task():
    arn = "arn:aws:dms:eu-west-1:123456789012:task:SHOP"
    assert asked("dms", "describe_table_statistics", ReplicationTaskArn=arn) == [f"dms:DescribeTableStatistics {arn}"]


class Silence:
    def stream(self):
        return iter(())

    def read(self, *_):
        return b""


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def asked(service, operation, *, status="200 OK", **arguments):
    """What IAM is asked, as `action resource`."""
    environ, body = sent(service, operation, **arguments)
    return [
        " ".join((call.action, call.resource, *(f"{name}={value}" for name, value in call.context)))
        for call in calls(request_of(environ, body, status), ACCOUNT)
    ]


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("get_item", {"TableName": "t", "Key": KEY}, ["GetItem table/t"]),
        ("put_item", {"TableName": "t", "Item": KEY}, ["PutItem table/t"]),
        ("update_item", {"TableName": "t", "Key": KEY}, ["UpdateItem table/t dynamodb:LeadingKeys=a.b"]),
        ("delete_item", {"TableName": "t", "Key": KEY}, ["DeleteItem table/t"]),
        ("scan", {"TableName": "t"}, ["Scan table/t"]),
        ("query", {"TableName": "t", "IndexName": "by_run"}, ["Query table/t/index/by_run"]),
        ("batch_get_item", {"RequestItems": {"t": {"Keys": [KEY]}}}, ["BatchGetItem table/t"]),
        ("batch_write_item", {"RequestItems": {"t": [{"PutRequest": {"Item": KEY}}]}}, ["BatchWriteItem table/t"]),
        (
            "transact_write_items",
            {"TransactItems": TRANSACTION},
            ["ConditionCheckItem table/t1", "DeleteItem table/t2", "PutItem table/t3"],
        ),
    ],
)
def test_dynamodb_is_asked_by_table_or_index_and_a_transaction_by_its_actions(operation, arguments, expected):
    found = [entry.replace(f"arn:aws:dynamodb:{HERE}:", "") for entry in asked("dynamodb", operation, **arguments)]
    assert found == [f"dynamodb:{entry}" for entry in expected]


OBJECT = {"Bucket": "lake", "Key": "db/t/x=K%C3 ö/a.parquet"}
PATH = "arn:aws:s3:::lake/db/t/x=K%C3 ö/a.parquet"
UPLOAD = {**OBJECT, "UploadId": "u"}


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("get_object", {**OBJECT, "Range": "bytes=-8", "IfMatch": "e"}, [f"GetObject {PATH}"]),
        ("head_object", OBJECT, [f"GetObject {PATH}"]),
        ("put_object", {**OBJECT, "Body": b"x", "IfNoneMatch": "*"}, [f"PutObject {PATH}"]),
        ("put_object", {**OBJECT, "Tagging": "done=yes"}, [f"PutObject {PATH}", f"s3:PutObjectTagging {PATH}"]),
        ("put_object_tagging", {**OBJECT, "Tagging": {"TagSet": []}}, [f"PutObjectTagging {PATH}"]),
        (
            "copy_object",
            {**OBJECT, "CopySource": "other/a b"},
            [f"PutObject {PATH}", "s3:GetObject arn:aws:s3:::other/a b"],
        ),
        ("delete_object", OBJECT, [f"DeleteObject {PATH}"]),
        ("delete_object", {**OBJECT, "IfMatch": "e"}, [f"DeleteObject {PATH}", f"s3:GetObject {PATH}"]),
        ("put_object", {**OBJECT, "Body": b"x", "IfMatch": "e"}, [f"PutObject {PATH}", f"s3:GetObject {PATH}"]),
        ("create_multipart_upload", OBJECT, [f"PutObject {PATH}"]),
        ("upload_part", {**UPLOAD, "PartNumber": 1, "Body": b"x"}, [f"PutObject {PATH}"]),
        ("complete_multipart_upload", {**UPLOAD, "MultipartUpload": {"Parts": []}}, [f"PutObject {PATH}"]),
        ("abort_multipart_upload", UPLOAD, [f"AbortMultipartUpload {PATH}"]),
        ("list_objects_v2", {"Bucket": "lake", "Prefix": "db/"}, ["ListBucket arn:aws:s3:::lake s3:prefix=db/"]),
        ("list_objects", {"Bucket": "lake"}, ["ListBucket arn:aws:s3:::lake s3:prefix="]),
        ("head_bucket", {"Bucket": "lake"}, ["ListBucket arn:aws:s3:::lake"]),
        (
            "delete_objects",
            {"Bucket": "lake", "Delete": {"Objects": [{"Key": "a&b"}, {"Key": "c", "VersionId": "v"}]}},
            ["DeleteObject arn:aws:s3:::lake/a&b", "s3:DeleteObjectVersion arn:aws:s3:::lake/c"],
        ),
    ],
)
def test_s3_is_asked_by_method_path_and_subresource(operation, arguments, expected):
    assert asked("s3", operation, **arguments) == [f"s3:{expected[0]}", *expected[1:]]


def test_an_object_that_is_not_there_takes_the_right_to_list_its_key():
    expected = [f"s3:GetObject {PATH}", f"s3:ListBucket arn:aws:s3:::lake s3:prefix={OBJECT['Key']}"]
    assert asked("s3", "head_object", status="404 NOT FOUND", **OBJECT) == expected


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("get_database", {"Name": "d"}, ["catalog", "database/d"]),
        ("create_database", {"DatabaseInput": {"Name": "d"}}, ["catalog", "database/d"]),
        ("get_table", {"DatabaseName": "d", "Name": "t"}, ["catalog", "database/d", "table/d/t"]),
        ("update_table", {"DatabaseName": "d", "TableInput": {"Name": "t"}}, ["catalog", "database/d", "table/d/t"]),
        (
            "batch_create_partition",
            {"DatabaseName": "d", "TableName": "t", "PartitionInputList": []},
            ["catalog", "database/d", "table/d/t"],
        ),
        ("start_job_run", {"JobName": "j"}, ["job/j"]),
        ("batch_stop_job_run", {"JobName": "j", "JobRunIds": ["r"]}, ["job/j"]),
    ],
)
def test_glue_is_asked_for_the_job_or_for_every_level_of_the_catalog(operation, arguments, expected):
    action = "glue:" + "".join(word.title() for word in operation.split("_"))
    assert asked("glue", operation, **arguments) == [f"{action} arn:aws:glue:{HERE}:{entry}" for entry in expected]


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "expected"),
    [
        ("scheduler", "list_schedules", {"GroupName": "g"}, ["scheduler:ListSchedules *"]),
        ("scheduler", "get_schedule", {"GroupName": "g", "Name": "n"}, [f"scheduler:GetSchedule arn:aws:scheduler:{HERE}:schedule/g/n"]),
        ("scheduler", "delete_schedule", {"GroupName": "g", "Name": "n"}, [f"scheduler:DeleteSchedule arn:aws:scheduler:{HERE}:schedule/g/n"]),
        ("scheduler", "create_schedule_group", {"Name": "g"}, [f"scheduler:CreateScheduleGroup arn:aws:scheduler:{HERE}:schedule-group/g"]),
        ("stepfunctions", "start_execution", {"stateMachineArn": MACHINE}, [f"states:StartExecution {MACHINE}"]),
        ("stepfunctions", "describe_state_machine", {"stateMachineArn": MACHINE}, [f"states:DescribeStateMachine {MACHINE}"]),
        ("lambda", "invoke", {"FunctionName": "f"}, [f"lambda:InvokeFunction arn:aws:lambda:{HERE}:function:f"]),
        ("lambda", "invoke", {"FunctionName": f"arn:aws:lambda:{HERE}:function:f:live"}, [f"lambda:InvokeFunction arn:aws:lambda:{HERE}:function:f:live"]),
        ("sqs", "send_message", {"QueueUrl": f"http://q/{ACCOUNT}/q", "MessageBody": "b"}, [f"sqs:SendMessage arn:aws:sqs:{HERE}:q"]),
        ("sns", "publish", {"TopicArn": f"arn:aws:sns:{HERE}:t", "Message": "m"}, [f"sns:Publish arn:aws:sns:{HERE}:t"]),
        ("sts", "get_caller_identity", {}, []),
        ("secretsmanager", "get_secret_value", {"SecretId": "odpf_hash_key"}, [f"secretsmanager:GetSecretValue arn:aws:secretsmanager:{HERE}:secret:odpf_hash_key-000000"]),
        ("logs", "filter_log_events", {"logGroupName": "/g/output"}, [f"logs:FilterLogEvents arn:aws:logs:{HERE}:log-group:/g/output:*"]),
        ("athena", "start_query_execution", {"QueryString": "select 1"}, [f"athena:StartQueryExecution arn:aws:athena:{HERE}:workgroup/primary"]),
        (
            "events",
            "put_events",
            {"Entries": [EVENT, EVENT]},
            [f"events:PutEvents arn:aws:events:{HERE}:event-bus/default events:source=odpf events:detail-type=odpf.table.refreshed"],
        ),
    ],
)  # fmt: skip
def test_the_other_services_are_asked_for_the_resource_they_name(service, operation, arguments, expected):
    assert asked(service, operation, **arguments) == expected


@pytest.mark.parametrize("operation", ["create_schedule", "update_schedule"])
def test_writing_a_schedule_passes_its_role(operation):
    found = asked("scheduler", operation, **SCHEDULE)
    assert found[1] == f"iam:PassRole {SCHEDULE['Target']['RoleArn']} {PASSED[0][0]}={PASSED[0][1]}"


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("dynamodb", "describe_limits", {}),
        ("s3", "list_buckets", {}),
        ("s3", "get_object_acl", OBJECT),
        ("glue", "delete_table", {"DatabaseName": "d", "Name": "t"}),
        ("sqs", "purge_queue", {"QueueUrl": "http://q/1/q"}),
        ("kms", "list_keys", {}),
    ],
)
def test_what_nobody_wrote_down_is_an_error(service, operation, arguments):
    with pytest.raises(UnknownCall, match="Add it"):
        asked(service, operation, **arguments)


def test_a_request_without_a_signature_is_an_error():
    with pytest.raises(UnknownCall, match="signed"):
        calls(Request("GET", "/lake/a", {}, {}, b""), ACCOUNT)


class TestRecording:
    @pytest.fixture
    def file(self, tmp_path):
        return tmp_path / "calls.jsonl"

    def recorded(self, file):
        return [RecordedCall.parse(line) for line in file.read_text().splitlines()]

    def test_every_distinct_call_of_a_component_is_one_line(self, file):
        recorder = CallRecorder(file, ACCOUNT)
        for component in ("file_manager", "file_manager", "batch_manager", None):
            recorder.observe(*sent("dynamodb", "scan", component=component, TableName="t"), "200 OK")
        scan = Call("dynamodb:Scan", f"arn:aws:dynamodb:{HERE}:table/t")
        assert self.recorded(file) == [RecordedCall("file_manager", scan), RecordedCall("batch_manager", scan)]

    def test_spark_names_itself_at_the_beginning(self, file):
        environ, body = sent("s3", "get_object", **OBJECT)
        environ["HTTP_USER_AGENT"] = "odpf-file_processor, Hadoop 3.3.4, aws-sdk-java/1.12.262"
        CallRecorder(file, ACCOUNT).observe(environ, body, "200 OK")
        assert self.recorded(file)[0].principal == "file_processor"

    def test_an_unknown_call_is_recorded_as_such_and_stops_nothing(self, file):
        CallRecorder(file, ACCOUNT).observe(*sent("s3", "list_buckets", component="watch"), "200 OK")
        (found,) = self.recorded(file)
        assert (found.principal, found.call) == ("watch", None)
        assert "Add it" in found.unknown

    def test_condition_keys_come_back_from_the_file(self, file):
        CallRecorder(file, ACCOUNT).observe(*sent("scheduler", "create_schedule", component="p", **SCHEDULE), "200 OK")
        assert self.recorded(file)[1].call.context == PASSED
        assert json.loads(file.read_text().splitlines()[1])["context"] == dict(PASSED)


def test_the_name_of_the_component_survives_what_clients_are_configured_with():
    environ, _ = sent("dynamodb", "scan", component="file_manager", TableName="t")
    assert "app/odpf-file_manager " in environ["HTTP_USER_AGENT"]
    assert "odpf/" in environ["HTTP_USER_AGENT"]


def test_where_an_instance_records_is_its_own_business(embedded, monkeypatch, tmp_path):
    monkeypatch.setenv(RECORD_VARIABLE, str(tmp_path / "calls.jsonl"))
    assert RECORD_VARIABLE not in embedded.environment()


def test_an_instance_records_when_it_is_asked_to(embedded, client, monkeypatch):
    assert embedded.options.record is not None
    for name, value in embedded.environment().items():
        monkeypatch.setenv(name, value)
    session_of("publisher").client("dynamodb").scan(TableName="odpf_batch_config")
    boto3.client("dynamodb").scan(TableName="odpf_raw_table_config")
    lines = [RecordedCall.parse(line) for line in embedded.options.record.read_text().splitlines()]
    assert [line.call.resource.rpartition("/")[2] for line in lines if line.principal == "publisher"] == [
        "odpf_batch_config"
    ]
