"""Deploys the stacks of one environment: `python -m infra.deploy --environment FILE`, or `make deploy ENVIRONMENT=FILE`.

It does what anybody can do by hand with the templates: create a change set, execute it, wait. What it adds is the order
(storage, then the packages into the artifacts bucket, then the others), the storage stack's outputs as parameters of the
others, and a new `Release` whenever packages or parameters changed.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
import yaml
from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rich.console import Console

from odpf.full_load_completion import ON_AWS

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "build" / "templates"
PACKAGES = ROOT / "build" / "packages"
_CAPABILITIES = ["CAPABILITY_NAMED_IAM"]
_WAIT = {"Delay": 5, "MaxAttempts": 2880}
"""Four hours: a large table's replica in a second Region takes its time."""
_NOTHING = ("didn't contain changes", "no updates are to be performed")
_UNFINISHED = "REVIEW_IN_PROGRESS"
_FAILED_AT_FIRST = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}
_console = Console(stderr=True, soft_wrap=True, highlight=False)


class Component(StrEnum):
    """What can be deployed apart, in the order of a first deployment."""

    STORAGE = "storage"
    FILE_MANAGER = "file-manager"
    FILE_PROCESSOR = "file-processor"
    CONFIG_MANAGER = "config-manager"
    OBSERVABILITY = "observability"


class RegionRole(StrEnum):
    """Which of an environment's Regions."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


class RegionOfEnvironment(BaseModel):
    """One Region of an environment, with the parameters that only it has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str
    parameters: dict[str, str | int] = Field(default_factory=dict)


class Environment(BaseModel):
    """One deployment of ODPF in one account: its file under `infra/environments`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: str = "odpf_"
    parameters: dict[str, str | int] = Field(default_factory=dict)
    regions: dict[RegionRole, RegionOfEnvironment]

    @classmethod
    def read(cls, path: Path) -> Environment:
        """Read an environment's file.

        Raises:
            DeploymentError: it cannot be read, or a key is wrong.
        """
        try:
            return cls.model_validate(yaml.safe_load(path.read_text()))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise DeploymentError(
                f"{path} is no environment: {error}. Begin with infra/environments/example.yaml."
            ) from None

    def stack_name(self, component: Component) -> str:
        """The CloudFormation stack of a component."""
        return f"{self.prefix.rstrip('_')}-{component}"

    def given(self, role: RegionRole) -> dict[str, str]:
        """The parameters of a Region as text.

        Raises:
            DeploymentError: the environment has no such Region.
        """
        if role not in self.regions:
            raise DeploymentError(f"The environment has no {role} Region. Add it below `regions`.")
        own = {"Prefix": self.prefix, "RegionRole": str(role), **self.parameters, **self.regions[role].parameters}
        given = {name: str(value) for name, value in own.items()}
        given.setdefault("CodeBucket", given.get("ArtifactsBucketName", ""))
        given.setdefault("StagingBuckets", given.get("StagingBucketName", ""))
        return given

    def exports(self, role: RegionRole) -> dict[str, str]:
        """What a program must have in its environment to work with the deployment (odpf/settings.py)."""
        given = self.given(role)
        place = {"bucket": given.get("StagingBucketName", ""), "folder": given.get("StagingFolder", "internal_staging")}
        region = self.regions[role].region
        named = {
            "AWS_DEFAULT_REGION": region,
            "AWS_REGION": region,
            "ODPF_PREFIX": self.prefix,
            "ODPF_STAGING_PLACES": given.get("StagingPlaces") or json.dumps([place]),
            "ODPF_STAGING_BUCKET": place["bucket"],
            "ODPF_RAW_BUCKET": given.get("RawBucketName", ""),
            "ODPF_ARTIFACTS_BUCKET": given.get("ArtifactsBucketName", ""),
            "ODPF_RAW_BUCKET_REPLICAS": given.get("RawBucketReplicas", ""),
            "ODPF_FULL_LOAD_COMPLETION": given.get("FullLoadCompletion", ON_AWS),
            "ODPF_DMS_TASK_ARNS": given.get("DmsTaskArns", ""),
        }
        return {name: value for name, value in named.items() if value}


class DeploymentError(Exception):
    """A deployment cannot go on; the text says what to do."""


def parameters_of(template: Mapping[str, Any], given: Mapping[str, str], release: str) -> dict[str, str]:
    """The parameters of one template, out of all that are given.

    Args:
        template: the template.
        given: values by parameter name; those that the template does not have are left out.
        release: identifies the packages; with the values and the template it makes the parameter `Release`.

    Raises:
        DeploymentError: a parameter without a default is not given.
    """
    declared = template.get("Parameters", {})
    values = {name: given[name] for name in declared if name in given}
    missing = [
        name for name in declared if "Default" not in declared[name] and name not in values and name != "Release"
    ]
    if missing:
        raise DeploymentError(f"Parameters are missing: {', '.join(missing)}. Add them to the environment's file.")
    if "Release" in declared:
        seen = json.dumps([release, values, template], sort_keys=True)
        digest = hashlib.sha256(seen.encode()).hexdigest()[:8]
        values.setdefault("Release", f"{release}-{digest}")
    return values


class Deployer:
    """Deploys the stacks of one Region."""

    def __init__(
        self, environment: Environment, role: RegionRole, templates: Path, packages: Path, service_role: str = ""
    ) -> None:
        self._environment, self._given = environment, environment.given(role)
        self._templates, self._packages = templates, packages
        self._service_role = {"RoleARN": service_role} if service_role else {}
        session = boto3.Session(region_name=environment.regions[role].region)
        self._cloudformation = session.client("cloudformation")
        self._s3 = session.client("s3")

    def deploy(self, components: list[Component], *, dry_run: bool) -> None:
        """Deploy components in the order of a first deployment."""
        for component in Component:
            if component in components:
                self._deploy(component, dry_run=dry_run)

    def _deploy(self, component: Component, *, dry_run: bool) -> None:
        template = self._template(component)
        release = "storage"
        given = self._given
        if component is not Component.STORAGE:
            built = self._built()
            release = f"{built['version']}-{built['release']}"
            given = {"CodePrefix": f"code/{release}", **self._outputs(Component.STORAGE), **given}
            if not dry_run:
                self._upload(built, given)
        self._apply(component, template, parameters_of(template, given, release), dry_run=dry_run)

    def _template(self, component: Component) -> dict[str, Any]:
        path = self._templates / f"odpf-{component}.template.json"
        try:
            template: dict[str, Any] = json.loads(path.read_text())
        except FileNotFoundError:
            raise DeploymentError(f"{path} is missing. Make it with `make synth`.") from None
        return template

    def _built(self) -> dict[str, Any]:
        try:
            built: dict[str, Any] = json.loads((self._packages / "packages.json").read_text())
        except FileNotFoundError:
            raise DeploymentError(
                f"There are no packages in {self._packages}. Make them with `make package`."
            ) from None
        return built

    def _outputs(self, component: Component) -> dict[str, str]:
        name = self._environment.stack_name(component)
        try:
            stack = self._cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError:
            return {}  # the parameters it would give may stand in the environment's file; if not, they are missed
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def _upload(self, built: Mapping[str, Any], given: Mapping[str, str]) -> None:
        """Put the packages where the templates look for them; what is there already has the same bytes."""
        bucket, prefix = given["CodeBucket"], given["CodePrefix"]
        there = {
            entry["Key"]: entry["Size"]
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
            for entry in page.get("Contents", [])
        }
        for path, artifact in built["artifacts"].items():
            key, content = f"{prefix}/{path}", (self._packages / path).read_bytes()
            if hashlib.sha256(content).hexdigest() != artifact["sha256"]:
                raise DeploymentError(f"{path} is not what packages.json says. Make the packages anew: `make package`.")
            if there.get(key) != artifact["bytes"]:
                self._s3.put_object(Bucket=bucket, Key=key, Body=content)
                _console.print(f"s3://{bucket}/{key}")

    def _apply(self, component: Component, template: dict[str, Any], values: dict[str, str], *, dry_run: bool) -> None:
        name = self._environment.stack_name(component)
        change_set = f"odpf-{hashlib.sha256(json.dumps([template, values], sort_keys=True).encode()).hexdigest()[:16]}"
        exists = self._exists(name)
        self._forget(name, change_set)
        self._cloudformation.create_change_set(
            StackName=name,
            ChangeSetName=change_set,
            ChangeSetType="UPDATE" if exists else "CREATE",
            TemplateBody=json.dumps(template, separators=(",", ":")),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
            Capabilities=_CAPABILITIES,
            **self._service_role,
            Tags=[{"Key": "odpf:deployment", "Value": self._environment.prefix}],
        )
        if not self._is_ready(name, change_set):
            _console.print(f"{name}: nothing to change")
            self._forget(name, change_set)
            return
        self._show(name, change_set)
        if dry_run:
            self._forget(name, change_set)
            return
        self._cloudformation.execute_change_set(StackName=name, ChangeSetName=change_set)
        waiter = self._cloudformation.get_waiter("stack_update_complete" if exists else "stack_create_complete")
        try:
            waiter.wait(StackName=name, WaiterConfig=_WAIT)
        except WaiterError as error:
            if "Max attempts" in str(error):
                raise DeploymentError(f"{name} is still being deployed. Wait for it, then deploy again.") from None
            raise DeploymentError(f"{name} was not deployed, and is taken back: {self._failure(name)}") from None
        _console.print(f"{name}: [bold]deployed[/]")

    def _exists(self, name: str) -> bool:
        try:
            stack = self._cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return False
            raise
        status = str(stack["StackStatus"])
        if status in _FAILED_AT_FIRST:
            raise DeploymentError(
                f"{name} is {status}: its first deployment failed, and CloudFormation takes no other into it. Look at its "
                f"events, then remove it and deploy again: aws cloudformation delete-stack --stack-name {name}"
            )
        return status != _UNFINISHED

    def _is_ready(self, name: str, change_set: str) -> bool:
        waiter = self._cloudformation.get_waiter("change_set_create_complete")
        try:
            waiter.wait(StackName=name, ChangeSetName=change_set, WaiterConfig={"Delay": 2, "MaxAttempts": 300})
        except WaiterError as error:
            answer: Mapping[str, Any] = {**error.last_response}
            reason = str(answer.get("StatusReason", error))
            if any(nothing in reason.lower() for nothing in _NOTHING):
                return False
            raise DeploymentError(f"{name} cannot be changed so: {reason}") from None
        return bool(self._cloudformation.describe_change_set(StackName=name, ChangeSetName=change_set)["Changes"])

    def _show(self, name: str, change_set: str) -> None:
        pages = self._cloudformation.get_paginator("describe_change_set")
        for page in pages.paginate(StackName=name, ChangeSetName=change_set):
            for change in page["Changes"]:
                resource: Mapping[str, Any] = change.get("ResourceChange", {})
                replaced = " (replaced)" if resource.get("Replacement") == "True" else ""
                what = f"{resource.get('Action')} {resource.get('ResourceType')} {resource.get('LogicalResourceId')}"
                _console.print(f"{name}: {what}{replaced}")

    def _forget(self, name: str, change_set: str) -> None:
        try:
            self._cloudformation.delete_change_set(StackName=name, ChangeSetName=change_set)
        except ClientError:
            return  # there is none, which is what is wanted

    def _failure(self, name: str) -> str:
        events = self._cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        failed = [event for event in events if event.get("ResourceStatus", "").endswith("_FAILED")]
        told = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}" for event in failed
        ]
        return "; ".join(reversed(told)) or "see the stack's events."


def main(
    environment: Annotated[Path, typer.Option(help="The environment's file, as infra/environments/example.yaml.")],
    stack: Annotated[list[Component] | None, typer.Option(help="Only this component; again for another.")] = None,
    region_role: Annotated[RegionRole, typer.Option(help="Which Region of the environment.")] = RegionRole.PRIMARY,
    dry_run: Annotated[bool, typer.Option(help="Show the changes, make none.")] = False,
    env: Annotated[bool, typer.Option("--env", help="Print export lines for odpf, deploy nothing.")] = False,
    templates: Annotated[Path, typer.Option(help="Folder of `make synth`.")] = TEMPLATES,
    packages: Annotated[Path, typer.Option(help="Folder of `make package`.")] = PACKAGES,
    service_role: Annotated[
        str,
        typer.Option(envvar="ODPF_CLOUDFORMATION_ROLE_ARN", help="Role that CloudFormation makes the resources with."),
    ] = "",
) -> None:
    """Deploy an environment's stacks into the account of the SDK's credentials."""
    try:
        read = Environment.read(environment)
        if env:
            for name, value in read.exports(region_role).items():
                print(f"export {name}={shlex.quote(value)}")
            return
        deployer = Deployer(read, region_role, templates, packages, service_role)
        deployer.deploy(stack or list(Component), dry_run=dry_run)
    except (DeploymentError, ClientError, BotoCoreError) as error:
        _console.print(f"[bold red]error[/] {error}")
        raise typer.Exit(1) from None


if __name__ == "__main__":
    typer.run(main)
