"""The configuration that the project ships, and the page that explains it."""

from __future__ import annotations

from pathlib import Path

from config_manager.parse import parse_path
from config_manager.prepare import prepare
from odpf.table_config import CadenceConfig, TableConfig

ROOT = Path(__file__).parents[2]


def test_the_taxi_example_is_the_18_tables_of_the_demonstration(stores):
    found = prepare(parse_path(ROOT / "examples" / "taxi"), stores)
    assert found.problems == ()
    assert found.names(found.added, "table") == [f"taxi_trips.table_{n}" for n in range(1, 19)]
    assert found.names(found.added, "cadence") == ["10_min_refresh"]
    assert found.databases == ("odpf_demo_taxi_trips_raw",)


def test_the_reference_explains_every_key_that_can_be_written():
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    keys = {*CadenceConfig.model_fields, *TableConfig.model_fields}
    assert [key for key in sorted(keys) if f"| `{key}` |" not in page] == []
