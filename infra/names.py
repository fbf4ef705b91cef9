"""Names and ARNs of a deployment's resources, as CloudFormation text with the stack's parameters in it.

Resources are named by convention from `Prefix`, by the same `Settings` that the programs read, so stacks need no exports
from one another and can be deployed apart.
"""

from __future__ import annotations

from aws_cdk import Fn

from odpf.settings import Settings

NAMES = Settings.model_construct(prefix="${Prefix}")
"""The deployment's names with the parameter `Prefix` in place of a prefix."""


def sub(text: str) -> str:
    """Text in which CloudFormation puts parameters and pseudo parameters, written `${Name}`."""
    return Fn.sub(text)


def arn(service: str, resource: str) -> str:
    """The ARN of a resource in the stack's account and Region; `resource` may name parameters."""
    return sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}")


def table_arn(table: str, index: str | None = None) -> str:
    """A DynamoDB table of the deployment, or an index of it."""
    return arn("dynamodb", f"table/{NAMES.table(table)}{f'/index/{index}' if index else ''}")


def bucket_arn(parameter: str) -> str:
    """The bucket that a parameter names."""
    return sub(f"arn:${{AWS::Partition}}:s3:::${{{parameter}}}")


def objects_arn(parameter: str, prefix: str = "") -> str:
    """Objects below a prefix of the bucket that a parameter names."""
    return sub(f"arn:${{AWS::Partition}}:s3:::${{{parameter}}}/{prefix}*")


def each_bucket_arn(buckets: list[str]) -> list[str]:
    """Every bucket of a list parameter. A join's delimiter cannot name the partition, so this holds in `aws` only."""
    start = "arn:aws:s3:::"
    return Fn.split(",", Fn.join("", [start, Fn.join(f",{start}", buckets)]))


def each_objects_arn(buckets: list[str]) -> list[str]:
    """All objects of every bucket of a list parameter, in the partition `aws`."""
    start = "arn:aws:s3:::"
    return Fn.split(",", Fn.join("", [start, Fn.join(f"/*,{start}", buckets), "/*"]))


def state_machine_arn() -> str:
    """The state machine that every cadence starts."""
    return arn("states", f"stateMachine:{NAMES.state_machine_name}")


def job_arn() -> str:
    """The one Glue job."""
    return arn("glue", f"job/{NAMES.glue_job_name}")


def catalog_arns(*, tables: bool) -> list[str]:
    """The Data Catalog, its raw databases, and their tables; Glue checks every level (Glue guide, resource ARNs)."""
    names = ["catalog", "database/${RawDatabasePattern}", *(["table/${RawDatabasePattern}/*"] if tables else [])]
    return [arn("glue", name) for name in names]


def function_alias_arn(component: str) -> str:
    """The alias through which everything calls a function."""
    return arn("lambda", f"function:{NAMES.function_name(component)}:{LIVE}")


LIVE = "live"
"""The alias of the version in use; pointing it to an older version takes a release back."""
