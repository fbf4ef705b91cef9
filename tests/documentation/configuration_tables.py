"""The tables of docs/configuration.md, made from the models: keys, types, defaults, and the fields' own descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from odpf.schema_policy import SchemaPolicy
from odpf.table_config import CadenceConfig, TableConfig

TABLES: dict[str, type[BaseModel]] = {"cadences": CadenceConfig, "tables": TableConfig, "schema_policy": SchemaPolicy}
FURTHER = {
    "compute": "[ADR 0008](adr/0008-lambda-as-a-second-place.md), [cost](cost.md)",
    "delete_mode": "[what analysts filter by](operate.md#rows-that-are-marked-deleted)",
    "cdc_stream_position_column": "[guarantees](guarantees.md#histories)",
    "exclude_columns": "[personal data](personal-data.md)",
    "hash_columns": "[personal data](personal-data.md)",
    "engine": "[ADR 0007](adr/0007-a-second-engine.md)",
    "full_load_completion": "[below](#when-a-full-load-is-whole)",
    "hudi_primary_key": "[later changes](#what-an-existing-table-cannot-become)",
    "lag_objective_seconds": "[observability](observability.md#lag_objective_missed)",
    "maintenance_schedule": "[operate](operate.md#long-timelines)",
    "refresh_tables_batch_size": "[ADR 0013](adr/0013-batches-by-expected-time.md)",
    "schema_policy": "[below](#when-the-source-changes-its-columns)",
    "table_data_versioning_type": "[guarantees](guarantees.md#validity-intervals)",
}
"""Where more about a key stands: links belong to the page and not into the descriptions, which other programs show."""
_TYPES = {"string": "text", "integer": "number", "array": "list of columns", "object": "mapping"}


def written(page: str) -> str:
    """The page with its tables as they are now, each between the comments that name it."""
    for name, model in TABLES.items():
        begin, end = f"<!-- {name}: made from the models -->\n", f"<!-- end of {name} -->"
        page = re.sub(
            f"{begin}.*?{end}", lambda _, m=model, b=begin, e=end: f"{b}\n{table(m)}\n{e}", page, flags=re.DOTALL
        )
    return page


def table(model: type[BaseModel]) -> str:
    """Four columns, a line per field."""
    schema = model.model_json_schema()
    lines = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for name, field in schema["properties"].items():
        default = _default(field) if name not in schema.get("required", ()) else "required"
        told = " ".join(filter(None, [field["description"], FURTHER.get(name)]))
        lines.append(f"| `{name}` | {', '.join(_types(field))} | {default} | {told} |")
    return "\n".join([*lines, ""])


def _types(field: dict[str, Any]) -> Iterator[str]:
    """The words that a value may be, or what kind of value it is."""
    if "enum" in field or "const" in field:
        yield from (f"`{word}`" for word in field.get("enum", [field.get("const")]))
    elif "anyOf" in field:
        others = [each for each in field["anyOf"] if each.get("type") != "null"]
        lists = [each for each in others if each.get("type") == "array"]
        yield from (word for each in lists or others for word in _types(each))
    elif "minimum" in field:
        yield f"{field['minimum']} to {field['maximum']}" if "maximum" in field else f"at least {field['minimum']}"
    else:
        yield _TYPES[field.get("type", "object")]


def _default(field: dict[str, Any]) -> str:
    match field.get("default"):
        case None:
            return "none"
        case dict():
            return "[per kind](#when-the-source-changes-its-columns)"
        case []:
            return "none"
        case list() as words:
            return ", ".join(f"`{word}`" for word in words)
        case word:
            return f"`{word}`"
