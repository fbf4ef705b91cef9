"""What `odpf reconcile` needs: of the deployment to read, staged files too, and of its own to write reports and events alone."""

from __future__ import annotations

from infra.names import arn, bucket_arn, each_objects_arn, objects_arn, table_arn
from infra.parameters import Parameters
from infra.query_permissions import query_statements
from infra.roles import Statement, allow, use_key
from odpf.table_refreshed import SOURCE
from odpf.tables import IN_QUARANTINE


def reconcile_statements(parameters: Parameters) -> list[Statement]:
    """Read configuration, trackers, ledger, audit, quarantine and staged files; query; keep reports; tell of drift."""
    artifacts, history = "ArtifactsBucketName", "file_tracker_history"
    return [
        use_key(write=True),
        allow("ReadTables", ["dynamodb:Query", "dynamodb:Scan"], [table_arn("raw_table_config")]),
        allow(
            "ReadFiles",
            ["dynamodb:Query", "dynamodb:BatchGetItem"],
            [table_arn("file_tracker"), table_arn(history), table_arn(history, IN_QUARANTINE)],
        ),
        allow("ReadStates", ["dynamodb:GetItem"], [table_arn("file_processing_tracker")]),
        allow("ReadAuditRows", ["dynamodb:Query"], [table_arn("file_processing_tracker_history")]),
        allow("ReadStagedFiles", ["s3:GetObject"], each_objects_arn(parameters.list("StagingBuckets"))),
        allow("ReadQuarantine", ["s3:GetObject"], [objects_arn(artifacts, "quarantine/")]),
        allow("KeepReports", ["s3:GetObject", "s3:PutObject"], [objects_arn(artifacts, "reconciliations/")]),
        allow(
            "ListQuarantineAndReports",
            ["s3:ListBucket"],
            [bucket_arn(artifacts)],
            {"StringLike": {"s3:prefix": ["quarantine/*", "reconciliations/*", "athena/*"]}},
        ),
        *query_statements(),
        allow("AskDms", ["dms:DescribeTableStatistics"], [arn("dms", "task:*")]),
        allow(
            "TellOfDrift",
            ["events:PutEvents"],
            [arn("events", "event-bus/default")],
            {"StringEquals": {"events:source": SOURCE}},
        ),
    ]
