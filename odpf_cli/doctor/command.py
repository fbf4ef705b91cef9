"""`odpf doctor`: whether this machine and the deployment are in order, and what to do next where they are not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from odpf.adapters.aws import Aws
from odpf.adapters.inventory import Inventory
from odpf.clock import utc_now
from odpf.errors import OdpfError
from odpf.settings import Settings
from odpf.states import Severity
from odpf.tables import TABLES
from odpf_cli.display import coloured, plural
from odpf_cli.doctor.check import judged
from odpf_cli.doctor.deployment import DEPLOYMENT_CHECKS, START, Deployed, nowhere
from odpf_cli.doctor.machine import MACHINE_CHECKS, look_at_machine
from odpf_cli.lint.facts import known, permissions_of, runtime_of
from odpf_cli.lint.finding import Finding
from odpf_cli.lint.permission_rules import PERMISSION_RULES, PermissionFacts
from odpf_cli.lint.rule import Subject, Unknown, findings
from odpf_cli.lint.runtime_rules import RUNTIME_RULES, RuntimeFacts, of_this_program
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, stderr
from odpf_cli.target import endpoint_forgotten


def doctor(output: OutputOption = Output.TABLE) -> int:
    """Check this machine and the deployment: programs, folders, credentials, clock, what is deployed, in which versions.

    Nothing is changed, started or downloaded. Exit status 1 when something is an error.

    Example:
        odpf doctor
    """
    with stderr.status("looking ..."):
        checks = [*judged(MACHINE_CHECKS, look_at_machine(Path.cwd())), *_of_deployment(utc_now())]
    emit(
        output, {"checks": [each.model_dump(mode="json", exclude={"place"}) for each in checks]}, lambda: render(checks)
    )
    return ExitStatus.FAILED if any(each.severity is Severity.ERROR for each in checks) else ExitStatus.DONE


def _of_deployment(now: datetime) -> list[Finding]:
    forgotten = endpoint_forgotten()
    try:
        aws = Aws(Settings.from_environment(), component="operator")
        inventory = Inventory(aws.session, aws.settings)
        identity = inventory.identity()
    except OdpfError as error:
        return judged(DEPLOYMENT_CHECKS, nowhere(Unknown(str(error), START), forgotten=forgotten))
    runtime = runtime_of(inventory, aws, now)
    settings = aws.settings
    buckets = dict.fromkeys(
        [*(place.bucket for place in settings.staging_places), settings.raw_bucket, settings.artifacts_bucket]
    )
    queues = [name for queue in (settings.staging_queue, settings.config_queue) for name in (queue, f"{queue}_dlq")]
    deployed = Deployed(
        forgotten=forgotten,
        identity=identity,
        tables=known(lambda: inventory.tables(settings.table(schema.name) for schema in TABLES)),
        buckets=known(lambda: {bucket: inventory.bucket(bucket) for bucket in buckets}),
        state_machine=known(lambda: inventory.state_machine(identity.place)),
        job=runtime.job,
        functions=runtime.functions,
        queues=known(lambda: {queue: aws.queues.depth(queue) for queue in queues}),
    )
    permissions = permissions_of(inventory, identity, runtime, settings)
    return [*judged(DEPLOYMENT_CHECKS, deployed), *_as_lint_says(runtime, permissions)]


def _as_lint_says(runtime: RuntimeFacts, permissions: PermissionFacts) -> list[Finding]:
    """What of lint's rules concerns a deployment as a whole, and one line where they find nothing."""
    parts = {
        "versions": (RUNTIME_RULES, Subject.RUNTIME, runtime),
        "permissions": (PERMISSION_RULES, Subject.PERMISSIONS, permissions),
    }
    told: list[Finding] = []
    for name, (rules, subject, facts) in parts.items():
        found = findings(rules, {subject: facts})
        told += found or [_in_order(name, len(rules))]
    return told


def _in_order(name: str, rules: int) -> Finding:
    program = f", this program is {of_this_program().program}" if name == "versions" else ""
    return Finding(
        rule=name,
        setting=name,
        severity=Severity.OK,
        found=f"{plural(rules, 'rule')} of odpf lint hold{program}",
        expected="nothing that odpf lint finds",
        reason="Program, job and functions must fit each other, and roles do what they have to.",
        fix="odpf lint",
    )


def render(checks: Sequence[Finding]) -> RenderableType:
    """A line for each check; what to do next below those that are not in order."""
    lines: list[RenderableType] = []
    width = max(len(severity) for severity in Severity)
    for each in checks:
        word = coloured(each.severity)
        word.pad_right(width - len(word))
        lines.append(Text.assemble(word, " ", (each.setting, "bold"), f": {each.found or each.reason}"))
        if each.severity is not Severity.OK and (each.found or each.severity is not Severity.UNCHECKED):
            lines.append(Text(f"{' ' * width} {each.reason} {each.fix}", "dim"))
    bad = sum(each.severity is Severity.ERROR for each in checks)
    return Group(*lines, Text(), Text(plural(bad, "error"), "red" if bad else "green"))
