"""How findings look on a terminal: what is wrong first, alike ones together, what was not checked in a line each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.text import Text

from odpf.states import Severity
from odpf_cli.display import coloured, grid, plural
from odpf_cli.lint.finding import Finding
from odpf_cli.lint.rule import Rule

_MOST_LINES = 5
_WORST_FIRST = [Severity.ERROR, Severity.WARNING, Severity.UNCHECKED, Severity.OK]


def render(findings: Sequence[Finding]) -> RenderableType:
    """Findings for a person."""
    told = [each for each in findings if each.severity is not Severity.UNCHECKED]
    parts: list[RenderableType] = []
    ordered = sorted(told, key=lambda each: _WORST_FIRST.index(each.severity))
    for (severity, rule), group in groupby(ordered, key=lambda each: (each.severity, each.rule)):
        parts += [*_group(severity, rule, list(group)), Text()]
    unchecked = [each for each in findings if each.severity is Severity.UNCHECKED]
    return Group(*parts, *_unchecked(unchecked), _sum(findings))


def _group(severity: Severity, rule: str, group: list[Finding]) -> list[RenderableType]:
    lines: list[RenderableType] = [Text.assemble(coloured(severity), " ", (rule, "bold"))]
    for each in group[:_MOST_LINES]:
        place = f" ({each.place})" if each.place else ""
        lines.append(Text(f"  {each.setting}: {_found(each)}, expected {each.expected}{place}"))
    if len(group) > _MOST_LINES:
        lines.append(Text(f"  and {len(group) - _MOST_LINES} more", "dim"))
    lines.append(Text(f"  why  {group[0].reason}", "dim"))
    return [*lines, Text(f"  fix  {group[0].fix}")]


def _found(each: Finding) -> str:
    return "not set" if each.found is None else f"found {each.found}"


def _unchecked(findings: list[Finding]) -> list[RenderableType]:
    lines: list[RenderableType] = []
    by_reason: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        by_reason.setdefault((each.reason, each.fix), []).append(each)
    for (reason, fix), group in by_reason.items():
        settings = dict.fromkeys(f"{each.setting} ({each.found})" if each.found else each.setting for each in group)
        lines.append(Text.assemble(coloured(Severity.UNCHECKED), f" {', '.join(settings)}"))
        lines.append(Text(f"  {reason} {fix}", "dim"))
    return [*lines, Text()] if lines else []


def _sum(findings: Sequence[Finding]) -> Text:
    counts = {severity: sum(each.severity is severity for each in findings) for severity in _WORST_FIRST}
    found = [plural(counts[Severity.ERROR], "error"), plural(counts[Severity.WARNING], "warning")]
    unchecked = counts[Severity.UNCHECKED]
    text = ", ".join([*found, f"{unchecked} unchecked"] if unchecked else found)
    return Text(text, "red" if counts[Severity.ERROR] else "yellow" if counts[Severity.WARNING] else "green")


def render_rules(rules: Sequence[Rule]) -> RenderableType:
    """Every rule with what it expects and why."""
    table = grid(["Rule", "Setting", "Expected", "Why"], [], words=["Severity"])
    table.columns[0].no_wrap = True  # it is what is typed after --rule
    for rule in rules:
        table.add_row(rule.name, rule.setting, rule.expected, rule.reason, coloured(rule.severity))
    return table


def rules_document(rules: Sequence[Rule]) -> list[dict[str, str]]:
    """The same as JSON."""
    return [
        {
            "rule": rule.name,
            "about": rule.subject.value,
            "setting": rule.setting,
            "severity": rule.severity.value,
            "expected": rule.expected,
            "reason": rule.reason,
            "fix": rule.fix,
        }
        for rule in rules
    ]
