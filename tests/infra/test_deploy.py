"""What a deployment gives to CloudFormation, and what it says when that cannot be."""

from __future__ import annotations

import pytest

from infra.deploy import Component, DeploymentError, Environment, RegionRole, parameters_of
from odpf.settings import Settings
from tests.architecture.source_tree import ROOT

EXAMPLE = ROOT / "infra" / "environments" / "example.yaml"
TEMPLATE = {"Parameters": {"Prefix": {"Default": "odpf_"}, "RawBucketName": {}, "Release": {}}}


def release(template=TEMPLATE, packages="0.1.0-a", **given):
    return parameters_of(template, {"RawBucketName": "raw", **given}, packages)["Release"]


def test_a_release_changes_with_packages_parameters_and_template_and_with_nothing_else():
    other = {**TEMPLATE, "Resources": {"Function": {"Properties": {"MemorySize": 512}}}}
    changed = {release(), release(packages="0.1.0-b"), release(Prefix="dev_"), release(other)}
    assert len(changed) == 4
    assert release(NotOfThisTemplate="x") == release()


def test_a_parameter_that_is_missing_is_named():
    with pytest.raises(DeploymentError, match="RawBucketName"):
        parameters_of(TEMPLATE, {}, "0.1.0-a")


def test_the_example_is_an_environment_whose_exports_the_programs_read():
    exports = Environment.read(EXAMPLE).exports(RegionRole.PRIMARY)
    settings = Settings.from_environment(exports)
    assert settings.raw_bucket == "example-odpf-raw"
    assert [place.bucket for place in settings.staging_places] == ["example-odpf-staging"]
    assert exports["AWS_REGION"] == "eu-west-1"
    assert (settings.full_load_completion, settings.dms_task_arns) == ("quiet_seconds:120", ())


def test_a_region_that_the_environment_does_not_have_is_said():
    with pytest.raises(DeploymentError, match="no secondary Region"):
        Environment.read(EXAMPLE).given(RegionRole.SECONDARY)


def test_a_file_that_is_no_environment_is_said(tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("region: {}\n")
    with pytest.raises(DeploymentError, match="is no environment"):
        Environment.read(wrong)


def test_stacks_are_named_after_the_environment():
    environment = Environment.read(EXAMPLE).model_copy(update={"prefix": "odpf-dev_"})
    assert environment.stack_name(Component.FILE_MANAGER) == "odpf-dev-file-manager"
