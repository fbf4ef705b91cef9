"""Pipelines that test, package, synthesise and deploy each component alone, to either Region: valid, and in step with the code."""

from __future__ import annotations

import inspect
import json
import re
import subprocess

import pytest

from infra import deploy
from infra.deploy import Component, Environment, RegionRole
from tests.architecture.source_tree import ROOT, name_of
from tests.infra.cloudformation import Template
from tests.infra.pipelines import (
    BUILDSPECS,
    CODEPIPELINE,
    GITHUB_ROLE,
    TEMPLATES,
    WORKFLOWS,
    document,
    make_targets,
    scripts,
    steps,
    template,
    tool,
)

CHECKOV = ROOT / ".venv-checkov" / "bin" / "checkov"
MAKEFILE = (ROOT / "Makefile").read_text()
COMPONENTS = {"all", *(str(component) for component in Component)}
PINNED = re.compile(r"^(actions|aws-actions)/[a-z-]+@(v[0-9]+|[0-9a-f]{40})$")
CI, DEPLOY = (ROOT / ".github" / "workflows" / name for name in ("ci.yml", "deploy.yml"))
GIVEN = {
    "EnvironmentFile": "infra/environments/prod.yaml",
    "ConnectionArn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/1a",
    "OidcProviderArn": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
    "GitHubEnvironment": "prod",
    "Repository": "example/odpf",
    "CloudFormationRoleArn": "arn:aws:iam::123456789012:role/cloudformation",
    "PrimaryCodeBucket": "code-here",
}
TWO_REGIONS = {
    **GIVEN,
    "SecondaryRegion": "eu-central-1",
    "SecondaryCodeBucket": "code-there",
    "PrimaryKmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
    "SecondaryKmsKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/2",
}


def statements(path, parameters, role="DeployRole"):
    made = Template(template(path), parameters).resources("AWS::IAM::Role")[role]
    return [each for policy in made["Policies"] for each in policy["PolicyDocument"]["Statement"]]


def listed(value):
    return value if isinstance(value, list) else [value]


def test_workflows_are_what_github_takes():
    done = tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    assert (len(WORKFLOWS), done.returncode) == (2, 0), done.stdout + done.stderr


def test_cfn_lint_has_nothing_to_say():
    done = tool("cfn-lint", "--regions", "eu-west-1", "--include-checks", "I", "--", *TEMPLATES)
    assert (len(TEMPLATES), done.returncode) == (2, 0), done.stdout + done.stderr


@pytest.mark.soak
@pytest.mark.parametrize(("framework", "folder"), [("cloudformation", "infra/pipeline"), ("github_actions", ".github")])
def test_checkov_has_nothing_to_say(framework, folder):
    command = [
        CHECKOV,
        "--directory",
        ROOT / folder,
        "--framework",
        framework,
        "--compact",
        "--quiet",
        "--skip-download",
    ]
    done = subprocess.run([*command, "--output", "json"], capture_output=True, text=True, check=False)
    summary = json.loads(done.stdout)["summary"]
    assert (done.returncode, summary["failed"], summary["parsing_errors"]) == (0, 0, 0), done.stdout
    assert summary["passed"] > 30


@pytest.mark.parametrize("path", [*WORKFLOWS, *BUILDSPECS], ids=name_of)
def test_scripts_are_sound_and_take_their_values_from_the_environment(path):
    for script in scripts(path):
        assert "${{" not in script, "an input put into a script is run as code"
        done = tool("shellcheck", "--shell=bash", "-", stdin=script)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", [*WORKFLOWS, *BUILDSPECS], ids=name_of)
def test_every_target_and_file_that_is_named_exists(path):
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    made = [target for script in scripts(path) for target in make_targets(script)]
    assert set(made) <= targets
    patterns = re.findall(r"(?:[a-z_]+/)*[a-z_*]+\.(?:lock|py)\b", path.read_text())
    assert [pattern for pattern in patterns if not list(ROOT.glob(pattern))] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_actions_are_pinned_and_of_known_owners(path):
    used = [step["uses"] for _, step in steps(document(path)) if "uses" in step]
    assert used
    assert [action for action in used if not PINNED.match(action)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_a_run_may_read_the_repository_and_only_a_deployment_more(path):
    workflow = document(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in workflow["on"]
    assert "secrets." not in path.read_text()
    own = {name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job}
    assert own == ({"deploy": {"contents": "read", "id-token": "write"}} if path == DEPLOY else {})
    checkouts = [step for _, step in steps(workflow) if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_every_change_is_linted_tested_packaged_and_synthesised():
    workflow = document(CI)
    assert {"push", "pull_request"} <= set(workflow["on"])
    matrix = workflow["jobs"]["make"]["strategy"]["matrix"]
    targets = [target for targets in matrix["targets"] for target in targets.split()]
    assert targets == ["lint", "test", "test-more", "soak", "package", "synth"]
    assert set(targets) <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


class TestGitHub:
    workflow = document(DEPLOY)

    def test_every_component_can_be_deployed_alone_to_either_region(self):
        inputs = self.workflow["on"]["workflow_dispatch"]["inputs"]
        assert set(inputs["component"]["options"]) == COMPONENTS
        assert set(inputs["region_role"]["options"]) == {*map(str, RegionRole), "both"}
        assert inputs.keys() == self.workflow["on"]["workflow_call"]["inputs"].keys()

    def test_a_calling_workflow_can_give_nothing_else(self):
        check = next(step["run"] for _, step in steps(self.workflow) if "Refuse" in step.get("name", ""))
        allowed = dict(re.findall(r'"\$([A-Z_]+)" =~ \^\(([^)]*)\)\$', check))
        assert set(allowed["COMPONENT"].split("|")) == COMPONENTS
        assert set(allowed["REGION_ROLE"].split("|")) == {*map(str, RegionRole), "both"}

    def test_what_is_deployed_was_built_once(self):
        build, deployment = (self.workflow["jobs"][name] for name in ("build", "deploy"))
        assert deployment["needs"] == "build"
        made = {name: [t for step in job["steps"] for t in make_targets(step.get("run", ""))] for name, job in
                self.workflow["jobs"].items()}  # fmt: skip
        assert made == {"build": ["package", "synth"], "deploy": ["deploy"]}
        up, down = (
            next(step["with"] for step in job["steps"] if f"/{verb}-artifact@" in step.get("uses", ""))
            for job, verb in ((build, "upload"), (deployment, "download"))
        )
        assert (up["name"], up["path"]) == (down["name"], down["path"]) == ("build", "build")

    def test_the_primary_region_comes_first_and_a_failure_there_ends_it(self):
        strategy = self.workflow["jobs"]["deploy"]["strategy"]
        assert (strategy["max-parallel"], strategy["fail-fast"]) == (1, True)
        assert '["primary", "secondary"]' in strategy["matrix"]["region_role"]

    def test_only_runs_of_its_environments_get_the_role(self):
        (trust,) = Template(template(GITHUB_ROLE), GIVEN).resources("AWS::IAM::Role")["DeployRole"][
            "AssumeRolePolicyDocument"
        ]["Statement"]
        assert trust["Condition"]["StringEquals"] == {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": [
                "repo:example/odpf:environment:prod",
                "repo:example/odpf:environment:prod-secondary",
            ],
        }


class TestCodePipeline:
    document = template(CODEPIPELINE)

    def stages(self, parameters):
        (pipeline,) = Template(self.document, parameters).resources("AWS::CodePipeline::Pipeline").values()
        assert pipeline["PipelineType"] == "V2"
        return {stage["Name"]: stage["Actions"] for stage in pipeline["Stages"]}

    def test_there_is_a_pipeline_for_every_component(self):
        assert set(self.document["Parameters"]["Component"]["AllowedValues"]) == COMPONENTS

    def test_one_build_goes_to_the_primary_region_and_after_an_approval_to_the_secondary_one(self):
        stages = self.stages(TWO_REGIONS)
        assert list(stages) == ["Source", "Test", "Build", "DeployPrimary", "Approve", "DeploySecondary"]
        assert stages["Approve"][0]["ActionTypeId"]["Category"] == "Approval"
        for role in RegionRole:
            (action,) = stages[f"Deploy{role.capitalize()}"]
            assert action["InputArtifacts"] == stages["Build"][0]["OutputArtifacts"]
            (variable,) = json.loads(action["Configuration"]["EnvironmentVariables"])
            assert (variable["name"], variable["value"]) == ("REGION_ROLE", role)

    def test_without_a_secondary_region_it_ends_with_the_primary_one(self):
        assert list(self.stages(GIVEN)) == ["Source", "Test", "Build", "DeployPrimary"]

    def test_every_stage_runs_a_buildspec_that_is_there(self):
        projects = Template(self.document, GIVEN).resources("AWS::CodeBuild::Project").values()
        named = {project["Source"]["BuildSpec"] for project in projects}
        assert named == {name_of(path) for path in BUILDSPECS}
        made = {path.name.split(".")[0]: make_targets("\n".join(scripts(path))) for path in BUILDSPECS}
        assert made == {"test": ["lint", "test"], "build": ["package", "synth"], "deploy": ["deploy"]}

    def test_buildspecs_have_only_keys_that_codebuild_knows(self):
        for path in BUILDSPECS:
            buildspec = document(path)
            assert buildspec["version"] == 0.2
            assert buildspec.keys() <= {"version", "env", "phases", "artifacts", "cache"}
            assert buildspec["phases"].keys() <= {"install", "pre_build", "build", "post_build"}
            assert all(phase.keys() <= {"runtime-versions", "commands"} for phase in buildspec["phases"].values())

    def test_what_is_kept_is_encrypted_with_a_key_of_its_own(self):
        pipeline = self.document["Resources"]["Pipeline"]["Properties"]
        assert pipeline["ArtifactStore"]["EncryptionKey"]["Type"] == "KMS"
        key = {"Fn::GetAtt": ["Key", "Arn"]}
        of_type = [r for r in self.document["Resources"].values() if r["Type"] == "AWS::CodeBuild::Project"]
        assert [project["Properties"]["EncryptionKey"] for project in of_type] == [key] * 3


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_no_role_has_an_action_by_a_pattern_or_reaches_everything(path):
    roles = Template(template(path), TWO_REGIONS).resources("AWS::IAM::Role")
    granted = [each for role in roles for each in statements(path, TWO_REGIONS, role)]
    assert granted
    assert [each["Sid"] for each in granted for action in listed(each["Action"]) if "*" in action] == []
    assert [each["Sid"] for each in granted for resource in listed(each["Resource"]) if resource == "*"] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_deployment_makes_resources_through_cloudformation_alone(path):
    granted = {action for each in statements(path, TWO_REGIONS) for action in listed(each["Action"])}
    services = {action.split(":")[0] for action in granted} - {"logs"}
    assert services == {"cloudformation", "iam", "kms", "s3"}
    assert {action for action in granted if action.startswith("iam:")} == {"iam:PassRole"}
    (passed,) = (each for each in statements(path, TWO_REGIONS) if each["Action"] == "iam:PassRole")
    assert passed["Resource"] == GIVEN["CloudFormationRoleArn"]


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_deployment_may_make_every_call_that_it_makes(path):
    source = inspect.getsource(deploy)
    called = re.findall(r"_cloudformation\.([a-z_]+)\(", source)
    operations = {"".join(word.capitalize() for word in name.split("_")) for name in called}
    operations -= {"GetPaginator", "GetWaiter"}  # of DescribeChangeSet and DescribeStacks
    granted = {action for each in statements(path, TWO_REGIONS) for action in listed(each["Action"])}
    assert {f"cloudformation:{operation}" for operation in operations} <= granted
    assert {"s3:ListBucket", "s3:PutObject"} <= granted


@pytest.mark.parametrize("component", Component)
@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_a_role_for_one_component_reaches_its_stack_alone(path, component):
    parameters = {**TWO_REGIONS, "Component": str(component)}
    (changing,) = (each for each in statements(path, parameters) if each["Sid"] == "DeployThroughChangeSets")
    environment = Environment(regions={})
    stack = f"123456789012:stack/{environment.stack_name(component)}/*"
    regions = ("eu-west-1", "eu-central-1")
    assert changing["Resource"] == [f"arn:aws:cloudformation:{region}:{stack}" for region in regions]


def test_both_ways_of_delivery_may_do_the_same():
    of_pipeline, of_github = (statements(path, TWO_REGIONS) for path in (CODEPIPELINE, GITHUB_ROLE))
    own = {"Artifacts", "EncryptedArtifacts", "Logs"}
    assert [each for each in of_pipeline if each["Sid"] not in own] == of_github


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_without_a_second_region_or_a_key_nothing_empty_is_granted(path):
    for each in statements(path, GIVEN):
        assert each["Sid"] != "EncryptPackages"
        assert [r for r in listed(each["Resource"]) if "eu-central-1" in r or r.startswith("arn:aws:s3:::/")] == []


class _Asked(Exception):
    """The request that was looked for; nothing is sent."""


@pytest.mark.parametrize(("role", "handed"), [(GIVEN["CloudFormationRoleArn"], True), ("", False)])
def test_cloudformation_is_handed_the_service_role_where_there_is_one(role, handed, tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    environment = Environment.read(ROOT / "infra" / "environments" / "example.yaml")
    (tmp_path / "odpf-storage.template.json").write_text('{"Parameters": {}}')
    deployer = deploy.Deployer(environment, RegionRole.PRIMARY, tmp_path, tmp_path, role)

    def asked(params, **_):
        raise _Asked(params)

    events = deployer._cloudformation.meta.events
    events.register(
        "before-call.cloudformation", lambda **_: (_Answer, {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]})
    )
    events.register("provide-client-params.cloudformation.CreateChangeSet", asked)
    with pytest.raises(_Asked) as caught:
        deployer.deploy([Component.STORAGE], dry_run=False)
    assert ("RoleARN" in caught.value.args[0]) is handed


class _Answer:
    status_code = 200


def test_a_deployment_takes_what_is_built_and_the_service_role_from_the_environment():
    ((line, recipe),) = re.findall(r"^deploy:([^#\n]*).*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert not {"package", "synth"} & set(line.split())
    assert all(f"$({variable})" in recipe for variable in ("ENVIRONMENT", "COMPONENT", "ROLE"))
    assert "ODPF_CLOUDFORMATION_ROLE_ARN" in inspect.getsource(deploy)
