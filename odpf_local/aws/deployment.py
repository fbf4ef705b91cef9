"""The framework deployed into the embedded AWS: buckets, queues, rules, tables, functions, job, state machine."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from typing import Any

import boto3

from config_manager.manifest_event import MANIFEST_PREFIX
from odpf.settings import Settings
from odpf.tables import TABLES
from odpf_local.aws.state_machine import definition

MAX_RECEIVE_COUNT = 5
MAX_CONCURRENT_RUNS = 50
_AS_IN_THE_TEMPLATE = {
    "--datalake-formats": "hudi",
    "--conf": "spark.serializer=org.apache.spark.serializer.KryoSerializer",
}
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "*"}, "Action": "sts:AssumeRole"}],
}


class Deployment:
    """Makes the resources of one deployment through the AWS API."""

    def __init__(self, session: boto3.Session, settings: Settings, endpoint_url: str) -> None:
        self._settings = settings
        self._session = session
        self._endpoint_url = endpoint_url
        self._region = session.region_name

    def make(self, functions: Iterable[str], job_script: str, visibility_seconds: int) -> None:
        """Make everything, into an empty AWS."""
        settings = self._settings
        role = self._role()
        staging = sorted({place.bucket for place in settings.staging_places})
        self._buckets(staging)
        self._events(staging, visibility_seconds)
        self._tables()
        self._functions(functions, role)
        self._client("glue").create_job(
            Name=settings.glue_job_name,
            Role=role,
            GlueVersion="5.0",
            WorkerType="G.1X",
            NumberOfWorkers=2,
            ExecutionProperty={"MaxConcurrentRuns": MAX_CONCURRENT_RUNS},
            Command={"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": job_script},
            DefaultArguments=_AS_IN_THE_TEMPLATE,
        )
        self._client("scheduler").create_schedule_group(Name=settings.schedule_group)
        self._client("stepfunctions").create_state_machine(
            name=settings.state_machine_name, definition=definition(settings), roleArn=role
        )

    def topic(self) -> str:
        """Make the topic of the watch's notices; its ARN."""
        arn: str = self._client("sns").create_topic(Name=self._settings.alarm_topic)["TopicArn"]
        return arn

    def _client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self._endpoint_url)  # type: ignore[call-overload]

    def _role(self) -> str:
        role = self._client("iam").create_role(
            RoleName=f"{self._settings.prefix}embedded", AssumeRolePolicyDocument=json.dumps(_TRUST)
        )
        arn: str = role["Role"]["Arn"]
        return arn

    def _buckets(self, staging: list[str]) -> None:
        s3, settings = self._client("s3"), self._settings
        announcing = {*staging, settings.artifacts_bucket}
        for bucket in sorted({*announcing, settings.raw_bucket}):
            s3.create_bucket(Bucket=bucket, **self._location())
        for bucket in sorted(announcing):
            s3.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
            )

    def _location(self) -> dict[str, Any]:
        """Where a bucket is made; S3 takes us-east-1 only unsaid."""
        outside = self._region != "us-east-1"
        return {"CreateBucketConfiguration": {"LocationConstraint": self._region}} if outside else {}

    def _events(self, staging: list[str], visibility_seconds: int) -> None:
        settings = self._settings
        configuration = {
            "bucket": {"name": [settings.artifacts_bucket]},
            "object": {"key": [{"prefix": MANIFEST_PREFIX}]},
        }
        for queue, detail in (
            (settings.staging_queue, {"bucket": {"name": staging}}),
            (settings.config_queue, configuration),
        ):
            arn = self._queue(queue, visibility_seconds)
            pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}
            events = self._client("events")
            events.put_rule(Name=queue, EventPattern=json.dumps(pattern))
            events.put_targets(Rule=queue, Targets=[{"Id": queue, "Arn": arn}])

    def _queue(self, name: str, visibility_seconds: int) -> str:
        sqs = self._client("sqs")
        dead_letters = _arn(sqs, sqs.create_queue(QueueName=f"{name}_dlq")["QueueUrl"])
        redrive = {"deadLetterTargetArn": dead_letters, "maxReceiveCount": MAX_RECEIVE_COUNT}
        attributes = {"VisibilityTimeout": str(visibility_seconds), "RedrivePolicy": json.dumps(redrive)}
        return _arn(sqs, sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])

    def _tables(self) -> None:
        dynamodb = self._client("dynamodb")
        for table in TABLES:
            dynamodb.create_table(**table.create_table(self._settings))

    def _functions(self, names: Iterable[str], role: str) -> None:
        functions = self._client("lambda")
        for name in names:
            functions.create_function(
                FunctionName=name, Runtime="python3.11", Role=role, Handler="handler", Code={"ZipFile": _empty_zip()}
            )


def _arn(sqs: Any, url: str) -> str:
    arn: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return arn


def _empty_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("handler.py", "")
    return content.getvalue()
