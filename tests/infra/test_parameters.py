"""What an account has already, a second Region, a VPC, a second environment: the templates as their parameters make them."""

from __future__ import annotations

import json

import pytest

from infra.parameters import table
from odpf.settings import Settings
from odpf.tables import TABLES
from tests.architecture.source_tree import ROOT
from tests.infra.cloudformation import ACCOUNT, REGION, Template
from tests.infra.principals import EMBEDDED, EVERYTHING, principals, templates

STORAGE, FILES, JOB, CONFIG, WATCH = (
    f"odpf-{name}" for name in ("storage", "file-manager", "file-processor", "config-manager", "observability")
)
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/ours"


def made(stack, kind, **given):
    return Template(templates()[stack], EMBEDDED | given).resources(kind)


def test_the_page_of_parameters_is_that_of_the_templates():
    assert (ROOT / "docs" / "parameters.md").read_text() == table()


@pytest.mark.parametrize("name", ["Staging", "Raw", "Artifacts"])
def test_a_bucket_that_exists_is_not_made(name):
    left = made(STORAGE, "AWS::S3::Bucket", **{f"Create{name}Bucket": "no"})
    assert f"{name}Bucket" not in left
    assert len(left) == 2
    assert f"{name}BucketPolicy" not in made(STORAGE, "AWS::S3::BucketPolicy", **{f"Create{name}Bucket": "no"})


def test_a_key_that_exists_is_used_for_everything():
    assert made(STORAGE, "AWS::KMS::Key", ExistingKmsKeyArn=KEY) == {}
    (bucket, *_), tables = (
        list(made(STORAGE, kind, ExistingKmsKeyArn=KEY).values())
        for kind in ("AWS::S3::Bucket", "AWS::DynamoDB::GlobalTable")
    )
    assert KEY in json.dumps(bucket["BucketEncryption"])
    assert {each["Replicas"][0]["SSESpecification"]["KMSMasterKeyId"] for each in tables} == {KEY}


def test_a_topic_that_exists_is_told():
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:pager"
    assert made(WATCH, "AWS::SNS::Topic", AlarmTopicArn=topic) == {}
    alarms = made(WATCH, "AWS::CloudWatch::Alarm", AlarmTopicArn=topic)
    assert {action for alarm in alarms.values() for action in alarm["AlarmActions"]} == {topic}


def test_one_region_has_tables_of_one_region():
    tables = made(STORAGE, "AWS::DynamoDB::GlobalTable")
    assert {each["TableName"] for each in tables.values()} == {f"odpf_{schema.name}" for schema in TABLES}
    assert {len(each["Replicas"]) for each in tables.values()} == {1}
    assert all("ReplicationConfiguration" not in bucket for bucket in made(STORAGE, "AWS::S3::Bucket").values())


def test_a_second_region_gets_replicas_of_tables_and_buckets():
    whole = Template(templates()[STORAGE], EVERYTHING | {"StagingEncryption": "AES256"})
    assert {len(each["Replicas"]) for each in whole.resources("AWS::DynamoDB::GlobalTable").values()} == {2}
    buckets = whole.resources("AWS::S3::Bucket")
    rules = {name: bucket["ReplicationConfiguration"]["Rules"] for name, bucket in buckets.items()}
    assert {name: [rule["Filter"]["Prefix"] for rule in each] for name, each in rules.items()} == {
        "StagingBucket": [""],
        "RawBucket": [""],
        "ArtifactsBucket": ["batches/", "quarantine/"],
    }
    assert "KMS" not in json.dumps([buckets["StagingBucket"]["BucketEncryption"], rules["StagingBucket"]]).upper()
    assert all(rule["DeleteMarkerReplication"] == {"Status": "Enabled"} for each in rules.values() for rule in each)


def test_the_secondary_region_makes_no_tables_of_its_own():
    assert made(STORAGE, "AWS::DynamoDB::GlobalTable", RegionRole="secondary") == {}
    assert len(made(STORAGE, "AWS::S3::Bucket", RegionRole="secondary")) == 3


def test_a_raw_bucket_that_was_taken_over_takes_no_replicas():
    def denied(**given):
        (policy,) = (p for n, p in made(STORAGE, "AWS::S3::BucketPolicy", **given).items() if n.startswith("Raw"))
        return {s["Sid"] for s in policy["PolicyDocument"]["Statement"]}

    assert denied() == {"OnlyByTls"}
    assert denied(AcceptRawReplicas="no") == {"OnlyByTls", "NoReplicas"}


@pytest.mark.parametrize("stack", [FILES, JOB, CONFIG, WATCH])
def test_functions_are_in_a_vpc_only_when_subnets_are_given(stack):
    inside = made(stack, "AWS::Lambda::Function", VpcSubnetIds="subnet-1,subnet-2", VpcSecurityGroupIds="sg-1")
    assert all(
        each["VpcConfig"] == {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
        for each in inside.values()
    )
    assert all("VpcConfig" not in each for each in made(stack, "AWS::Lambda::Function").values())


@pytest.mark.parametrize("stack", [STORAGE, FILES, JOB, CONFIG, WATCH])
def test_a_permissions_boundary_bounds_every_role(stack):
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/bounds"
    bounded = Template(templates()[stack], EVERYTHING | {"PermissionsBoundaryArn": boundary}).resources(
        "AWS::IAM::Role"
    )
    assert bounded
    assert {each["PermissionsBoundary"] for each in bounded.values()} == {boundary}
    assert all("PermissionsBoundary" not in each for each in made(stack, "AWS::IAM::Role").values())


def test_functions_are_told_where_files_land():
    def places(**given):
        (function, *_) = made(FILES, "AWS::Lambda::Function", **given).values()
        return Settings.from_environment(function["Environment"]["Variables"]).staging_places

    assert [(place.bucket, place.folder) for place in places()] == [("odpf-staging", "internal_staging")]
    several = '[{"name": "crm", "bucket": "crm-exports", "folder": "a/b", "replica_of": "crm-1"}]'
    assert [(place.name, place.identity) for place in places(StagingPlaces=several)] == [("crm", "crm-1")]


def test_the_plan_is_told_by_what_a_full_load_counts_as_whole():
    def told(**given):
        function = made(JOB, "AWS::Lambda::Function", **given)["BatchManagerFunction"]
        settings = Settings.from_environment(function["Environment"]["Variables"])
        return settings.full_load_completion, settings.dms_task_arns

    tasks = tuple(f"arn:aws:dms:{REGION}:{ACCOUNT}:task:{name}" for name in ("SHOP", "CRM"))
    assert told() == ("quiet_seconds:120", ())
    assert told(FullLoadCompletion="dms", DmsTaskArns=",".join(tasks)) == ("dms", tasks)


def test_only_with_tasks_may_the_plan_ask_dms_and_only_those():
    task = f"arn:aws:dms:{REGION}:{ACCOUNT}:task:SHOP"

    def may(**given):
        policy = principals(EMBEDDED | given)["batch_manager"]
        return [(each.action, each.resource) for each in policy if each.action.startswith("dms:")]

    assert may() == []
    assert may(DmsTaskArns=task) == [("dms:DescribeTableStatistics", task)]


def test_two_environments_of_an_account_share_no_name():
    kinds = {
        "AWS::Lambda::Function": "FunctionName",
        "AWS::SQS::Queue": "QueueName",
        "AWS::Events::Rule": "Name",
        "AWS::Glue::Job": "Name",
        "AWS::StepFunctions::StateMachine": "StateMachineName",
        "AWS::Scheduler::ScheduleGroup": "Name",
        "AWS::Scheduler::Schedule": "Name",
        "AWS::CloudWatch::Alarm": "AlarmName",
        "AWS::CloudWatch::Dashboard": "DashboardName",
        "AWS::SNS::Topic": "TopicName",
        "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
        "AWS::DynamoDB::GlobalTable": "TableName",
        "AWS::Logs::LogGroup": "LogGroupName",
    }

    def names(prefix):
        return {
            (kind, each[name])
            for stack in (STORAGE, FILES, JOB, CONFIG, WATCH)
            for kind, name in kinds.items()
            for each in made(stack, kind, Prefix=prefix).values()
        }

    dev, prod = names("odpf-dev_"), names("odpf_")
    assert len(dev) == len(prod) > 40
    assert dev.isdisjoint(prod)


def test_the_templates_name_things_as_the_programs_do():
    settings = Settings.from_environment({"ODPF_PREFIX": "odpf-dev_"})
    given = {"Prefix": "odpf-dev_"}
    assert {each["QueueName"] for each in made(FILES, "AWS::SQS::Queue", **given).values()} == {
        settings.staging_queue,
        f"{settings.staging_queue}_dlq",
    }
    (machine,) = made(JOB, "AWS::StepFunctions::StateMachine", **given).values()
    (job,) = made(JOB, "AWS::Glue::Job", **given).values()
    assert (machine["StateMachineName"], job["Name"]) == (settings.state_machine_name, settings.glue_job_name)
    alarms = made(WATCH, "AWS::CloudWatch::Alarm", **given).values()
    dimensions = {d["Value"] for a in alarms for d in a["Dimensions"] if d["Name"] == "deployment"}
    assert dimensions == {settings.deployment}
