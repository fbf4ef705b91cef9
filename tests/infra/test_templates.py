"""The templates as a platform team gets them: checked, deterministic, usable without CDK, and safe to remove."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from file_processor import work_size
from infra.deploy import Component
from odpf.metrics import Dimension, Metric
from odpf.tables import TABLES
from tests.architecture.source_tree import ROOT

BIN = Path(sys.executable).parent
CHECKOV = ROOT / ".venv-checkov" / "bin" / "checkov"
MOST_BYTES = 51_200
"""Of a template that CloudFormation takes without a bucket (CloudFormation quotas)."""


@pytest.fixture(scope="session")
def folder(packages, tmp_path_factory):
    """The templates, synthesised as `make synth` does: cdk-nag's findings end it."""
    return synthesised(packages, tmp_path_factory.mktemp("templates"))


@pytest.fixture(scope="session")
def templates(folder):
    return {path.name.removesuffix(".template.json"): json.loads(path.read_text()) for path in sorted(folder.iterdir())}


def synthesised(packages, to):
    command = [sys.executable, "-m", "infra.app", "--to", to, "--packages", packages / "packages.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return to


def resources(templates, *kinds):
    return {
        f"{stack}/{name}": resource
        for stack, template in templates.items()
        for name, resource in template["Resources"].items()
        if resource["Type"] in kinds
    }


def test_there_is_a_template_for_every_component_and_nothing_else(folder):
    assert {path.name for path in folder.iterdir()} == {f"odpf-{component}.template.json" for component in Component}


def test_the_same_source_makes_the_same_templates(folder, packages, tmp_path):
    again = synthesised(packages, tmp_path)
    assert {p.name: p.read_bytes() for p in again.iterdir()} == {p.name: p.read_bytes() for p in folder.iterdir()}


def test_every_template_can_be_given_to_cloudformation_as_it_is(folder, templates):
    assert {path.name: path.stat().st_size for path in folder.iterdir() if path.stat().st_size >= MOST_BYTES} == {}
    for template in templates.values():
        assert "BootstrapVersion" not in template["Parameters"]
        assert "Transform" not in template


def test_cfn_lint_has_nothing_to_say(folder):
    command = [BIN / "cfn-lint", "--regions", "eu-west-1", "--", *folder.iterdir()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.soak
def test_checkov_has_nothing_to_say(folder):
    command = [
        CHECKOV,
        "--directory",
        folder,
        "--framework",
        "cloudformation",
        "--compact",
        "--quiet",
        "--skip-download",
    ]
    done = subprocess.run([*command, "--output", "json"], capture_output=True, text=True, check=False)
    summary = json.loads(done.stdout)["summary"]
    assert done.returncode == 0, done.stdout
    assert summary["failed"] == 0
    assert summary["parsing_errors"] == 0
    assert summary["passed"] > 150


def test_every_suppression_says_why(templates):
    found = []
    for template in templates.values():
        for resource in template["Resources"].values():
            metadata = resource.get("Metadata", {})
            found += [each["reason"] for each in metadata.get("cdk_nag", {}).get("rules_to_suppress", [])]
            found += [each["comment"] for each in metadata.get("checkov", {}).get("skip", [])]
    assert len(found) > 20
    assert [reason for reason in found if len(reason) < 20 or not reason.endswith((".", ">."))] == []


def test_no_policy_grants_an_action_by_a_pattern(templates):
    granted = [action for statement in statements(templates) for action in listed(statement["Action"])]
    assert len(granted) > 150
    assert [action for action in granted if "*" in action or "?" in action] == []


def statements(templates):
    """Statements that allow something, of roles, policies, queues, topics, buckets and the key."""
    for template in templates.values():
        yield from allowing(template["Resources"])


def allowing(value):
    if isinstance(value, dict):
        if value.get("Effect") == "Allow":
            assert not {"NotAction", "NotResource"} & value.keys()
            yield value
        for inner in value.values():
            yield from allowing(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from allowing(inner)


def listed(value):
    return [value] if isinstance(value, str) else value


def test_data_outlives_the_stacks(templates):
    kept = resources(templates, "AWS::S3::Bucket", "AWS::DynamoDB::GlobalTable", "AWS::KMS::Key")
    assert len(kept) == 3 + len(TABLES) + 1
    assert {r["UpdateReplacePolicy"] for r in kept.values()} == {"Retain"}
    assert {r["DeletionPolicy"] for r in kept.values()} == {"Retain", "RetainExceptOnCreate"}


def test_every_table_can_be_brought_back_and_is_encrypted_with_the_key(templates):
    tables = resources(templates, "AWS::DynamoDB::GlobalTable")
    assert len(tables) == len(TABLES)
    for table in tables.values():
        properties = table["Properties"]
        here, there = properties["Replicas"][0], properties["Replicas"][1]["Fn::If"][1]
        for replica in (here, there):
            assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
            assert replica["DeletionProtectionEnabled"] is True
            assert replica["SSESpecification"]["KMSMasterKeyId"]
        assert properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}


def test_every_bucket_is_private_encrypted_versioned_and_by_tls_only(templates):
    buckets = resources(templates, "AWS::S3::Bucket")
    for bucket in buckets.values():
        properties = bucket["Properties"]
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert properties["BucketEncryption"]
    policies = resources(templates, "AWS::S3::BucketPolicy")
    assert len(policies) == len(buckets)
    for policy in policies.values():
        by_tls, *others = policy["Properties"]["PolicyDocument"]["Statement"]
        assert by_tls["Effect"] == "Deny"
        assert by_tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert list(allowing(others)) == []


def test_no_staged_file_or_raw_table_expires_by_age(templates):
    rules = {
        name: bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        for name, bucket in resources(templates, "AWS::S3::Bucket").items()
    }
    expiring = {name: {rule["Prefix"] for rule in each if "ExpirationInDays" in rule} for name, each in rules.items()}
    assert expiring == {
        "odpf-storage/StagingBucket": set(),
        "odpf-storage/RawBucket": set(),
        "odpf-storage/ArtifactsBucket": {"runs/", "scratch/", "athena/"},
    }


def test_every_function_is_called_by_an_alias_of_a_version_that_each_release_makes_anew(templates):
    functions = resources(templates, "AWS::Lambda::Function")
    versions = resources(templates, "AWS::Lambda::Version")
    aliases = resources(templates, "AWS::Lambda::Alias")
    assert len(functions) == len(versions) == len(aliases) == 7
    for version in versions.values():
        assert "${Release}" in json.dumps(version["Properties"]["Description"])
        assert version["UpdateReplacePolicy"] == "Retain"
    for function in functions.values():
        assert function["Properties"]["Environment"]["Variables"]["ODPF_RELEASE"] == {"Ref": "Release"}


def test_the_function_has_the_size_that_batches_are_packed_for_and_the_state_machine_waits_longer(templates):
    (function,) = [
        each["Properties"]
        for name, each in resources(templates, "AWS::Lambda::Function").items()
        if name.endswith("/ProcessBatchFunction")
    ]
    size = (function["MemorySize"], function["Timeout"], function["EphemeralStorage"]["Size"])
    assert size == (work_size.MEMORY_MB, work_size.TIMEOUT_SECONDS, work_size.TEMPORARY_MB)


def test_job_and_function_may_do_the_same_with_a_table_and_only_the_job_may_stop_job_runs(templates):
    resources = templates["odpf-file-processor"]["Resources"]
    shared = resources["ProcessTables"]["Properties"]
    assert shared["Roles"] == [{"Ref": "JobRole"}, {"Ref": "ProcessBatchRole"}]
    actions = {role: json.dumps(resources[role]["Properties"]["Policies"]) for role in ("JobRole", "ProcessBatchRole")}
    assert "BatchStopJobRun" in actions["JobRole"]
    assert "BatchStopJobRun" not in actions["ProcessBatchRole"] + json.dumps(shared)


def test_logs_are_kept_for_a_while_and_encrypted(templates):
    groups = resources(templates, "AWS::Logs::LogGroup")
    assert len(groups) == 7 + 2
    for group in groups.values():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
        assert group["Properties"]["KmsKeyId"]


def test_the_state_machine_is_the_one_definition(templates):
    (machine,) = resources(templates, "AWS::StepFunctions::StateMachine").values()
    definition = json.loads((ROOT / "infra" / "state_machine.asl.json").read_text())
    assert json.loads(machine["Properties"]["DefinitionString"]) == definition
    placeholders = set(re.findall(r"\$\{(\w+)\}", machine["Properties"]["DefinitionString"]))
    assert placeholders == machine["Properties"]["DefinitionSubstitutions"].keys()


def test_alarms_tell_the_topic_and_what_to_do(templates):
    alarms = resources(templates, "AWS::CloudWatch::Alarm")
    watched = {alarm["Properties"]["MetricName"] for alarm in alarms.values()}
    assert watched >= {"LagObjectivesMissed", "TablesFailed", "TablesPendingTooLong", "RunsMissed", "Watched"}
    assert "ApproximateNumberOfMessagesVisible" in watched
    for alarm in alarms.values():
        assert alarm["Properties"]["AlarmActions"]
        assert re.search(
            r"odpf (status|runs|files|dead-letters)|log", json.dumps(alarm["Properties"]["AlarmDescription"])
        )


def test_dashboard_and_alarms_speak_of_metrics_that_exist(templates):
    known = {metric.value for metric in Metric}
    alarms = [alarm["Properties"] for alarm in resources(templates, "AWS::CloudWatch::Alarm").values()]
    assert {alarm["MetricName"] for alarm in alarms if alarm["Namespace"] == "ODPF"} <= known
    (dashboard,) = resources(templates, "AWS::CloudWatch::Dashboard").values()
    text, values = dashboard["Properties"]["DashboardBody"]["Fn::Sub"]
    assert values.keys() == {"Deployment"}
    widgets = json.loads(text)["widgets"]
    shown = set(re.findall(r'MetricName=\\"(\w+)\\"', text))
    shown |= {m[1] for w in widgets for m in w["properties"]["metrics"] if isinstance(m[0], str) and m[0] == "ODPF"}
    assert len(shown) > 15
    assert shown <= known
    dimensions = {dimension.value for dimension in Dimension}
    assert set(re.findall(r"\{ODPF,([\w,]+)\}", text)) <= {",".join(names) for names in sets_of_dimensions(dimensions)}


def sets_of_dimensions(dimensions):
    order = ("deployment", "refresh_cadence", "source_table_name")
    assert set(order) == dimensions
    return [order[:1], order[:2], order]


def test_the_job_can_run_on_both_glue_versions_and_asks_no_package_index(templates):
    parameter = templates["odpf-file-processor"]["Parameters"]["GlueVersion"]
    assert parameter["AllowedValues"] == ["5.0", "5.1"]
    (job,) = resources(templates, "AWS::Glue::Job").values()
    arguments = job["Properties"]["DefaultArguments"]
    assert "--no-index" in arguments["--python-modules-installer-option"]
    assert "pydantic_core" in json.dumps(arguments["--additional-python-modules"])


def test_parameters_that_stand_in_several_templates_mean_the_same(templates):
    seen = {}
    for template in templates.values():
        for name, parameter in template["Parameters"].items():
            assert seen.setdefault(name, parameter) == parameter
