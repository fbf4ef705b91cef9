"""IAM roles and policies: one role per principal, statements without wildcards in actions."""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, CfnTag, Fn, Stack
from aws_cdk import aws_iam as iam

from infra.names import bucket_arn, sub
from infra.parameters import Parameters
from infra.suppressions import WILDCARD, suppress

Statement = dict[str, Any]
VERSION = "2012-10-17"
_SAYS_THE_ACCOUNT = {"scheduler.amazonaws.com", "states.amazonaws.com"}
"""Services documented to give aws:SourceAccount when they assume a role; Lambda, Glue and S3 replication are not."""


def allow(sid: str, actions: list[str], resources: Any, condition: dict[str, Any] | None = None) -> Statement:
    """One statement; `sid` says what for."""
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement


def document(statements: list[Statement]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": VERSION, "Statement": statements}


def trust(service: str) -> dict[str, Any]:
    """A service may assume the role; where it says for which account it asks, only for this one (no confused deputy)."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if service in _SAYS_THE_ACCOUNT:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
    return {"Version": VERSION, "Statement": [statement]}


def role(
    stack: Stack,
    parameters: Parameters,
    name: str,
    *,
    description: str,
    trusted: dict[str, Any],
    statements: list[Statement],
    role_name: str | None = None,
    managed: list[Any] | None = None,
    wildcards: str | None = None,
) -> iam.CfnRole:
    """A role with one inline policy.

    Args:
        stack: where it is made.
        parameters: of the stack.
        name: logical id.
        description: what it is for, shown in the console.
        trusted: who may assume it.
        statements: what it may do.
        role_name: physical name, where others have to know it; else CloudFormation's.
        managed: managed policies beside the inline one.
        wildcards: why a `*` in a resource is needed, when there is one.
    """
    boundary = parameters.given("PermissionsBoundaryArn")
    made = iam.CfnRole(
        stack,
        name,
        assume_role_policy_document=trusted,
        description=description,
        role_name=role_name,
        managed_policy_arns=managed,
        permissions_boundary=Fn.condition_if(
            boundary.logical_id, parameters.text("PermissionsBoundaryArn"), Aws.NO_VALUE
        ).to_string(),
        policies=[
            iam.CfnRole.PolicyProperty(policy_name="what_it_may_do", policy_document=document(statements)),
        ],
        tags=[CfnTag(key="odpf:deployment", value=sub("${Prefix}"))],
    )
    if wildcards:
        suppress(made, {WILDCARD: wildcards})
    return made


def managed_policy(
    stack: Stack, name: str, *, description: str, policy_name: str, statements: list[Statement], wildcards: str
) -> iam.CfnManagedPolicy:
    """A policy for people and pipelines to be attached to roles that are not this deployment's."""
    made = iam.CfnManagedPolicy(
        stack,
        name,
        description=description,
        managed_policy_name=policy_name,
        policy_document=document(statements),
    )
    suppress(made, {WILDCARD: wildcards})
    return made


def use_key(*, write: bool) -> Statement:
    """Read what is encrypted with the deployment's key; `write`: encrypt, too."""
    actions = ["kms:Decrypt", *(["kms:GenerateDataKey"] if write else [])]
    return allow("EncryptAndDecrypt" if write else "Decrypt", actions, [sub("${KmsKeyArn}")])


def know_absent(bucket: str, *prefixes: str) -> Statement:
    """Tell that an object is not there: without it S3 answers 403 where the program has to see a 404.

    Args:
        bucket: parameter that names the bucket.
        prefixes: of the keys that are asked for.
    """
    condition = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}}
    return allow("KnowWhatIsAbsent", ["s3:ListBucket"], [bucket_arn(bucket)], condition)


def list_raw_tables() -> Statement:
    """List the raw tables' folders, and nothing else of their bucket."""
    condition = {"StringLike": {"s3:prefix": [sub("${RawDatabasePattern}*")]}}
    return allow("ListRawTables", ["s3:ListBucket"], [bucket_arn("RawBucketName")], condition)
