"""The schema for editors says what the models say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from config_manager.json_schema import json_schema
from odpf.table_config import TableConfig
from tests.config_manager.builders import cadence, table

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*/*.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def wrong(document: Any) -> list[str]:
    return [error.json_path for error in VALIDATOR.iter_errors(document)]


def test_it_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_examples_are_valid(path):
    assert wrong(yaml.safe_load(path.read_text(encoding="utf-8"))) == []


def test_every_key_is_explained():
    of_models = json_schema()["$defs"]
    keys = [of_models[name]["properties"] for name in ("CadenceConfig", "TableConfig", "SchemaPolicy")]
    assert [key for of_model in keys for key, found in of_model.items() if not found.get("description")] == []


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"tables": [table(hudi_primry_key="ID")]}, "$.tables[0]"),
        ({"tabels": []}, "$"),
        ({"cadences": [cadence(schedule="every minute")]}, "$.cadences[0].schedule"),
        ({"tables": [table(raw_table_name="Orders")]}, "$.tables[0].raw_table_name"),
        ({"tables": [table(engine="flink")]}, "$.tables[0].engine"),
        ({"tables": [table(schema_policy={"added": "ignore"})]}, "$.tables[0].schema_policy.added"),
    ],
)
def test_what_the_models_refuse_is_wrong_in_the_editor(document, path):
    assert wrong(document) == [path]


@pytest.mark.parametrize(
    "values",
    [
        {"hudi_primary_key": ["ID", "B"]},
        {"hudi_primary_key": "ID,B"},
        {"cdc_extra_columns": []},
        {"hudi_partition_key": None},
    ],
)
def test_every_accepted_way_to_write_a_value_is_right(values):
    TableConfig.model_validate(table(**values))
    assert wrong({"tables": [table(**values)]}) == []
