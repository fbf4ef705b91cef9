"""Lambda functions: package, role, log group, version and alias, all alike."""

from __future__ import annotations

from typing import Any, NamedTuple

from aws_cdk import Aws, CfnDeletionPolicy, CfnTag, Duration, Fn, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs

from infra.names import LIVE, NAMES, arn, sub
from infra.parameters import Parameters
from infra.roles import Statement, allow, role, trust, use_key
from infra.suppressions import suppress

PARAMETERS = (
    "Prefix",
    "KmsKeyArn",
    "CodeBucket",
    "CodePrefix",
    "Release",
    "StagingBuckets",
    "StagingFolder",
    "StagingPlaces",
    "RawBucketName",
    "ArtifactsBucketName",
    "RawBucketReplicas",
)
"""What every stack with functions declares."""

_LOGS = "Log streams are named by the service; the log group is this function's own."
_ACCEPTED = {
    "AwsSolutions-L1": "Python 3.11 is the version of the Glue job: one code base, one version of Python everywhere.",
    "CKV_AWS_50": "No X-Ray: logs carry run, table and batch ids, and metrics come from the same documents.",
    "CKV_AWS_115": "Its queue, schedule or state machine limits how many run; reserving takes from new accounts all they have.",
    "CKV_AWS_116": "A queue with its own dead-letter queue, or the state machine, calls it and keeps what failed.",
    "CKV_AWS_117": "In a VPC when VpcSubnetIds is given; it talks to AWS APIs only.",
    "CKV_AWS_173": "The environment is encrypted with the deployment's key; it holds names, no secrets.",
    "CKV_AWS_272": "Packages are pinned by hash from lock to zip; signing needs a profile of the account.",
}


class Size(NamedTuple):
    """Memory in MB (Lambda gives CPU by it), time limit in seconds, and MB of /tmp where it is more than Lambda's usual."""

    memory: int
    seconds: int
    temporary: int | None = None


class Function(NamedTuple):
    """What others need of a function: the alias through which it is called, and its role."""

    alias_arn: str
    role: iam.CfnRole


def function(
    stack: Stack,
    parameters: Parameters,
    component: str,
    *,
    package: str,
    description: str,
    size: Size,
    statements: list[Statement],
    wildcards: str = "",
    environment: dict[str, Any] | None = None,
    managed: list[str] | None = None,
) -> Function:
    """A function of a component, with all that belongs to it.

    Args:
        stack: where it is made.
        parameters: of the stack, which declares `PARAMETERS`.
        component: names the function and its handler `lambdas.<component>.handler`.
        package: zip below `CodePrefix`.
        description: shown in the console.
        size: memory and limits.
        statements: what it may do beside writing its log and using the key.
        wildcards: why resources of the statements have a `*`.
        environment: variables beside those that all functions have.
        managed: managed policies beside the one for a VPC.
    """
    name, made = sub(NAMES.function_name(component)), _camel(component)
    group = log_group(stack, parameters, f"{made}Logs", f"/aws/lambda/{NAMES.function_name(component)}")
    vpc = parameters.given("VpcSubnetIds")
    own = role(
        stack,
        parameters,
        f"{made}Role",
        description=f"ODPF: {description}",
        trusted=trust("lambda.amazonaws.com"),
        statements=[
            allow("WriteItsLog", ["logs:CreateLogStream", "logs:PutLogEvents"], [_log_streams(component)]),
            use_key(write=True),
            *statements,
        ],
        managed=[
            *(managed or []),
            Fn.condition_if(
                vpc.logical_id,
                sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"),
                Aws.NO_VALUE,
            ).to_string(),
        ],
        wildcards=" ".join(filter(None, (_LOGS, wildcards))),
    )
    suppress(
        own,
        {"AwsSolutions-IAM4": "Only with VpcSubnetIds: network interfaces have no narrower resource than all of them."},
    )
    code = lambda_.CfnFunction(
        stack,
        f"{made}Function",
        function_name=name,
        description=description,
        runtime="python3.11",
        architectures=["x86_64"],
        handler=f"lambdas.{component}.handler",
        role=own.attr_arn,
        code=lambda_.CfnFunction.CodeProperty(
            s3_bucket=parameters.text("CodeBucket"), s3_key=sub(f"${{CodePrefix}}/{package}")
        ),
        memory_size=size.memory,
        timeout=size.seconds,
        ephemeral_storage=lambda_.CfnFunction.EphemeralStorageProperty(size=size.temporary) if size.temporary else None,
        kms_key_arn=parameters.text("KmsKeyArn"),
        logging_config=lambda_.CfnFunction.LoggingConfigProperty(log_group=group.ref),
        environment=lambda_.CfnFunction.EnvironmentProperty(
            variables={**_environment(parameters, component), **(environment or {})}
        ),
        vpc_config=Fn.condition_if(
            vpc.logical_id,
            {"SubnetIds": parameters.list("VpcSubnetIds"), "SecurityGroupIds": parameters.list("VpcSecurityGroupIds")},
            Aws.NO_VALUE,
        ),
        tags=[CfnTag(key="odpf:deployment", value=sub("${Prefix}"))],
    )
    suppress(code, _ACCEPTED)
    version = lambda_.CfnVersion(stack, f"{made}Version", function_name=code.ref, description=sub("release ${Release}"))
    # A version is replaced with every release; the older ones stay, so that the alias can be taken back to them.
    version.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
    version.cfn_options.deletion_policy = CfnDeletionPolicy.DELETE
    alias = lambda_.CfnAlias(
        stack, f"{made}Alias", function_name=code.ref, name=LIVE, function_version=version.attr_version
    )
    return Function(alias.ref, own)


def log_group(stack: Stack, parameters: Parameters, name: str, group_name: str) -> logs.CfnLogGroup:
    """A log group with retention, encrypted with the deployment's key."""
    return logs.CfnLogGroup(
        stack,
        name,
        log_group_name=sub(group_name),
        retention_in_days=parameters.number("LogRetentionDays"),
        kms_key_id=parameters.text("KmsKeyArn"),
    )


def queue_with_dead_letters(
    stack: Stack, parameters: Parameters, name: str, queue_name: str, *, function_seconds: int
) -> tuple[sqs.CfnQueue, sqs.CfnQueue]:
    """A queue and its dead-letter queue; a message is delivered five times.

    The visibility timeout is six times the function's limit (AWS Lambda guide, "Using Lambda with Amazon SQS").
    """
    fortnight = int(Duration.days(14).to_seconds())
    dead = sqs.CfnQueue(
        stack,
        f"{name}DeadLetters",
        queue_name=sub(f"{queue_name}_dlq"),
        message_retention_period=fortnight,
        kms_master_key_id=parameters.text("KmsKeyArn"),
        kms_data_key_reuse_period_seconds=3600,
    )
    suppress(dead, {"AwsSolutions-SQS3": "It is the dead-letter queue."})
    queue = sqs.CfnQueue(
        stack,
        f"{name}Queue",
        queue_name=sub(queue_name),
        visibility_timeout=6 * function_seconds,
        message_retention_period=fortnight,
        kms_master_key_id=parameters.text("KmsKeyArn"),
        kms_data_key_reuse_period_seconds=3600,
        redrive_policy={"deadLetterTargetArn": dead.attr_arn, "maxReceiveCount": 5},
    )
    return queue, dead


def read_queue(queue: sqs.CfnQueue) -> Statement:
    """What the event source mapping does with the function's role."""
    actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    return allow("ReceiveMessages", actions, [queue.attr_arn])


def feed(stack: Stack, name: str, queue: sqs.CfnQueue, fed: Function, *, at_once: int) -> None:
    """Hand a queue's messages to a function, each message failing by itself."""
    lambda_.CfnEventSourceMapping(
        stack,
        name,
        event_source_arn=queue.attr_arn,
        function_name=fed.alias_arn,
        batch_size=100,
        maximum_batching_window_in_seconds=1,
        function_response_types=["ReportBatchItemFailures"],
        scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=at_once),
    )


def on_schedule(
    stack: Stack, parameters: Parameters, name: str, fed: Function, *, schedule_name: str, expression: str, what: str
) -> None:
    """Call a function by a schedule of the deployment itself."""
    own = role(
        stack,
        parameters,
        f"{name}ScheduleRole",
        description=f"ODPF: starts {what}",
        trusted=trust("scheduler.amazonaws.com"),
        statements=[allow("CallIt", ["lambda:InvokeFunction"], [fed.alias_arn])],
    )
    made = scheduler.CfnSchedule(
        stack,
        f"{name}Schedule",
        name=sub(schedule_name),
        description=what,
        schedule_expression=expression,
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=fed.alias_arn,
            role_arn=own.attr_arn,
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                maximum_event_age_in_seconds=300, maximum_retry_attempts=2
            ),
        ),
    )
    suppress(made, {"CKV_AWS_297": "It holds the name of a function and no data; AWS's own key encrypts it."})


def _environment(parameters: Parameters, component: str) -> dict[str, Any]:
    several = parameters.given("StagingPlaces")
    one = Fn.sub(
        '[{"bucket": "${Bucket}", "folder": "${StagingFolder}"}]',
        {"Bucket": Fn.select(0, parameters.list("StagingBuckets"))},
    )
    return {
        "ODPF_PREFIX": parameters.text("Prefix"),
        "ODPF_STAGING_PLACES": Token.as_string(
            Fn.condition_if(several.logical_id, parameters.text("StagingPlaces"), one)
        ),
        "ODPF_RAW_BUCKET": parameters.text("RawBucketName"),
        "ODPF_ARTIFACTS_BUCKET": parameters.text("ArtifactsBucketName"),
        "ODPF_RAW_BUCKET_REPLICAS": Token.as_string(
            Fn.condition_if(
                parameters.given("RawBucketReplicas").logical_id, parameters.text("RawBucketReplicas"), Aws.NO_VALUE
            )
        ),
        # A new release makes a new version even where only a parameter changed.
        "ODPF_RELEASE": parameters.text("Release"),
        "POWERTOOLS_SERVICE_NAME": component,
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }


def _log_streams(component: str) -> str:
    return arn("logs", f"log-group:/aws/lambda/{NAMES.function_name(component)}:log-stream:*")


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
