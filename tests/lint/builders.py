"""Files of DMS without a fault, and with one."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from odpf.states import Severity
from odpf.table_config import TableConfig
from odpf_cli.lint.facts import NOT_ASKED, Files, facts_of, without_deployment
from odpf_cli.lint.finding import Finding
from odpf_cli.lint.rule import findings
from odpf_cli.lint.rules import RULES
from tests.architecture.source_tree import ROOT
from tests.cli.builders import table_item

EXAMPLES = ROOT / "examples" / "dms"
ENDPOINT, TASK, MAPPINGS = (
    json.loads((EXAMPLES / f"{name}.json").read_text())
    for name in ("endpoint-settings", "task-settings", "table-mappings")
)


def without(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in keys}


def task(**sections: dict[str, Any]) -> dict[str, Any]:
    """Task settings with some settings changed; None takes one out."""
    changed = copy.deepcopy(TASK)
    for section, settings in sections.items():
        merged = {**changed.get(section, {}), **settings}
        changed[section] = {name: value for name, value in merged.items() if value is not None}
    return changed


def selecting(
    schema: str = "shop", table: str = "%", action: str = "include", number: int = 1, **more: Any
) -> dict[str, Any]:
    locator = {"schema-name": schema, "table-name": table}
    return {"rule-type": "selection", "rule-id": number, "rule-action": action, "object-locator": locator, **more}


def changing(
    action: str, number: int = 50, *, target: str = "column", at: str = "%.%.%", **more: Any
) -> dict[str, Any]:
    schema, table, column = at.split(".")
    locator = {"schema-name": schema, "table-name": table} | ({"column-name": column} if target == "column" else {})
    return {
        "rule-type": "transformation",
        "rule-id": number,
        "rule-target": target,
        "rule-action": action,
        "object-locator": locator,
        **{name.replace("_", "-"): value for name, value in more.items()},
    }


def mapping(*rules: dict[str, Any], selections: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The recommended mappings with other selections, and rules more."""
    kept = copy.deepcopy([rule for rule in MAPPINGS["rules"] if rule["rule-type"] != "selection"])
    return {"rules": [*(selections or [selecting()]), *kept, *rules]}


def changed(column: str, **values: Any) -> dict[str, Any]:
    """The recommended mappings with the rule of one column changed; None takes a key out, `gone` the rule."""
    rules = copy.deepcopy(MAPPINGS["rules"])
    (rule,) = [each for each in rules if column in (each.get("value"), each["rule-action"])]
    if values.pop("gone", False):
        rules.remove(rule)
    rule.update({name.replace("_", "-"): value for name, value in values.items()})
    return {"rules": rules}


class Linted:
    """Writes files into a folder and lints them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, content: Any) -> Path:
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
        return path

    def __call__(
        self,
        endpoint: Any = None,
        task: Any = None,
        mappings: list[Any] | None = None,
        tables: list[TableConfig] | None = None,
    ) -> list[Finding]:
        files = Files(
            self.write("endpoint.json", endpoint) if endpoint is not None else None,
            self.write("task.json", task) if task is not None else None,
            [self.write(f"mappings-{number}.json", each) for number, each in enumerate(mappings or ())],
            self.write("tables.json", {"cadences": [{"refresh_cadence": "hourly"}], "tables": tables})
            if tables
            else None,
        )
        return findings(RULES, facts_of(files, without_deployment(NOT_ASKED)))

    def faults(self, **given: Any) -> set[tuple[str, Severity]]:
        """Rule and severity of everything that is wrong."""
        return {(each.rule, each.severity) for each in self(**given) if each.severity is not Severity.UNCHECKED}

    def errors(self, **given: Any) -> set[str]:
        return {rule for rule, severity in self.faults(**given) if severity is Severity.ERROR}

    def warnings(self, **given: Any) -> set[str]:
        return {rule for rule, severity in self.faults(**given) if severity is Severity.WARNING}


def added(value: str, header: str, at: str = "%.%.%", number: int = 60, **more: Any) -> dict[str, Any]:
    """A rule that adds a column from a header of DMS."""
    return changing("add-column", number, at=at, value=value, expression=header, **more)


def table(source: str = "shop.orders", **more: Any) -> dict[str, Any]:
    return (
        table_item(source, hudi_precombine_field="CDC_TIMESTAMP_SEQ", **more)
        if "hudi_precombine_field" not in more
        else table_item(source, **more)
    )
