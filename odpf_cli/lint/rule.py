"""A rule: what is asked of which facts, why, and what to do when it does not hold. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from odpf.states import Severity
from odpf_cli.lint.finding import Finding, Place


class Subject(StrEnum):
    """What a rule looks at; its value names that for a person."""

    ENDPOINT = "endpoint settings"
    TASK = "task settings"
    MAPPINGS = "table mappings"
    TABLES = "configured tables"
    RUNTIME = "runtime"
    PERMISSIONS = "permissions"


class Fault(NamedTuple):
    """That a rule does not hold, where; what is None is as the rule has it.

    Attributes:
        found: what stands there, None for nothing.
    """

    found: str | None
    place: Place | None = None
    setting: str | None = None
    expected: str | None = None
    severity: Severity | None = None
    reason: str | None = None
    fix: str | None = None


Check = Callable[[Any], Iterable[Fault]]
"""A pure function of the facts of the rule's subject."""


class Rule(NamedTuple):
    """One entry of a table of rules.

    Attributes:
        demanded: it is told as unchecked where nothing is known of its subject.
    """

    name: str
    subject: Subject
    setting: str
    expected: str
    reason: str
    fix: str
    check: Check
    severity: Severity = Severity.ERROR
    demanded: bool = False


class Unknown(NamedTuple):
    """Why nothing is known of a subject, and what to do about it."""

    why: str
    fix: str


def findings(rules: Iterable[Rule], facts: Mapping[Subject, Any]) -> list[Finding]:
    """What the rules find in the facts, in the order of the rules.

    Args:
        rules: those to ask.
        facts: by subject; `Unknown` where there are none.
    """
    return [found for rule in rules for found in _of_rule(rule, facts[rule.subject])]


def _of_rule(rule: Rule, facts: Any) -> Iterator[Finding]:
    if isinstance(facts, Unknown):
        if rule.demanded:
            yield _finding(rule, Fault(None, severity=Severity.UNCHECKED, reason=facts.why, fix=facts.fix))
        return
    for fault in rule.check(facts):
        yield _finding(rule, fault)


def _finding(rule: Rule, fault: Fault) -> Finding:
    return Finding(
        rule=rule.name,
        setting=fault.setting or rule.setting,
        severity=fault.severity or rule.severity,
        found=fault.found,
        expected=fault.expected or rule.expected,
        reason=fault.reason or rule.reason,
        fix=fault.fix or rule.fix,
        place=fault.place,
    )
