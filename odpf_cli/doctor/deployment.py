"""What of the deployment must be there, and whether this machine can talk to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from odpf.adapters.inventory import MOST_SECONDS_OFF, Function, Identity, Job
from odpf.states import Severity
from odpf_cli.display import plural
from odpf_cli.doctor.check import Check, Seen
from odpf_cli.lint.rule import Unknown

_SECONDS_OFF = 30
_ACTIVE = frozenset({"ACTIVE", "UPDATING"})


class Deployed(NamedTuple):
    """What was seen of the deployment; Unknown where nobody could tell.

    Attributes:
        forgotten: that an embedded AWS runs in this folder, and the environment points elsewhere.
        tables: status by DynamoDB table, None for one that is not there.
        buckets: whether each is there.
        state_machine: its role, None when it is not there.
        queues: messages that wait by queue, None for one that is not there.
    """

    forgotten: bool
    identity: Identity | Unknown
    tables: Mapping[str, str | None] | Unknown
    buckets: Mapping[str, bool] | Unknown
    state_machine: str | Unknown | None
    job: Job | Unknown | None
    functions: Mapping[str, Function | None] | Unknown
    queues: Mapping[str, int | None] | Unknown


def nowhere(why: Unknown, *, forgotten: bool) -> Deployed:
    """Nothing can be asked, for that reason."""
    rest = Unknown("No AWS was reached.", why.fix)
    return Deployed(forgotten, why, rest, rest, rest, rest, rest, rest)


def _reached(deployed: Deployed) -> Seen:
    found = deployed.identity
    if isinstance(found, Unknown):
        return Seen(found.why, Severity.ERROR, found.fix)
    if deployed.forgotten:
        fix = 'To use the embedded AWS of this folder, type: eval "$(odpf local env)"'
        return Seen(f"{found.arn} at {found.endpoint}, not the embedded AWS of this folder", Severity.WARNING, fix)
    return Seen(f"{found.arn} at {found.endpoint}")


def _clock(deployed: Deployed) -> Seen | Unknown:
    found = deployed.identity
    if isinstance(found, Unknown):
        return Unknown("No AWS was reached.", found.fix)
    if found.ahead_seconds is None:
        return Unknown("The endpoint does not say what time it is.", "Compare the clocks by hand.")
    off = abs(found.ahead_seconds)
    bad = Severity.ERROR if off > MOST_SECONDS_OFF else Severity.WARNING
    return Seen(f"{off:.0f} s apart", Severity.OK if off <= _SECONDS_OFF else bad)


def _tables(deployed: Deployed) -> Seen | Unknown:
    if isinstance(deployed.tables, Unknown):
        return deployed.tables
    bad = {name: status or "not there" for name, status in deployed.tables.items() if status not in _ACTIVE}
    return _all_or("table", len(deployed.tables), bad)


def _buckets(deployed: Deployed) -> Seen | Unknown:
    if isinstance(deployed.buckets, Unknown):
        return deployed.buckets
    bad = {name: "not there" for name, there in deployed.buckets.items() if not there}
    return _all_or("bucket", len(deployed.buckets), bad)


def _functions(deployed: Deployed) -> Seen | Unknown:
    if isinstance(deployed.functions, Unknown):
        return deployed.functions
    bad = {name: "not there" for name, found in deployed.functions.items() if found is None}
    return _all_or("function", len(deployed.functions), bad)


def _queues(deployed: Deployed) -> Seen | Unknown:
    if isinstance(deployed.queues, Unknown):
        return deployed.queues
    seen = _all_or("queue", len(deployed.queues), {n: "not there" for n, d in deployed.queues.items() if d is None})
    dead = {name: depth for name, depth in deployed.queues.items() if depth and name.endswith("_dlq")}
    if dead and seen.severity is Severity.OK:
        listed = ", ".join(f"{plural(depth, 'message')} in {name}" for name, depth in dead.items())
        return Seen(listed, Severity.WARNING, "See what they tell of: odpf dead-letters list")
    return seen


def _all_or(noun: str, count: int, bad: Mapping[str, str]) -> Seen:
    if bad:
        return Seen(", ".join(f"{name}: {why}" for name, why in bad.items()), Severity.ERROR)
    return Seen(plural(count, noun))


def _state_machine(deployed: Deployed) -> Seen | Unknown:
    if isinstance(deployed.state_machine, Unknown):
        return deployed.state_machine
    return Seen("there") if deployed.state_machine else Seen("not there", Severity.ERROR)


def _job(deployed: Deployed) -> Seen | Unknown:
    if isinstance(deployed.job, Unknown):
        return deployed.job
    return Seen(f"Glue {deployed.job.glue_version}") if deployed.job else Seen("not there", Severity.ERROR)


START = 'Start the embedded AWS (odpf local up --detach; eval "$(odpf local env)"), or set AWS_PROFILE and a Region.'
_DEPLOY = "Deploy it (docs/aws.md), or check ODPF_PREFIX, ODPF_*_BUCKET, account and Region."


def _check(name: str, setting: str, reason: str, judge: Callable[[Deployed], Seen | Unknown], **more: str) -> Check:
    return Check(name, setting, more.get("expected", "there"), reason, more.get("fix", _DEPLOY), judge)


DEPLOYMENT_CHECKS = (
    _check(
        "credentials",
        "endpoint and credentials",
        "Everything else is asked there, with them.",
        _reached,
        expected="an AWS that answers, and knows who asks",
        fix=START,
    ),
    _check(
        "clock",
        "clock",
        "AWS refuses requests that are signed minutes off; ages of files and lags are told by this clock.",
        _clock,
        expected="within 30 s of AWS's",
        fix="Set the clock of this machine (NTP).",
    ),
    _check("tables", "DynamoDB tables", "Configuration, files and states are kept there.", _tables),
    _check("buckets", "buckets", "Files land in staging, tables live in raw, manifests lie in artifacts.", _buckets),
    _check("queues", "queues", "Events of landed files and configurations wait there.", _queues),
    _check("functions", "Lambda functions", "They register files, plan runs, sum them up and watch.", _functions),
    _check("state-machine", "state machine", "Every run is one execution of it.", _state_machine),
    _check("job", "Glue job", "It applies the files.", _job),
)
"""A new check is one more entry, its function above."""
