"""What whoever processes table batches may do: the Glue job and the Lambda function."""

from __future__ import annotations

from infra.names import NAMES, arn, catalog_arns, each_objects_arn, job_arn, objects_arn, sub, table_arn
from infra.parameters import Parameters
from infra.roles import Statement, allow, know_absent, list_raw_tables, use_key
from infra.stacks.file_manager import list_staging
from odpf.table_refreshed import SOURCE


def job_statements() -> list[Statement]:
    """What the job needs as a job of Glue, with Spark, and to stop one that hangs."""
    artifacts = "ArtifactsBucketName"
    return [
        allow("ReadPackages", ["s3:GetObject"], [sub("arn:${AWS::Partition}:s3:::${CodeBucket}/${CodePrefix}/glue/*")]),
        allow(
            "WriteLogs",
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
            [
                arn("logs", f"log-group:/{NAMES.glue_job_name}*"),
                arn("logs", "log-group:/aws-glue/jobs/*"),
            ],
        ),
        use_key(write=True),
        allow("CopyWhatSparkCannotRead", ["s3:GetObject", "s3:PutObject"], [objects_arn(artifacts, "scratch/")]),
        # Without a slash: Spark looks for a file in place of the folder, and EMRFS marks folders by objects beside them.
        allow(
            "WriteQuarantine",
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            [objects_arn(artifacts, "quarantine")],
        ),
        know_absent(artifacts, "scratch/", "quarantine"),
        allow(
            "DropPartitions", ["glue:BatchDeletePartition"], catalog_arns(tables=True)
        ),  # of a rebuilt table that moves
        allow("StopDeadOwners", ["glue:BatchStopJobRun"], [job_arn()]),
    ]


def batch_statements(parameters: Parameters) -> list[Statement]:
    """What whoever processes table batches does, the job or the function: the rest of a batch, or a report, it leaves in `runs/`."""
    staging, artifacts = parameters.list("StagingBuckets"), "ArtifactsBucketName"
    tracker = table_arn("file_processing_tracker")
    return [
        allow("ReadManifests", ["s3:GetObject"], [objects_arn(artifacts, prefix) for prefix in ("runs/", "batches/")]),
        allow(
            "WriteBatches",
            ["s3:PutObject"],
            [objects_arn(artifacts, prefix) for prefix in ("batches/", "quarantine/", "runs/")],
        ),
        know_absent(artifacts, "runs/", "batches/"),
        allow("ReadStagedFiles", ["s3:GetObject"], each_objects_arn(staging)),
        list_staging(parameters),
        allow(
            "WriteRawTables",
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            [sub("arn:${AWS::Partition}:s3:::${RawBucketName}/${RawDatabasePattern}*")],
        ),
        list_raw_tables(),
        allow(
            "TakeTables",
            ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"],
            [tracker],
        ),
        allow("FinishPending", ["dynamodb:DeleteItem"], [table_arn("file_tracker")]),
        allow(
            "FinishFiles",
            ["dynamodb:PutItem", "dynamodb:BatchGetItem", "dynamodb:Query"],
            [table_arn("file_tracker_history")],
        ),
        allow("Audit", ["dynamodb:PutItem"], [table_arn("file_processing_tracker_history")]),
        allow("PublishTables", ["glue:GetDatabase", "glue:CreateDatabase"], catalog_arns(tables=False)),
        allow(
            "PublishPartitions",
            [
                "glue:GetTable",
                "glue:CreateTable",
                "glue:UpdateTable",
                "glue:GetPartitions",
                "glue:BatchCreatePartition",
                "glue:BatchUpdatePartition",
            ],
            catalog_arns(tables=True),
        ),
        allow("LookAtOwners", ["glue:GetJobRun"], [job_arn()]),
        allow("ReadHashKey", ["secretsmanager:GetSecretValue"], [arn("secretsmanager", "secret:${Prefix}hash_key*")]),
        allow(
            "TellOfRefreshedTables",
            ["events:PutEvents"],
            [arn("events", "event-bus/default")],
            {"StringEquals": {"events:source": SOURCE}},
        ),
    ]


def vpc_statements() -> list[Statement]:
    """What Glue does with the job's role where GlueConnectionName puts the job into a VPC."""
    return [
        allow(
            "ReadConnection",
            ["glue:GetConnection"],
            [arn("glue", "catalog"), arn("glue", "connection/${GlueConnectionName}")],
        ),
        allow(
            "SeeNetwork",
            [
                "ec2:DescribeSubnets",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeVpcEndpoints",
                "ec2:DescribeRouteTables",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeVpcAttribute",
            ],
            ["*"],
        ),
        allow(
            "MakeNetworkInterfaces",
            ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"],
            [
                arn("ec2", "network-interface/*"),
                arn("ec2", "subnet/*"),
                arn("ec2", "security-group/*"),
            ],
        ),
        allow(
            "TagThem",
            ["ec2:CreateTags", "ec2:DeleteTags"],
            [arn("ec2", "network-interface/*")],
            {"ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]}},
        ),
    ]
