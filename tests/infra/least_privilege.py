"""Recorded calls against policies: what is refused, what was given for nothing, and what a person has justified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field

from odpf_local.aws.call_recorder import RecordedCall
from tests.infra.iam import Grant, Policy, allowed
from tests.infra.principals import OUTSIDERS
from tests.infra.recordings import as_deployed

JUSTIFIED = Path(__file__).parents[2] / "infra" / "unused_permissions.yaml"


class Permission(NamedTuple):
    """What a principal may do by one statement."""

    principal: str
    action: str
    resource: str


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    principals: tuple[str, ...] = Field(min_length=1)
    actions: tuple[str, ...] = Field(min_length=1)
    resources: tuple[str, ...] = Field(default=("*",), min_length=1)
    reason: str = Field(min_length=20)

    def permissions(self) -> list[Permission]:
        """Everything the entry speaks of; resources are patterns."""
        return [Permission(p, a, r) for p in self.principals for a in self.actions for r in self.resources]


class Justified(BaseModel):
    """The list that people keep: permissions that no recording shows, and those on any resource."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unused: tuple[_Entry, ...]
    any_resource: tuple[_Entry, ...]

    @classmethod
    def read(cls, file: Path = JUSTIFIED) -> Justified:
        return cls.model_validate(yaml.safe_load(file.read_text()))


def refused(policies: Mapping[str, Policy], recorded: Iterable[RecordedCall]) -> list[RecordedCall]:
    """Calls that the policies do not allow; also those of a program that has none, and those nobody can judge."""
    deployed = [as_deployed(each) for each in recorded if each.principal not in OUTSIDERS]
    return [each for each in deployed if not _is_allowed(policies.get(each.principal, ()), each)]


def unused(policies: Mapping[str, Policy], recorded: Iterable[RecordedCall]) -> set[Permission]:
    """Permissions that no call needed."""
    calls: dict[str, list[RecordedCall]] = {}
    for each in map(as_deployed, recorded):
        calls.setdefault(each.principal, []).append(each)
    return {
        Permission(principal, grant.action, grant.resource)
        for principal, policy in policies.items()
        for grant in policy
        if grant.allows and not any(_uses(grant, each) for each in calls.get(principal, ()))
    }


def unjustified(found: Iterable[Permission], entries: Iterable[_Entry]) -> set[Permission]:
    """Permissions without a reason."""
    reasons = [each for entry in entries for each in entry.permissions()]
    return {each for each in found if not any(speaks_of(reason, each) for reason in reasons)}


def outdated(found: Iterable[Permission], entries: Iterable[_Entry]) -> list[str]:
    """What of the entries is for nothing any more: a principal's action, or a pattern of resources."""
    permissions = list(found)
    told = []
    for entry in entries:
        reasons = [r for r in entry.permissions() if any(speaks_of(r, each) for each in permissions)]
        needed = {(reason.principal, reason.action) for reason in reasons}
        told += [f"{p} {a}" for p in entry.principals for a in entry.actions if (p, a) not in needed]
        told += [f"{r} of {entry.actions}" for r in entry.resources if r not in {reason.resource for reason in reasons}]
    return told


def on_any_resource(policies: Mapping[str, Policy]) -> set[Permission]:
    """Permissions on `*`."""
    return {
        Permission(principal, grant.action, grant.resource)
        for principal, policy in policies.items()
        for grant in policy
        if grant.allows and grant.resource == "*"
    }


def _is_allowed(policy: Policy, recorded: RecordedCall) -> bool:
    call = recorded.call
    return call is not None and allowed(policy, call.action, call.resource, dict(call.context))


def _uses(grant: Grant, recorded: RecordedCall) -> bool:
    call = recorded.call
    return call is not None and grant.covers(call.action, call.resource, dict(call.context))


def speaks_of(reason: Permission, permission: Permission) -> bool:
    """Whether an entry, whose resource is a pattern, is about a permission."""
    same = (reason.principal, reason.action) == (permission.principal, permission.action)
    return same and fnmatchcase(permission.resource, reason.resource)
