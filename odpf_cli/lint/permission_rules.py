"""Rules of permissions: what the job must be able to do, and what it must not, as IAM's simulation answers."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from odpf.adapters.caller import Place
from odpf.adapters.inventory import Decision
from odpf.settings import Settings
from odpf.states import Severity
from odpf.tables import (
    BATCH_CONFIG,
    FILE_TRACKER,
    FILE_TRACKER_HISTORY,
    PROCESSING_TRACKER,
    PROCESSING_TRACKER_HISTORY,
    RAW_TABLE_CONFIG,
    TableSchema,
)
from odpf_cli.lint.rule import Fault, Rule, Subject, Unknown


class Principal(StrEnum):
    """Whose permissions are asked for; names of docs/permissions.md."""

    OPERATOR = "operator"
    JOB = "file_processor"


class Asked(NamedTuple):
    """An action on a resource that a principal needs, or must not have."""

    principal: Principal
    action: str
    resource: str
    needed: bool


class Answered(NamedTuple):
    """What the simulation says of one principal; `decisions` is Unknown where it cannot be asked."""

    principal: Principal
    arn: str
    decisions: tuple[Decision, ...] | Unknown


class PermissionFacts(NamedTuple):
    """What was asked, and what was answered."""

    asked: tuple[Asked, ...]
    answered: tuple[Answered, ...]


def asked_of(settings: Settings, place: Place) -> tuple[Asked, ...]:
    """The actions of docs/permissions.md whose lack stops a run or a person, and those that nobody may ever have there."""

    def table(schema: TableSchema) -> str:
        return place.arn("dynamodb", f"table/{settings.table(schema.name)}")

    def objects(bucket: str, key: str) -> str:
        return f"arn:{place.partition}:s3:::{bucket}/{key}"

    operator, job = Principal.OPERATOR, Principal.JOB
    found = [
        Asked(operator, "dynamodb:Scan", table(RAW_TABLE_CONFIG), needed=True),
        Asked(operator, "dynamodb:Scan", table(BATCH_CONFIG), needed=True),
        Asked(operator, "dynamodb:Scan", table(FILE_TRACKER), needed=True),
        Asked(operator, "dynamodb:BatchGetItem", table(PROCESSING_TRACKER), needed=True),
        Asked(
            operator,
            "states:StartExecution",
            place.arn("states", f"stateMachine:{settings.state_machine_name}"),
            needed=True,
        ),
        Asked(operator, "s3:GetObject", objects(settings.artifacts_bucket, "runs/x"), needed=True),
        Asked(job, "s3:GetObject", objects(settings.artifacts_bucket, "runs/x"), needed=True),
        Asked(job, "dynamodb:UpdateItem", table(PROCESSING_TRACKER), needed=True),
        Asked(job, "dynamodb:DeleteItem", table(FILE_TRACKER), needed=True),
        Asked(job, "dynamodb:PutItem", table(FILE_TRACKER_HISTORY), needed=True),
        Asked(job, "dynamodb:PutItem", table(PROCESSING_TRACKER_HISTORY), needed=True),
        Asked(job, "dynamodb:DeleteItem", table(PROCESSING_TRACKER_HISTORY), needed=False),
        Asked(job, "dynamodb:Scan", table(FILE_TRACKER), needed=False),
        Asked(job, "glue:DeleteDatabase", place.arn("glue", "database/x_raw"), needed=False),
    ]
    for staging in settings.staging_places:
        staged = objects(staging.bucket, f"{staging.prefix}x/x/LOAD00000001.parquet")
        found.append(Asked(job, "s3:GetObject", staged, needed=True))
        found += [Asked(job, action, staged, needed=False) for action in ("s3:PutObject", "s3:DeleteObject")]
    return tuple(found)


def _denied(facts: PermissionFacts) -> Iterator[Fault]:
    for answered in facts.answered:
        if isinstance(answered.decisions, Unknown):
            why = answered.decisions
            setting = f"{answered.principal}: policies"
            yield Fault(answered.arn, setting=setting, severity=Severity.UNCHECKED, reason=why.why, fix=why.fix)
    yield from _decided(facts, needed=True)


def _too_many(facts: PermissionFacts) -> Iterator[Fault]:
    yield from _decided(facts, needed=False)


def _decided(facts: PermissionFacts, *, needed: bool) -> Iterator[Fault]:
    wanted = {(each.principal, each.action, each.resource) for each in facts.asked if each.needed is needed}
    for answered in facts.answered:
        for each in answered.decisions if not isinstance(answered.decisions, Unknown) else ():
            if (answered.principal, each.action, each.resource) in wanted and each.allowed is not needed:
                word = "allowed" if each.allowed else "denied"
                yield Fault(
                    f"{word} to {answered.arn} on {each.resource}", setting=f"{answered.principal}: {each.action}"
                )


PERMISSION_RULES = (
    Rule(
        "permission-needed",
        Subject.PERMISSIONS,
        "IAM policies",
        "allowed",
        "Runs, or what people do, stop at it.",
        "Deploy the roles from the templates, and attach the operator policy to people's roles (docs/permissions.md).",
        _denied,
        demanded=True,
    ),
    Rule(
        "permission-forbidden",
        Subject.PERMISSIONS,
        "IAM policies",
        "denied",
        "Nothing of ODPF does it; whoever may, by mistake or by force, can lose staged files or the audit.",
        "Take it out of the role's policies (docs/permissions.md).",
        _too_many,
        severity=Severity.WARNING,
    ),
)
"""A new rule is one more entry, its function above; what is asked stands in `asked_of`."""
