"""The DMS settings that the documentation hands out are those that ODPF wants."""

from __future__ import annotations

import json

import pyarrow as pa

from odpf_local.dms.endpoint import read_endpoint_settings
from odpf_local.dms.mapping import TableMappings
from odpf_local.dms.reference import RECOMMENDED_ENDPOINT, recommended_mappings
from odpf_local.dms.shape import Column, Shape
from tests.architecture.source_tree import ROOT

EXAMPLES = ROOT / "examples" / "dms"


def test_the_endpoint_settings_write_what_the_recommended_ones_write():
    settings, _ = read_endpoint_settings(EXAMPLES / "endpoint-settings.json")
    free = {"bucket_name": None, "parquet_version": RECOMMENDED_ENDPOINT.parquet_version}
    assert settings.model_copy(update=free) == RECOMMENDED_ENDPOINT


def test_the_table_mappings_add_the_recommended_columns():
    mappings = TableMappings.parse((EXAMPLES / "table-mappings.json").read_text())
    columns = (Column("ID", pa.int64(), key=True), Column("item", pa.string()))
    shape = Shape("shop", "orders", columns)
    assert mappings.target(shape) == recommended_mappings("shop").target(shape)


def test_the_task_settings_lose_nothing():
    task = json.loads((EXAMPLES / "task-settings.json").read_text())
    handling = task["ChangeProcessingDdlHandlingPolicy"]
    assert handling["HandleSourceTableDropped"] is False
    assert handling["HandleSourceTableTruncated"] is False
    assert task["TargetMetadata"]["BatchApplyEnabled"] is False
    assert task["TargetMetadata"]["LobMaxSize"] > 0
