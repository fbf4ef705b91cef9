"""DynamoDB tables of the deployment, global ones from the start."""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, CfnCondition, CfnTag, Fn, Stack
from aws_cdk import aws_dynamodb as dynamodb

from infra.names import sub
from infra.parameters import Parameters
from odpf.settings import Settings
from odpf.tables import PROCESSING_TRACKER, TableSchema

_TTL = {PROCESSING_TRACKER.name: "expires_at"}
"""Heartbeats of ended job runs go by themselves; the leases' own items have no such attribute."""


def global_table(
    stack: Stack, parameters: Parameters, schema: TableSchema, key_arn: str, replicated: CfnCondition
) -> dynamodb.CfnGlobalTable:
    """One table; a global table of one Region until a second one is named, so that naming it replaces nothing."""
    shape = schema.create_table(Settings.model_construct(prefix=""))
    key_of = dynamodb.CfnGlobalTable.KeySchemaProperty
    indexes = [
        dynamodb.CfnGlobalTable.GlobalSecondaryIndexProperty(
            index_name=index["IndexName"],
            key_schema=_keys(key_of, index["KeySchema"]),
            projection=dynamodb.CfnGlobalTable.ProjectionProperty(
                projection_type=index["Projection"]["ProjectionType"]
            ),
        )
        for index in shape.get("GlobalSecondaryIndexes", ())
    ]
    ttl = _TTL.get(schema.name)
    return dynamodb.CfnGlobalTable(
        stack,
        "".join(part.capitalize() for part in schema.name.split("_")),
        table_name=sub(f"${{Prefix}}{schema.name}"),
        billing_mode=shape["BillingMode"],
        attribute_definitions=[
            dynamodb.CfnGlobalTable.AttributeDefinitionProperty(
                attribute_name=each["AttributeName"], attribute_type=each["AttributeType"]
            )
            for each in shape["AttributeDefinitions"]
        ],
        key_schema=_keys(key_of, shape["KeySchema"]),
        global_secondary_indexes=indexes or None,
        # Replication between Regions needs it; a stream that nobody reads costs nothing.
        stream_specification=dynamodb.CfnGlobalTable.StreamSpecificationProperty(stream_view_type="NEW_AND_OLD_IMAGES"),
        sse_specification=dynamodb.CfnGlobalTable.SSESpecificationProperty(sse_enabled=True, sse_type="KMS"),
        time_to_live_specification=dynamodb.CfnGlobalTable.TimeToLiveSpecificationProperty(
            attribute_name=ttl, enabled=True
        )
        if ttl
        else None,
        replicas=[
            _replica(Aws.REGION, key_arn),
            Fn.condition_if(
                replicated.logical_id,
                {
                    "Region": parameters.text("ReplicaRegion"),
                    "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                    "DeletionProtectionEnabled": True,
                    "SSESpecification": {"KMSMasterKeyId": parameters.text("ReplicaKmsKeyArn")},
                    "Tags": [{"Key": "odpf:deployment", "Value": parameters.text("Prefix")}],
                },
                Aws.NO_VALUE,
            ),
        ],
    )


def _replica(region: str, key_arn: str) -> dynamodb.CfnGlobalTable.ReplicaSpecificationProperty:
    return dynamodb.CfnGlobalTable.ReplicaSpecificationProperty(
        region=region,
        point_in_time_recovery_specification=dynamodb.CfnGlobalTable.PointInTimeRecoverySpecificationProperty(
            point_in_time_recovery_enabled=True
        ),
        deletion_protection_enabled=True,
        sse_specification=dynamodb.CfnGlobalTable.ReplicaSSESpecificationProperty(kms_master_key_id=key_arn),
        tags=[CfnTag(key="odpf:deployment", value=sub("${Prefix}"))],
    )


def _keys(property_type: Any, schema: list[dict[str, str]]) -> list[Any]:
    return [property_type(attribute_name=key["AttributeName"], key_type=key["KeyType"]) for key in schema]
