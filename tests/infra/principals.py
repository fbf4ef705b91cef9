"""Who may do what by the templates of this source tree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.infra.cloudformation import ACCOUNT, REGION, Template
from tests.infra.iam import Policy, policies

POLICIES = {
    "dms": ("odpf-file-manager", "DmsRole"),
    "file_manager": ("odpf-file-manager", "FileManagerRole"),
    "retention": ("odpf-file-manager", "RetentionRole"),
    "retention_schedule": ("odpf-file-manager", "RetentionScheduleRole"),
    "batch_manager": ("odpf-file-processor", "BatchManagerRole"),
    "process_batch": ("odpf-file-processor", "ProcessBatchRole"),
    "summarise": ("odpf-file-processor", "SummariseRole"),
    "file_processor": ("odpf-file-processor", "JobRole"),
    "state_machine": ("odpf-file-processor", "StateMachineRole"),
    "config_manager": ("odpf-config-manager", "ConfigManagerRole"),
    "scheduler": ("odpf-config-manager", "SchedulerRole"),
    "publisher": ("odpf-config-manager", "PublisherPolicy"),
    "watch": ("odpf-observability", "WatchRole"),
    "watch_schedule": ("odpf-observability", "WatchScheduleRole"),
    "operator": ("odpf-observability", "OperatorPolicy"),
    "reconciler": ("odpf-observability", "ReconcilerPolicy"),
    "importer": ("odpf-config-manager", "ImporterPolicy"),
    "staging_replication": ("odpf-storage", "StagingReplicationRole"),
    "raw_replication": ("odpf-storage", "RawReplicationRole"),
    "artifacts_replication": ("odpf-storage", "ArtifactsReplicationRole"),
}
"""Principal to stack and logical id of its role, or of its managed policy where people and pipelines have it."""

OUTSIDERS = {"demo"}
"""Programs of ours that name themselves and have no role: the demonstration plays everybody's part."""

EMBEDDED = {
    "KmsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k",
    "StagingBucketName": "odpf-staging",
    "RawBucketName": "odpf-raw",
    "ArtifactsBucketName": "odpf-artifacts",
    "StagingBuckets": "odpf-staging,crm-exports",
    "StagingPrefixes": "internal_staging/*,a/b/*",
    "CodeBucket": "odpf-code",
    "CodePrefix": "code/0.1.0-0123456789ab",
    "Release": "0.1.0-0123456789ab",
}
"""Parameters with the names that the embedded AWS and the end-to-end tests use."""

EVERYTHING = EMBEDDED | {
    "CreateDmsRole": "yes",
    "GlueConnectionName": "in_vpc",
    "DmsTaskArns": f"arn:aws:dms:{REGION}:{ACCOUNT}:task:SHOP",
    "ReplicaRegion": "eu-central-1",
    "ReplicaKmsKeyArn": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/k",
    "ReplicaStagingBucketName": "odpf-staging-2",
    "ReplicaRawBucketName": "odpf-raw-2",
    "ReplicaArtifactsBucketName": "odpf-artifacts-2",
}
"""And everything switched on that takes further permissions."""


def principals(parameters: Mapping[str, str] = EMBEDDED) -> dict[str, Policy]:
    """The policy of every principal that these parameters make."""
    found = {(stack, name): policy for stack, each in _policies(parameters).items() for name, policy in each.items()}
    return {principal: found[place] for principal, place in POLICIES.items() if place in found}


def unnamed(parameters: Mapping[str, str] = EVERYTHING) -> set[tuple[str, str]]:
    """Roles and managed policies that `POLICIES` does not have."""
    return {(stack, name) for stack, each in _policies(parameters).items() for name in each} - {*POLICIES.values()}


def _policies(parameters: Mapping[str, str]) -> dict[str, dict[str, Policy]]:
    return {stack: policies(Template(document, parameters)) for stack, document in templates().items()}


@cache
def templates() -> dict[str, dict[str, Any]]:
    """The templates by stack, made from this source tree."""
    # Node.js starts with this import: only tests that need templates pay for it.
    from aws_cdk import App  # noqa: PLC0415

    from infra.app import stacks  # noqa: PLC0415

    with TemporaryDirectory() as folder:
        app = App(outdir=folder, analytics_reporting=False, context={"aws:cdk:disable-stack-trace": True})
        names = [stack.stack_name for stack in stacks(app, ["wheel.whl"])]
        app.synth()
        return {name: json.loads((Path(folder) / f"{name}.template.json").read_text()) for name in names}
