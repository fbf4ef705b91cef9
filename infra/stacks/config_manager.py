"""Config Manager: configuration manifests put on S3, and the schedules of the cadences."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnTag, Stack
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from config_manager.manifest_event import MANIFEST_PREFIX
from infra.events import objects_created
from infra.functions import PARAMETERS, Size, feed, function, queue_with_dead_letters, read_queue
from infra.import_permissions import import_statements
from infra.names import NAMES, arn, catalog_arns, objects_arn, state_machine_arn, sub, table_arn
from infra.parameters import Parameters
from infra.roles import Statement, allow, know_absent, managed_policy, role, trust, use_key

PACKAGE = "config_manager.zip"
SCHEDULER_ROLE = "${Prefix}scheduler-${AWS::Region}"
_SIZE = Size(memory=1024, seconds=300)
_WILDCARDS = (
    "Schedules are made and removed as cadences come and go, databases as tables do; ListSchedules takes no resource."
)


class ConfigManager(Stack):
    """Event rule, queue, function config_manager; the schedule group and the one role of its schedules."""

    def __init__(self, scope: Construct, name: str, **options: Any) -> None:
        super().__init__(scope, name, description="ODPF Config Manager: configuration and schedules", **options)
        parameters = Parameters(self, *PARAMETERS, "RawDatabasePattern")
        scheduler.CfnScheduleGroup(
            self,
            "Schedules",
            name=sub(NAMES.schedule_group),
            tags=[CfnTag(key="odpf:deployment", value=sub("${Prefix}"))],
        )
        starts = role(
            self,
            parameters,
            "SchedulerRole",
            description="ODPF: schedules start refresh cadences",
            trusted=trust("scheduler.amazonaws.com"),
            statements=[allow("StartRuns", ["states:StartExecution"], [state_machine_arn()])],
            role_name=sub(SCHEDULER_ROLE),
        )
        queue, dead = queue_with_dead_letters(
            self, parameters, "Config", NAMES.config_queue, function_seconds=_SIZE.seconds
        )
        objects_created(
            self,
            "Config",
            rule_name=NAMES.config_queue,
            description="ODPF: configuration manifests put into the artifacts bucket",
            detail={
                "bucket": {"name": [parameters.text("ArtifactsBucketName")]},
                "object": {"key": [{"prefix": MANIFEST_PREFIX}]},
            },
            queue=queue,
            dead=dead,
        )
        applies = function(
            self,
            parameters,
            "config_manager",
            package=PACKAGE,
            description="applies configuration manifests put on S3",
            size=_SIZE,
            statements=[
                read_queue(queue),
                allow("ReadManifests", ["s3:GetObject"], [objects_arn("ArtifactsBucketName", MANIFEST_PREFIX)]),
                know_absent("ArtifactsBucketName", MANIFEST_PREFIX),
                *_publish(),
            ],
            wildcards=f"Manifests lie below {MANIFEST_PREFIX}. {_WILDCARDS}",
            environment={"ODPF_SCHEDULER_ROLE_ARN": starts.attr_arn},
        )
        feed(self, "ConfigEvents", queue, applies, at_once=2)
        managed_policy(
            self,
            "PublisherPolicy",
            description="ODPF: what odpf config plan, apply, show, import, history, rollback and discover need",
            policy_name=sub("${Prefix}publisher-${AWS::Region}"),
            statements=[
                use_key(write=True),
                *_publish(),
                allow("RemoveCadences", ["dynamodb:DeleteItem"], [table_arn("batch_config")]),
            ],
            wildcards=_WILDCARDS,
        )
        managed_policy(
            self,
            "ImporterPolicy",
            description="ODPF: what odpf state import needs; attach it for one import, then take it away",
            policy_name=sub("${Prefix}importer-${AWS::Region}"),
            statements=import_statements(),
            wildcards="No resource has one; tables and state machine are named.",
        )


def _publish() -> list[Statement]:
    """What publishing a configuration reads and writes, by the function, by people and by pipelines."""
    group = NAMES.schedule_group
    return [
        allow(
            "ReadConfiguration",
            ["dynamodb:Scan"],
            [table_arn("batch_config"), table_arn("raw_table_config"), table_arn("config_deploy_tracker")],
        ),
        allow("ReadDeployments", ["dynamodb:GetItem"], [table_arn("config_deploy_tracker")]),
        allow("ReadStates", ["dynamodb:BatchGetItem"], [table_arn("file_processing_tracker")]),
        allow("WriteCadences", ["dynamodb:PutItem"], [table_arn("batch_config"), table_arn("config_deploy_tracker")]),
        allow("WriteTables", ["dynamodb:BatchWriteItem"], [table_arn("raw_table_config")]),
        allow("MakeDatabases", ["glue:GetDatabase", "glue:CreateDatabase"], catalog_arns(tables=False)),
        allow("SeeColumns", ["glue:GetTable"], catalog_arns(tables=True)),
        allow("ListSchedules", ["scheduler:ListSchedules"], ["*"]),
        allow(
            "WriteSchedules",
            [
                "scheduler:GetSchedule",
                "scheduler:CreateSchedule",
                "scheduler:UpdateSchedule",
                "scheduler:DeleteSchedule",
            ],
            [arn("scheduler", f"schedule/{group}/*")],
        ),
        allow("FindGroup", ["scheduler:GetScheduleGroup"], [arn("scheduler", f"schedule-group/{group}")]),
        allow("FindStateMachine", ["states:DescribeStateMachine"], [state_machine_arn()]),
        allow(
            "HandRoleToSchedules",
            ["iam:PassRole"],
            [sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{SCHEDULER_ROLE}")],
            {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
        ),
    ]
