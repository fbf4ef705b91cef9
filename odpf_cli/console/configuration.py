"""Configuration in the console: what is deployed, a form made from the models, plan and apply as `odpf config` does them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel

from config_manager.deployed import read_deployed
from config_manager.parse import Parsed, parse_content
from config_manager.plan import ConfigPlan
from config_manager.prepare import prepare
from config_manager.publish import publish
from odpf.errors import TransientError
from odpf.table_config import CadenceConfig, TableConfig
from odpf_cli.console.deployment import Deployment
from odpf_cli.plan_view import plan_document

SOURCE = "console"
MOST_DEPLOYMENTS = 30
_MODELS: Mapping[str, type[BaseModel]] = {"cadences": CadenceConfig, "tables": TableConfig}


class PlanChanged(TransientError):
    """Somebody has changed the configuration since the plan was shown; nothing was written."""


class Field(NamedTuple):
    """One key of a form; `choices` is empty where anything may be written."""

    name: str
    kind: str
    choices: tuple[str, ...]
    default: str
    required: bool


def form() -> dict[str, list[dict[str, Any]]]:
    """The keys of cadences and tables as their models have them; keys of a mapping are `mapping.key`."""
    return {name: [field._asdict() for field in _fields(model)] for name, model in _MODELS.items()}


def deployed_view(deployment: Deployment) -> dict[str, Any]:
    """What is deployed, and who deployed what when."""
    stores = deployment.publisher
    deployed = read_deployed(stores.config, stores.schedules)
    cadences = [{**item.values, "problem": item.problem} for item in deployed.cadences.values()]
    tables = [
        {**item.values, "problem": item.problem, "why_paused": _paused(item.config)}
        for _, _, item in deployed.each_table()
    ]
    records = sorted(stores.config.deployments(), key=lambda record: str(record.get("deployed_at")), reverse=True)
    return {"cadences": cadences, "tables": tables, "deployments": records[:MOST_DEPLOYMENTS], "form": form()}


def plan(given: Mapping[str, Any], deployment: Deployment) -> dict[str, Any]:
    """What applying it would change; nothing is written.

    Args:
        given: {"text": a YAML file}, or {"document": {"cadences": [], "tables": []}}.
        deployment: what it is compared with.
    """
    made = prepare(_parsed(given), deployment.publisher)
    return {**plan_document(made), "plan": digest(made), "nothing_to_do": made.nothing_to_do}


def apply(given: Mapping[str, Any], shown: str, deployment: Deployment, now: datetime) -> dict[str, Any]:
    """Apply a plan that somebody was shown, and record who did.

    Raises:
        PlanChanged: applying it would do something else by now.
        InvalidConfiguration: it has problems.
    """
    made = prepare(_parsed(given), deployment.publisher)
    if digest(made) != shown:
        raise PlanChanged("What would be written is not what was shown any more: look at the plan again.")
    who = f"{deployment.caller.arn} by console"
    return {"deployment_id": publish(made, deployment.publisher, who=who, now=now), **made.printed()}


def digest(made: ConfigPlan) -> str:
    """Tells one plan from another."""
    return hashlib.sha256(made.model_dump_json().encode()).hexdigest()[:16]


def _parsed(given: Mapping[str, Any]) -> Parsed:
    if isinstance(text := given.get("text"), str):
        return parse_content(f"{SOURCE}.yaml", text.encode())
    return parse_content(f"{SOURCE}.json", json.dumps(given.get("document")).encode())


def _paused(config: TableConfig | None) -> str | None:
    return config.pause.told(config.source_table_name) if config and config.pause else None


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[Field]:
    schema = model.model_json_schema()
    for name, found in schema["properties"].items():
        inner = model.model_fields[name].annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _fields(inner, f"{prefix}{name}.")
            continue
        kinds = {each.get("type"): each for each in found.get("anyOf", [found])}
        if any("$ref" in each for each in kinds.values()):
            continue  # a mapping or none: what a command writes, as the pause, and nobody by hand
        choices = next((each["enum"] for each in kinds.values() if "enum" in each), ())
        if any("const" in each for each in kinds.values()):
            continue  # nothing to choose
        kind = "number" if "integer" in kinds else "list" if "array" in kinds else "text"
        required = name in schema.get("required", ())
        yield Field(f"{prefix}{name}", kind, tuple(choices), _shown(found.get("default")), required)


def _shown(default: Any) -> str:
    if isinstance(default, list):
        return ", ".join(map(str, default))
    return "" if default is None else str(default)
