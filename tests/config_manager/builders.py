"""Configuration with sensible defaults, as text and as values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import yaml

from config_manager.parse import Parsed, parse_content
from config_manager.plan import ConfigPlan
from config_manager.prepare import prepare
from config_manager.publish import publish
from config_manager.stores import Stores
from odpf.table_config import TableConfig
from odpf.table_state import TableState

NOW = datetime(2026, 1, 31, 10, 15, 30, tzinfo=UTC)


def cadence(name: str = "hourly", **more: Any) -> dict[str, Any]:
    return {"refresh_cadence": name, "schedule": "rate(1 hour)", **more}


def table(name: str = "orders", **more: Any) -> dict[str, Any]:
    return {
        "source_table_name": f"shop.{name}",
        "refresh_cadence": "hourly",
        "raw_database_name": "shop_raw",
        "raw_table_name": name,
        "hudi_primary_key": "ID",
        "hudi_precombine_field": "CDC_TIMESTAMP_SEQ",
        **more,
    }


def parsed(*tables: dict[str, Any], cadences: tuple[dict[str, Any], ...] | None = None) -> Parsed:
    """What a file `c.yaml` with these entries says; without `cadences` it has the cadence `hourly`."""
    document = {"cadences": [cadence()] if cadences is None else list(cadences), "tables": list(tables)}
    return parse_content("c.yaml", yaml.safe_dump(document).encode())


def plan(stores: Stores, *tables: dict[str, Any], prune: bool = False, **more: Any) -> ConfigPlan:
    return prepare(parsed(*tables, **more), stores, prune=prune)


def deploy(stores: Stores, *tables: dict[str, Any], **more: Any) -> str | None:
    return publish(plan(stores, *tables, **more), stores, who="arn:aws:iam::1:user/ann", now=NOW)


def messages(found: ConfigPlan) -> dict[str, str]:
    """Problems by path."""
    return {problem.path: problem.message for problem in found.problems}


def existing(**values: Any) -> TableState:
    """The state of a raw table that has a commit, made from the configuration of `table(**values)`."""
    config = TableConfig.model_validate(table(**values))
    return TableState(
        raw_table=config.raw_table,
        source_table_name=config.source_table_name,
        high_water_mark="000001  LOAD00000001.parquet 0000000001",
        identity=config.identity,
    )
