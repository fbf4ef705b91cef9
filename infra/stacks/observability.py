"""Observability: the function watch, alarms, the topic they tell, the dashboard, and what operators may do."""

from __future__ import annotations

from typing import Any, NamedTuple

from aws_cdk import Aws, Fn, Stack, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.dashboard import body
from infra.functions import PARAMETERS, Size, function, on_schedule
from infra.names import NAMES, arn, bucket_arn, job_arn, objects_arn, state_machine_arn, sub, table_arn
from infra.parameters import Parameters
from infra.query_permissions import query_statements
from infra.reconcile_permissions import reconcile_statements
from infra.roles import VERSION, Statement, allow, know_absent, managed_policy, use_key
from infra.stacks.file_manager import list_staging
from odpf.tables import BY_DAY, BY_RUN, EPOCH_ITEM, IN_QUARANTINE

PACKAGE = "observability.zip"
_SIZE = Size(memory=1024, seconds=240)
_WATCH_MINUTES = 5


class _Alarm(NamedTuple):
    """An alarm on a metric of the whole deployment, which is there whatever cadences exist."""

    name: str
    metric: str
    what: str
    threshold: float = 0
    statistic: str = "Maximum"
    periods: int = 1
    missing: str = "notBreaching"
    below: bool = False


_ALARMS = (
    _Alarm("LagObjective", "LagObjectivesMissed", "tables are behind their cadence's lag objective: odpf status"),
    _Alarm("TablesFailed", "TablesFailed", "tables are in refresh_error: odpf status names them with the reason"),
    _Alarm(
        "OldestPendingFile",
        "TablesPendingTooLong",
        "files wait too long: odpf status, odpf files --state raw_file_landed",
    ),
    _Alarm(
        "FilesQuarantined",
        "TablesQuarantining",
        "files went to quarantine in the last day: odpf files --state quarantined",
    ),
    _Alarm("NoRun", "RunsMissed", "a cadence's run was due and did not come: odpf runs, then the schedule"),
    _Alarm(
        "NotWatched",
        "Watched",
        "the watch itself does not run: its log says why",
        threshold=1,
        statistic="Sum",
        periods=3,
        missing="breaching",
        below=True,
    ),
)


class Observability(Stack):
    """Function watch every five minutes, alarms, topic, dashboard, operator policy."""

    def __init__(self, scope: Construct, name: str, **options: Any) -> None:
        super().__init__(scope, name, description="ODPF observability: metrics, alarms, notices, dashboard", **options)
        self._parameters = Parameters(self, *PARAMETERS, "AlarmTopicArn", "RawDatabasePattern", "StagingPrefixes")
        self._deployment = Fn.select(0, Fn.split("_", self._parameters.text("Prefix")))
        self._topic_arn = self._topic()
        self._watch()
        self._alarms()
        cloudwatch.CfnDashboard(
            self,
            "Dashboard",
            dashboard_name=sub("${Prefix}${AWS::Region}"),
            dashboard_body=Fn.sub(body(), {"Deployment": self._deployment}),
        )
        managed_policy(
            self,
            "OperatorPolicy",
            description="ODPF: what odpf run, status, runs, files, query, quarantine and generation need",
            policy_name=sub("${Prefix}operator-${AWS::Region}"),
            statements=[*_operator(self._parameters), *_operator_after_trouble()],
            wildcards="Runs, tables and query results have names of their own below the deployment's prefixes.",
        )
        managed_policy(
            self,
            "ReconcilerPolicy",
            description="ODPF: what odpf reconcile needs; it reads staged files and raw tables, and keeps values that differ",
            policy_name=sub("${Prefix}reconciler-${AWS::Region}"),
            statements=reconcile_statements(self._parameters),
            wildcards="Objects, tables, indexes and query results have names of their own below the deployment's; DMS names tasks.",
        )

    def _topic(self) -> str:
        given = self._parameters.given("AlarmTopicArn")
        made = self._parameters.condition("MakesTopic", Fn.condition_not(given))
        topic = sns.CfnTopic(
            self,
            "Topic",
            topic_name=sub(NAMES.alarm_topic),
            display_name="ODPF",
            kms_master_key_id=self._parameters.text("KmsKeyArn"),
        )
        topic.cfn_options.condition = made
        policy = sns.CfnTopicPolicy(
            self,
            "TopicPolicy",
            topics=[topic.ref],
            policy_document={"Version": VERSION, "Statement": _publishers(topic)},
        )
        policy.cfn_options.condition = made
        return Token.as_string(Fn.condition_if(made.logical_id, topic.ref, self._parameters.text("AlarmTopicArn")))

    def _watch(self) -> None:
        parameters, artifacts = self._parameters, "ArtifactsBucketName"
        history = table_arn("file_tracker_history", IN_QUARANTINE)
        state = [objects_arn(artifacts, prefix) for prefix in ("health/", "cadences/", "runs/")]
        watched = function(
            self,
            parameters,
            "watch",
            package=PACKAGE,
            description="measures lag and pending files, and tells what needs a person",
            size=_SIZE,
            statements=[
                allow(
                    "ReadConfigurationAndPending",
                    ["dynamodb:Scan"],
                    [table_arn("batch_config"), table_arn("raw_table_config"), table_arn("file_tracker"), history],
                ),
                allow(
                    "ReadStates", ["dynamodb:BatchGetItem", "dynamodb:GetItem"], [table_arn("file_processing_tracker")]
                ),
                allow("ReadItsState", ["s3:GetObject"], state),
                allow("WriteItsState", ["s3:PutObject"], [objects_arn(artifacts, "health/")]),
                know_absent(artifacts, "health/", "cadences/", "runs/"),
                allow(
                    "CountDeadLetters",
                    ["sqs:GetQueueUrl", "sqs:GetQueueAttributes"],
                    [arn("sqs", f"{queue}_dlq") for queue in (NAMES.staging_queue, NAMES.config_queue)],
                ),
                allow("Tell", ["sns:Publish"], [self._topic_arn]),
            ],
            wildcards="Its own state, one object per cadence, and the summaries of runs.",
            environment={
                "ODPF_ALARM_TOPIC_ARN": self._topic_arn,
                "ODPF_TABLE_METRICS": parameters.text("TableMetrics"),
                "ODPF_OLDEST_PENDING_SECONDS": parameters.text("OldestPendingSeconds"),
            },
        )
        on_schedule(
            self,
            parameters,
            "Watch",
            watched,
            schedule_name=NAMES.function_name("watch"),
            expression=f"rate({_WATCH_MINUTES} minutes)",
            what="ODPF: measures lag and pending files",
        )

    def _alarms(self) -> None:
        for each in _ALARMS:
            self._alarm(
                each.name,
                each.what,
                namespace="ODPF",
                metric_name=each.metric,
                dimensions=[_dimension("deployment", self._deployment)],
                statistic=each.statistic,
                threshold=each.threshold,
                evaluation_periods=each.periods,
                treat_missing_data=each.missing,
                comparison_operator="LessThanThreshold" if each.below else "GreaterThanThreshold",
            )
        for name, queue in (("Staging", NAMES.staging_queue), ("Config", NAMES.config_queue)):
            self._alarm(
                f"{name}DeadLetters",
                f"messages of {name.lower()} events could not be handled, see {queue}_dlq: odpf dead-letters list",
                namespace="AWS/SQS",
                metric_name="ApproximateNumberOfMessagesVisible",
                dimensions=[_dimension("QueueName", sub(f"{queue}_dlq"))],
                statistic="Maximum",
                threshold=0,
                evaluation_periods=1,
                treat_missing_data="notBreaching",
                comparison_operator="GreaterThanThreshold",
            )
        self._alarm(
            "RunsFailed",
            "a run failed or ended with failed tables: odpf runs",
            namespace="AWS/States",
            metric_name="ExecutionsFailed",
            dimensions=[_dimension("StateMachineArn", state_machine_arn())],
            statistic="Sum",
            threshold=0,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            comparison_operator="GreaterThanThreshold",
        )

        self._alarm(
            "BatchesUnanswered",
            "invocations that process table batches ended without an answer, by an error or their timeout: the function's log",
            namespace="AWS/Lambda",
            metric_name="Errors",
            dimensions=[_dimension("FunctionName", sub(NAMES.function_name("process_batch")))],
            statistic="Sum",
            threshold=0,
            evaluation_periods=1,
            treat_missing_data="notBreaching",
            comparison_operator="GreaterThanThreshold",
        )

    def _alarm(self, name: str, what: str, **properties: Any) -> None:
        cloudwatch.CfnAlarm(
            self,
            f"{name}Alarm",
            alarm_name=sub(f"${{Prefix}}{name}-${{AWS::Region}}"),
            alarm_description=sub(f"ODPF ${{Prefix}}: {what}"),
            period=60 * _WATCH_MINUTES,
            alarm_actions=[self._topic_arn],
            ok_actions=[self._topic_arn],
            **properties,
        )


def _dimension(name: str, value: str) -> cloudwatch.CfnAlarm.DimensionProperty:
    return cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)


def _publishers(topic: sns.CfnTopic) -> list[dict[str, Any]]:
    return [
        {
            "Sid": "AlarmsTell",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": topic.ref,
            "Condition": {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        },
        {
            "Sid": "OnlyByTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sns:Publish",
            "Resource": topic.ref,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]


def _operator(parameters: Parameters) -> list[Statement]:
    artifacts = "ArtifactsBucketName"
    history, audit = "file_tracker_history", "file_processing_tracker_history"
    return [
        use_key(write=True),
        allow("ReadConfiguration", ["dynamodb:GetItem", "dynamodb:Scan"], [table_arn("batch_config")]),
        allow("ReadTables", ["dynamodb:Query", "dynamodb:Scan"], [table_arn("raw_table_config")]),
        allow(
            "ReadFiles",
            ["dynamodb:Query", "dynamodb:Scan"],
            [table_arn("file_tracker"), table_arn(history), table_arn(history, IN_QUARANTINE)],
        ),
        allow(
            "ReadStates",
            ["dynamodb:BatchGetItem"],
            [table_arn("file_processing_tracker"), table_arn("file_tracker"), table_arn(history)],
        ),
        allow(
            "ReadAuditRows", ["dynamodb:Query"], [table_arn(audit), table_arn(audit, BY_RUN), table_arn(audit, BY_DAY)]
        ),
        allow(
            "ExportState",
            ["dynamodb:Scan"],
            [table_arn("file_processing_tracker"), table_arn(audit), table_arn("config_deploy_tracker")],
        ),
        list_staging(parameters),
        allow("ReadEpoch", ["dynamodb:GetItem"], [table_arn("file_processing_tracker")]),
        allow(
            "RaiseEpoch",
            ["dynamodb:UpdateItem"],
            [table_arn("file_processing_tracker")],
            {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [EPOCH_ITEM]}},
        ),
        allow(
            "StartAndListRuns",
            ["states:StartExecution", "states:ListExecutions"],
            [state_machine_arn()],
        ),
        allow("LookAtRuns", ["states:DescribeExecution"], [arn("states", f"execution:{NAMES.state_machine_name}:*")]),
        allow("ReadRuns", ["s3:GetObject"], [objects_arn(artifacts, "runs/")]),
        know_absent(artifacts, "runs/", "athena/", "cadences/"),
        *query_statements(),
        allow("ReadLogs", ["logs:FilterLogEvents"], [arn("logs", f"log-group:{group}:*") for group in _logs_of_runs()]),
        allow("FindJobRuns", ["glue:GetJobRuns"], [job_arn()]),
        allow("ReadLastPlans", ["s3:GetObject"], [objects_arn(artifacts, "cadences/")]),
    ]


def _logs_of_runs() -> list[str]:
    """Log groups that `odpf logs` reads: those of the job, and of the functions that work for a run."""
    functions = (NAMES.function_name(component) for component in ("batch_manager", "process_batch", "summarise"))
    jobs = (f"{base}/{part}" for base in (f"/{NAMES.glue_job_name}", "/aws-glue/jobs") for part in ("output", "error"))
    return [*(f"/aws/lambda/{name}" for name in functions), *jobs]


def _operator_after_trouble() -> list[Statement]:
    """What `odpf quarantine`, `odpf generation bump`, `odpf unlock` and `odpf dead-letters` need beside: to put files back,
    to advance a table's state and give it back, to stop a job run that hangs, and to send messages back that were set aside.

    A job may neither put pending files nor take anything out of history, and no function takes dead letters away, so these
    are the rights of people alone.
    """
    artifacts = "ArtifactsBucketName"
    queues = (NAMES.staging_queue, NAMES.config_queue)
    return [
        allow("ReadQuarantine", ["s3:GetObject"], [objects_arn(artifacts, "quarantine/")]),
        allow("WriteBumpsDown", ["s3:PutObject"], [objects_arn(artifacts, "generations/")]),
        allow(
            "ListQuarantineAndBumps",
            ["s3:ListBucket"],
            [bucket_arn(artifacts)],
            {"StringLike": {"s3:prefix": ["quarantine/*", "generations/*"]}},
        ),
        allow("TakeFilesOutOfHistory", ["dynamodb:DeleteItem"], [table_arn("file_tracker_history")]),
        allow("PutFilesBack", ["dynamodb:PutItem"], [table_arn("file_tracker")]),
        allow("StopJobRuns", ["glue:GetJobRun", "glue:BatchStopJobRun"], [job_arn()]),
        allow(
            "RaiseGenerations",
            ["dynamodb:UpdateItem"],
            [table_arn("file_processing_tracker")],
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [sub("${RawDatabasePattern}.*")]}},
        ),
        allow(
            "HandleDeadLetters",
            [
                "sqs:GetQueueUrl",
                "sqs:GetQueueAttributes",
                "sqs:ReceiveMessage",
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
            ],
            [arn("sqs", f"{queue}_dlq") for queue in queues],
        ),
        allow("SendDeadLettersBack", ["sqs:GetQueueUrl", "sqs:SendMessage"], [arn("sqs", queue) for queue in queues]),
    ]
