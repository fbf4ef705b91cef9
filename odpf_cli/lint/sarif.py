"""Findings as SARIF 2.1.0, which code hosts and CI show at the lines they are about (OASIS standard)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from odpf import __version__
from odpf.states import Severity
from odpf_cli.lint.finding import Finding, Place
from odpf_cli.lint.rule import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning"}
_NOT_DECIDED = "open"
"""The kind of a result that could not be evaluated (SARIF 2.1.0, 3.27.9); its level is none."""


def as_sarif(rules: Sequence[Rule], findings: Sequence[Finding]) -> dict[str, Any]:
    """One run of the tool, with the metadata of the rules that were asked."""
    places = {rule.name: number for number, rule in enumerate(rules)}
    driver = {
        "name": "odpf lint",
        "semanticVersion": __version__,
        "rules": [_rule(rule) for rule in rules],
    }
    results = [_result(finding, places[finding.rule]) for finding in findings]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.name,
        "shortDescription": {"text": f"{rule.setting}: {rule.expected}"},
        "fullDescription": {"text": rule.reason},
        "help": {"text": rule.fix},
        "defaultConfiguration": {"level": _LEVELS.get(rule.severity, "none")},
        "properties": {"tags": [rule.subject.value]},
    }


def _result(finding: Finding, rule_index: int) -> dict[str, Any]:
    found = "nothing" if finding.found is None else finding.found
    level = _LEVELS.get(finding.severity)
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "kind": "fail" if level else _NOT_DECIDED,
        "level": level or "none",
        "message": {
            "text": f"{finding.setting}: found {found}, expected {finding.expected}. {finding.reason} {finding.fix}"
        },
    }
    return result | ({"locations": [_location(finding.place)]} if finding.place else {})


def _location(place: Place) -> dict[str, Any]:
    artifact: dict[str, Any] = {"artifactLocation": {"uri": _uri(place.file)}}
    if "://" not in place.file:
        artifact["region"] = {"startLine": place.line or 1}
    return {"physicalLocation": artifact}


def _uri(file: str) -> str:
    """A relative path as it was given, so that CI finds it in the repository; an absolute one as a file URI."""
    if "://" in file:
        return quote(file, safe=":/%")
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
