"""File Manager: S3 events to the file tracker, and the retention of staged files."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra.events import objects_created
from infra.functions import PARAMETERS, Size, feed, function, on_schedule, queue_with_dead_letters, read_queue
from infra.names import NAMES, each_bucket_arn, each_objects_arn, objects_arn, table_arn
from infra.parameters import Parameters
from infra.roles import Statement, allow, know_absent, role, trust, use_key

PACKAGE = "file_manager.zip"
_SIZE = Size(memory=512, seconds=60)
_RETENTION = Size(memory=512, seconds=900)


class FileManager(Stack):
    """Event rule, queue with dead letters, and the functions file_manager and retention."""

    def __init__(self, scope: Construct, name: str, **options: Any) -> None:
        super().__init__(scope, name, description="ODPF File Manager: landed files to the file tracker", **options)
        parameters = Parameters(self, *PARAMETERS, "StagingPrefixes", "RetentionDays")
        buckets = parameters.list("StagingBuckets")
        queue, dead = queue_with_dead_letters(
            self, parameters, "Staging", NAMES.staging_queue, function_seconds=_SIZE.seconds
        )
        objects_created(
            self,
            "Staging",
            rule_name=NAMES.staging_queue,
            description="ODPF: objects put into the staging buckets",
            detail={"bucket": {"name": buckets}},
            queue=queue,
            dead=dead,
        )
        registers = function(
            self,
            parameters,
            "file_manager",
            package=PACKAGE,
            description="records every landed file in the file tracker",
            size=_SIZE,
            statements=[read_queue(queue), *register_files()],
        )
        feed(self, "StagingEvents", queue, registers, at_once=10)
        removes = function(
            self,
            parameters,
            "retention",
            package=PACKAGE,
            description="removes staged files that were processed before the replay window",
            size=_RETENTION,
            statements=[
                allow("ReadHistory", ["dynamodb:BatchGetItem"], [table_arn("file_tracker_history")]),
                allow("ReadEpoch", ["dynamodb:GetItem"], [table_arn("file_processing_tracker")]),
                list_staging(parameters),
                # S3 takes a condition on the ETag of a deletion only from who may read the object.
                allow("RemoveStagedFiles", ["s3:GetObject", "s3:DeleteObject"], each_objects_arn(buckets)),
                allow(
                    "KeepPosition", ["s3:GetObject", "s3:PutObject"], [objects_arn("ArtifactsBucketName", "retention/")]
                ),
                know_absent("ArtifactsBucketName", "retention/"),
            ],
            wildcards="Files lie below the staging places, whose keys DMS makes; only objects of these buckets.",
            environment={"ODPF_RETENTION_DAYS": parameters.text("RetentionDays")},
        )
        on_schedule(
            self,
            parameters,
            "Retention",
            removes,
            schedule_name=NAMES.function_name("retention"),
            expression="cron(17 3 * * ? *)",
            what="ODPF: daily retention of staged files",
        )
        self._dms(parameters)

    def _dms(self, parameters: Parameters) -> None:
        """The role that a DMS endpoint writes with (DMS guide, "Prerequisites for using Amazon S3 as a target")."""
        buckets = parameters.list("StagingBuckets")
        wanted = parameters.equals("CreateDmsRole", "yes", "MakesDmsRole")
        writes = role(
            self,
            parameters,
            "DmsRole",
            description="ODPF: DMS writes full loads and changes into the staging buckets",
            trusted=trust("dms.amazonaws.com"),
            statements=[
                use_key(write=True),
                allow(
                    "WriteStagedFiles",
                    ["s3:PutObject", "s3:DeleteObject", "s3:PutObjectTagging"],
                    each_objects_arn(buckets),
                ),
                allow("ListStagedFiles", ["s3:ListBucket"], each_bucket_arn(buckets)),
            ],
            wildcards="DMS makes the keys below the endpoint's folder.",
        )
        writes.cfn_options.condition = wanted
        made = CfnOutput(
            self, "DmsRoleArn", value=writes.attr_arn, description="ServiceAccessRoleArn of DMS S3 endpoints."
        )
        made.condition = wanted


def register_files() -> list[Statement]:
    """What registering a landed file, or setting it aside for its name, writes and checks."""
    return [
        allow("RegisterFiles", ["dynamodb:PutItem"], [table_arn("file_tracker")]),
        allow("CheckHistory", ["dynamodb:GetItem", "dynamodb:PutItem"], [table_arn("file_tracker_history")]),
    ]


def list_staging(parameters: Parameters) -> Statement:
    """List the staging places, and nothing else of their buckets."""
    condition = {"StringLike": {"s3:prefix": parameters.list("StagingPrefixes")}}
    return allow("ListStaging", ["s3:ListBucket"], each_bucket_arn(parameters.list("StagingBuckets")), condition)
