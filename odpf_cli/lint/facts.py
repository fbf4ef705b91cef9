"""Gathers what the rules look at: files that were given, and the deployment that the environment points at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from config_manager.parse import parse_path
from config_manager.validate import check_files
from odpf.adapters.aws import Aws
from odpf.adapters.inventory import Identity, Inventory, Job
from odpf.audit import AuditRow
from odpf.clock import iso
from odpf.configured_table import read_items
from odpf.errors import InvalidConfiguration, OdpfError
from odpf.settings import Settings, StagingPlace
from odpf.table_config import TableConfig
from odpf_cli.lint.endpoint import Endpoint, read_endpoint
from odpf_cli.lint.mappings import MappingFacts, read_mappings
from odpf_cli.lint.permission_rules import Answered, PermissionFacts, Principal, asked_of
from odpf_cli.lint.rule import Subject, Unknown
from odpf_cli.lint.runtime_rules import RuntimeFacts, of_this_program
from odpf_cli.lint.staged import TableFacts, read_tables
from odpf_cli.lint.task import read_task

FUNCTIONS = ("batch_manager", "process_batch", "summarise", "file_manager", "config_manager", "retention", "watch")
"""Components that are Lambda functions (docs/permissions.md)."""
_LOOK = "Set AWS_ENDPOINT_URL or AWS_PROFILE to the deployment's account and Region, then lint again."
NOT_ASKED = Unknown("The deployment was not looked at (--no-deployment).", "Lint without --no-deployment.")
Found = TypeVar("Found")


class Files(NamedTuple):
    """Files that were given; None, or none, where none was."""

    endpoint: Path | None
    task: Path | None
    mappings: Sequence[Path]
    config: Path | None


class Deployment(NamedTuple):
    """What was seen of a deployment, or why not."""

    tables: TableFacts | Unknown
    runtime: RuntimeFacts
    permissions: PermissionFacts | Unknown
    places: tuple[StagingPlace, ...] = ()


def without_deployment(why: Unknown) -> Deployment:
    """What is known then: this program."""
    return Deployment(why, of_this_program()._replace(job=why, functions=why), why)


def facts_of(files: Files, deployment: Deployment) -> dict[Subject, Any]:
    """What there is for the rules of each subject.

    Raises:
        InvalidSettings: a file of DMS is not what it should be.
        InvalidConfiguration: the table configuration in files is not valid.
    """
    endpoint = read_endpoint(files.endpoint) if files.endpoint else None
    return {
        Subject.ENDPOINT: endpoint._replace(places=deployment.places)
        if endpoint
        else _not_given("--endpoint-settings", "aws dms describe-endpoints"),
        Subject.TASK: read_task(files.task)
        if files.task
        else _not_given("--task-settings", "aws dms describe-replication-tasks"),
        Subject.MAPPINGS: _mappings(files, deployment, endpoint)
        if files.mappings
        else _not_given("--table-mappings", "aws dms describe-replication-tasks"),
        Subject.TABLES: deployment.tables,
        Subject.RUNTIME: deployment.runtime,
        Subject.PERMISSIONS: deployment.permissions,
    }


def _not_given(option: str, source: str) -> Unknown:
    return Unknown(f"No file was given as {option}.", f"Give it: {option} FILE, as `{source}` has it.")


def _mappings(files: Files, deployment: Deployment, endpoint: Endpoint | None) -> MappingFacts:
    tasks = tuple(read_mappings(path) for path in dict.fromkeys(files.mappings))
    if files.config is not None:
        return MappingFacts(tasks, configured(files.config), endpoint)
    seen = deployment.tables
    tables = None if isinstance(seen, Unknown) else tuple(table.config for table in seen.tables)
    return MappingFacts(tasks, tables, endpoint)


def configured(path: Path) -> tuple[TableConfig, ...]:
    """Tables as configuration files have them.

    Raises:
        InvalidConfiguration: with every problem of the files.
    """
    checked = check_files(parse_path(path))
    if checked.problems:
        listed = "; ".join(f"{each.path}: {each.message}" for each in checked.problems)
        raise InvalidConfiguration(f"The table configuration is not valid: {listed}. `odpf config plan` shows it.")
    return tuple(each.config for each in checked.tables)


def look_at(aws: Aws, now: datetime) -> Deployment:
    """Everything of the deployment that can be seen; nothing that fails keeps the rest from being looked at."""
    inventory = Inventory(aws.session, aws.settings)
    try:
        identity = inventory.identity()
    except OdpfError as error:
        return without_deployment(Unknown(f"No deployment was reached. {error}", _LOOK))
    runtime = runtime_of(inventory, aws, now)
    permissions = permissions_of(inventory, identity, runtime, aws.settings)
    return Deployment(known(lambda: _tables(aws, now)), runtime, permissions, aws.settings.staging_places)


def runtime_of(inventory: Inventory, aws: Aws, now: datetime) -> RuntimeFacts:
    """Versions of this program, of the job, of the functions, and of what wrote last."""
    job, functions = known(inventory.job), known(lambda: inventory.functions(FUNCTIONS))
    wrote = known(lambda: _newest_release(aws, now))
    return of_this_program()._replace(
        job=job,
        functions=functions,
        wrote=None if isinstance(wrote, Unknown) else wrote,
    )


def known(ask: Callable[[], Found]) -> Found | Unknown:
    """An answer, or why there is none."""
    try:
        return ask()
    except OdpfError as error:
        return Unknown(str(error), "What the caller may need for it: docs/lint.md.")


def _tables(aws: Aws, now: datetime) -> TableFacts:
    items = read_items(aws.config.tables())
    return read_tables(items, aws.settings, aws.tracker, aws.ledger, aws.objects, now)


def _newest_release(aws: Aws, now: datetime) -> str | None:
    """What today's newest audit row says; one query."""
    rows: list[AuditRow] = aws.audit.of_day(iso(now)[: len("YYYY-MM-DD")])
    newest = max(rows, key=lambda row: row.ended_at or "", default=None)
    return newest.odpf_version if newest else None


def permissions_of(
    inventory: Inventory, identity: Identity, runtime: RuntimeFacts, settings: Settings
) -> PermissionFacts:
    """What the caller and the job may do, as far as somebody tells."""
    place = identity.place
    asked = asked_of(settings, place)
    arns = {Principal.OPERATOR: policy_source(identity.arn)}
    if isinstance(runtime.job, Job) and (role := runtime.job.role):
        arns[Principal.JOB] = role if role.startswith("arn:") else place.arn("iam", f"role/{role}")

    def answered(principal: Principal, arn: str) -> Answered:
        wanted = [(each.action, each.resource) for each in asked if each.principal is principal]
        return Answered(principal, arn, known(lambda: tuple(inventory.decisions(arn, wanted))))

    return PermissionFacts(asked, tuple(answered(principal, arn) for principal, arn in arns.items()))


def policy_source(arn: str) -> str:
    """The role behind a session's ARN, whose policies can be simulated; a role with a path is named without it there."""
    head, _, rest = arn.partition(":assumed-role/")
    return f"{head.replace(':sts:', ':iam:')}:role/{rest.split('/')[0]}" if rest else arn
