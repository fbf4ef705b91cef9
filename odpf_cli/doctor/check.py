"""A check of `odpf doctor`: what is looked at, and how it is judged. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from odpf.states import Severity
from odpf_cli.lint.finding import Finding
from odpf_cli.lint.rule import Unknown


class Seen(NamedTuple):
    """What a check found, and how good that is; `fix` where it is another one than the check's."""

    found: str
    severity: Severity = Severity.OK
    fix: str | None = None


class Check(NamedTuple):
    """One entry of a table of checks."""

    name: str
    setting: str
    expected: str
    reason: str
    fix: str
    judge: Callable[[Any], Seen | Unknown]


def judged(checks: Iterable[Check], facts: Any) -> list[Finding]:
    """What each check says of the facts, good or bad."""
    return [_finding(check, check.judge(facts)) for check in checks]


def _finding(check: Check, seen: Seen | Unknown) -> Finding:
    unknown = isinstance(seen, Unknown)
    return Finding(
        rule=check.name,
        setting=check.setting,
        severity=Severity.UNCHECKED if isinstance(seen, Unknown) else seen.severity,
        found=None if isinstance(seen, Unknown) else seen.found,
        expected=check.expected,
        reason=seen.why if isinstance(seen, Unknown) else check.reason,
        fix=(seen.fix if unknown or seen.fix else check.fix) or check.fix,
    )
