"""What a query of the raw tables through Athena needs: Athena reads catalog, tables and results with the caller's rights."""

from __future__ import annotations

from infra.names import arn, bucket_arn, catalog_arns, objects_arn, sub
from infra.roles import Statement, allow, list_raw_tables


def query_statements() -> list[Statement]:
    """Start queries, read the catalog and the tables, keep results."""
    artifacts = "ArtifactsBucketName"
    return [
        allow(
            "Query",
            [
                "athena:StartQueryExecution",
                "athena:GetQueryExecution",
                "athena:GetQueryResults",
                "athena:StopQueryExecution",
            ],
            [arn("athena", "workgroup/primary")],
        ),
        allow("ReadDatabases", ["glue:GetDatabase"], catalog_arns(tables=False)),
        allow(
            "ReadCatalog",
            ["glue:GetTable", "glue:GetTables", "glue:GetPartitions", "glue:GetPartition", "glue:BatchGetPartition"],
            catalog_arns(tables=True),
        ),
        allow(
            "ReadRawTables",
            ["s3:GetObject"],
            [sub("arn:${AWS::Partition}:s3:::${RawBucketName}/${RawDatabasePattern}*")],
        ),
        list_raw_tables(),
        allow(
            "KeepResults",
            ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
            [objects_arn(artifacts, "athena/")],
        ),
        allow("FindResultsBucket", ["s3:GetBucketLocation"], [bucket_arn(artifacts)]),
    ]
