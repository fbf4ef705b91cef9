"""JSON Schema of configuration files, for editors: generated from the models that read them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from odpf.table_config import CadenceConfig, TableConfig

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class ConfigurationFile(BaseModel):
    """Table configuration of ODPF: `odpf config plan PATH` shows what applying it would change."""

    model_config = ConfigDict(extra="forbid")

    cadences: list[CadenceConfig] = Field(default=[], description="Schedules with their Glue sizing.")
    tables: list[TableConfig] = Field(default=[], description="Which source tables feed which raw tables.")


def json_schema() -> dict[str, Any]:
    """The schema of one configuration file: unknown keys are wrong, and every key is explained."""
    schema = ConfigurationFile.model_json_schema()
    for model in schema["$defs"].values():
        for described in model["properties"].values():
            described.pop("title", None)
    return {"$schema": DIALECT, **schema, "title": "ODPF table configuration"}
