"""File Processor: the functions of plan, small batches and summary, the one Glue job, the state machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aws_cdk import Aws, Fn, Stack, Token
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from file_processor import work_size
from infra.batch_permissions import batch_statements, job_statements, vpc_statements
from infra.functions import PARAMETERS, Function, Size, function, log_group
from infra.names import (
    NAMES,
    job_arn,
    objects_arn,
    sub,
    table_arn,
)
from infra.parameters import Parameters
from infra.roles import allow, document, know_absent, role, trust
from infra.stacks.file_manager import list_staging, register_files
from infra.suppressions import WILDCARD, suppress
from odpf.tables import BY_RUN

PACKAGE = "file_processor.zip"
BATCH_PACKAGE = "process_batch.zip"
DEFINITION = Path(__file__).parents[1] / "state_machine.asl.json"
_PLAN = Size(memory=1769, seconds=900)  # one whole vCPU; a plan of thousands of tables lists and packs
_SUMMARY = Size(memory=1024, seconds=300)
_BATCH = Size(memory=work_size.MEMORY_MB, seconds=work_size.TIMEOUT_SECONDS, temporary=work_size.TEMPORARY_MB)
_RUNS = "Run manifests lie below runs/<run id>/."


class FileProcessor(Stack):
    """Functions batch_manager, process_batch and summarise, Glue job, state machine."""

    def __init__(self, scope: Construct, name: str, *, wheels: list[str], **options: Any) -> None:
        """Make the stack.

        Args:
            scope: the app.
            name: of the stack.
            wheels: file names of the job's wheels below `<CodePrefix>/glue/wheels/`.
            options: of the stack.
        """
        super().__init__(scope, name, description="ODPF File Processor: plan, Glue job, state machine", **options)
        self._parameters = Parameters(self, *PARAMETERS, "StagingPrefixes", "RawDatabasePattern")
        batch = self._process_batch()
        self._process_tables(self._job(wheels), batch.role)
        self._state_machine(self._batch_manager(), batch, self._summarise())

    def _batch_manager(self) -> Function:
        statements = [
            *register_files(),
            allow("ReadCadence", ["dynamodb:GetItem"], [table_arn("batch_config")]),
            allow("ReadTables", ["dynamodb:Scan"], [table_arn("raw_table_config")]),
            allow(
                "ReadPending", ["dynamodb:Scan", "dynamodb:Query", "dynamodb:BatchGetItem"], [table_arn("file_tracker")]
            ),
            allow("ReadDone", ["dynamodb:BatchGetItem", "dynamodb:Query"], [table_arn("file_tracker_history")]),
            allow(
                "ReadStates",
                ["dynamodb:BatchGetItem", "dynamodb:GetItem"],
                [table_arn("file_processing_tracker")],
            ),
            list_staging(self._parameters),
            allow(
                "WriteManifests",
                ["s3:PutObject"],
                [objects_arn("ArtifactsBucketName", "runs/"), objects_arn("ArtifactsBucketName", "cadences/")],
            ),
            allow(
                "ReadSummaries",
                ["s3:GetObject"],
                [objects_arn("ArtifactsBucketName", "runs/"), objects_arn("ArtifactsBucketName", "cadences/")],
            ),
            know_absent("ArtifactsBucketName", "runs/", "cadences/"),
        ]
        asks_dms, tasks = self._parameters.given("DmsTaskArns"), self._parameters.list("DmsTaskArns")
        made = function(
            self,
            self._parameters,
            "batch_manager",
            package=PACKAGE,
            description="plans a run of a refresh cadence",
            size=_PLAN,
            statements=statements,
            wildcards=_RUNS,
            environment={
                "ODPF_FULL_LOAD_COMPLETION": self._parameters.text("FullLoadCompletion"),
                "ODPF_DMS_TASK_ARNS": Token.as_string(
                    Fn.condition_if(asks_dms.logical_id, Fn.join(",", tasks), Aws.NO_VALUE)
                ),
            },
        )
        policy = iam.CfnPolicy(
            self,
            "AskDms",
            policy_name="what_full_loads_need",
            policy_document=document([allow("ReadTableStatistics", ["dms:DescribeTableStatistics"], tasks)]),
            roles=[made.role.ref],
        )
        policy.cfn_options.condition = asks_dms
        return made

    def _process_batch(self) -> Function:
        return function(
            self,
            self._parameters,
            "process_batch",
            package=BATCH_PACKAGE,
            description="processes batches of small tables",
            size=_BATCH,
            statements=[],
            managed=[self._more()],
        )

    def _process_tables(self, *roles: iam.CfnRole) -> None:
        """The job and the function do the same with a table: one policy, which both roles have."""
        policy = iam.CfnPolicy(
            self,
            "ProcessTables",
            policy_name="what_a_table_batch_needs",
            policy_document=document(batch_statements(self._parameters)),
            roles=[role.ref for role in roles],
        )
        suppress(
            policy,
            {
                WILDCARD: "Keys below the staging places are DMS's, those below the raw databases Hudi's; tables come and go "
                "without a deployment.",
            },
        )

    def _more(self) -> str:
        """The policy that an account adds for whatever processes tables."""
        given = self._parameters.given("AdditionalJobPolicyArn")
        policy = self._parameters.text("AdditionalJobPolicyArn")
        return Fn.condition_if(given.logical_id, policy, Aws.NO_VALUE).to_string()

    def _summarise(self) -> Function:
        return function(
            self,
            self._parameters,
            "summarise",
            package=PACKAGE,
            description="summarises a run of a refresh cadence",
            size=_SUMMARY,
            statements=[
                allow("ReadManifest", ["s3:GetObject"], [objects_arn("ArtifactsBucketName", "runs/")]),
                allow("WriteSummary", ["s3:PutObject"], [objects_arn("ArtifactsBucketName", "runs/")]),
                allow(
                    "ReadAuditRows",
                    ["dynamodb:Query"],
                    [
                        table_arn("file_processing_tracker_history"),
                        table_arn("file_processing_tracker_history", BY_RUN),
                    ],
                ),
                allow("ReadDpuSeconds", ["glue:GetJobRun"], [job_arn()]),
            ],
            wildcards=_RUNS,
        )

    def _job(self, wheels: list[str]) -> iam.CfnRole:
        parameters, stack = self._parameters, self
        connected = parameters.given("GlueConnectionName")
        groups = f"/{NAMES.glue_job_name}"
        for stream in ("output", "error"):
            log_group(stack, parameters, f"Job{stream.capitalize()}Logs", f"{groups}/{stream}")
        own = role(
            stack,
            parameters,
            "JobRole",
            description="ODPF: processes table batches",
            trusted=trust("glue.amazonaws.com"),
            statements=job_statements(),
            managed=[self._more()],
            wildcards="Packages, copies and quarantined rows lie below prefixes of their own; Glue makes log groups.",
        )
        connection = iam.CfnPolicy(
            stack,
            "JobInVpc",
            policy_name="what_a_connection_needs",
            policy_document={"Version": "2012-10-17", "Statement": vpc_statements()},
            roles=[own.ref],
        )
        connection.cfn_options.condition = connected
        suppress(
            connection,
            {
                "AwsSolutions-IAM5": "Only with GlueConnectionName: Glue makes network interfaces with the job's role, "
                "and EC2 has no narrower resource for describing them.",
                "CKV_AWS_111": "Only with GlueConnectionName: network interfaces are made before they have a name.",
            },
        )
        code = "s3://${CodeBucket}/${CodePrefix}/glue"
        job = glue.CfnJob(
            stack,
            "Job",
            name=sub(NAMES.glue_job_name),
            description="ODPF: processes one table batch of a run",
            role=own.attr_arn,
            glue_version=parameters.text("GlueVersion"),
            worker_type="G.1X",  # every run says its own, from the cadence
            number_of_workers=2,
            timeout=parameters.number("JobTimeoutMinutes"),
            max_retries=0,  # the next run goes on where this one ended; a retry of the service would meet its own lease
            execution_property=glue.CfnJob.ExecutionPropertyProperty(
                max_concurrent_runs=parameters.number("MaxConcurrentJobRuns")
            ),
            command=glue.CfnJob.JobCommandProperty(
                name="glueetl", python_version="3", script_location=sub(f"{code}/process_batch.py")
            ),
            connections=Fn.condition_if(
                connected.logical_id, {"Connections": [parameters.text("GlueConnectionName")]}, Aws.NO_VALUE
            ),
            default_arguments={
                "--datalake-formats": "hudi",
                "--conf": "spark.serializer=org.apache.spark.serializer.KryoSerializer",
                "--enable-auto-scaling": "true",
                "--extra-py-files": sub(f"{code}/odpf.zip"),
                "--additional-python-modules": sub(",".join(f"{code}/wheels/{wheel}" for wheel in wheels)),
                # Wheels are all there is: the job never asks a package index, so it runs in a VPC without internet.
                "--python-modules-installer-option": "--no-index --no-deps",
                "--custom-logGroup-prefix": sub(groups),
            },
            tags={"odpf:deployment": parameters.text("Prefix")},
        )
        reason = (
            "The deployment's key encrypts its logs and buckets, and it keeps no bookmarks: a security configuration would "
            "only rename its log groups."
        )
        suppress(job, dict.fromkeys(("AwsSolutions-GL1", "AwsSolutions-GL3", "CKV_AWS_195"), reason))
        return own

    def _state_machine(self, plan: Function, batch: Function, summary: Function) -> None:
        own = role(
            self,
            self._parameters,
            "StateMachineRole",
            description="ODPF: runs of refresh cadences",
            trusted=trust("states.amazonaws.com"),
            statements=[
                allow(
                    "PlanProcessAndSummarise",
                    ["lambda:InvokeFunction"],
                    [plan.alias_arn, batch.alias_arn, summary.alias_arn],
                ),
                allow(
                    "RunTheJob",
                    ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"],
                    [job_arn()],
                ),
            ],
        )
        machine = stepfunctions.CfnStateMachine(
            self,
            "StateMachine",
            state_machine_name=sub(NAMES.state_machine_name),
            role_arn=own.attr_arn,
            definition_string=json.dumps(json.loads(DEFINITION.read_text()), separators=(",", ":")),
            definition_substitutions={
                "BatchManagerFunction": plan.alias_arn,
                "ProcessBatchFunction": batch.alias_arn,
                "SummariseFunction": summary.alias_arn,
                "GlueJobName": sub(NAMES.glue_job_name),
            },
            tags=[
                stepfunctions.CfnStateMachine.TagsEntryProperty(key="odpf:deployment", value=sub("${Prefix}")),
            ],
        )
        told = (
            "Log delivery needs actions on every log group of the account. Step Functions keeps each execution's history "
            "for 90 days, and plan and summary of every run lie in the artifacts bucket."
        )
        suppress(
            machine,
            {
                "AwsSolutions-SF1": told,
                "CKV_AWS_285": told,
                "AwsSolutions-SF2": "No X-Ray: its actions have no resource; run ids join the logs.",
                "CKV_AWS_284": "No X-Ray: its actions have no resource; run ids join the logs.",
            },
        )
