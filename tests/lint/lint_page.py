"""Writes the table of rules in docs/lint.md: `python -m tests.lint.lint_page`."""

from __future__ import annotations

from itertools import groupby

from odpf.states import Severity
from odpf_cli.lint.rules import RULES
from tests.architecture.source_tree import ROOT

PAGE = ROOT / "docs" / "lint.md"
MARK = "<!-- rules: made from the program -->\n"


def written() -> str:
    """The page with its table as the program has it."""
    parts = [PAGE.read_text().split(MARK)[0] + MARK]
    for subject, rules in groupby(RULES, key=lambda rule: rule.subject):
        parts.append(f"\n### {subject.value.capitalize()}\n\n| rule | setting | expected | why |\n|---|---|---|---|\n")
        for rule in rules:
            word = "" if rule.severity is Severity.ERROR else f" ({rule.severity})"
            parts.append(f"| `{rule.name}`{word} | {rule.setting} | {rule.expected} | {rule.reason} |\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(written())
