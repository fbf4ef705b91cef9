"""The endpoint and table mappings of the reference demonstration, and those recommended for ODPF."""

from __future__ import annotations

import json

from odpf_local.dms.endpoint import EndpointSettings
from odpf_local.dms.mapping import TableMappings

REFERENCE_ENDPOINT = EndpointSettings(
    data_format="parquet",
    bucket_folder="internal_staging",
    date_partition_enabled=True,
    date_partition_sequence="YYYYMMDD",
    date_partition_delimiter="SLASH",
)
"""As the original framework's demonstration has it: no IncludeOpForFullLoad, so full loads have no `Op`."""

RECOMMENDED_ENDPOINT = REFERENCE_ENDPOINT.model_copy(
    update={
        "include_op_for_full_load": True,
        "timestamp_column_name": "DMS_TIMESTAMP",
        "use_task_start_time_for_full_load_timestamp": True,
    }
)


def _everything(schema: str, number: int = 1) -> dict[str, object]:
    locator = {"schema-name": schema, "table-name": "%"}
    return {"rule-type": "selection", "rule-id": number, "rule-action": "include", "object-locator": locator}


def _column_rule(number: int, schema: str, action: str, **more: object) -> dict[str, object]:
    locator = {"schema-name": schema, "table-name": "%", "column-name": "%"}
    rule = {"rule-type": "transformation", "rule-id": number, "rule-target": "column", "rule-action": action}
    return {**rule, "object-locator": locator, **{name.replace("_", "-"): value for name, value in more.items()}}


def _added(number: int, schema: str, name: str, header: str) -> dict[str, object]:
    text = {"type": "string", "length": 50}
    return _column_rule(number, schema, "add-column", value=name, expression=header, data_type=text)


REFERENCE_RULES = {
    "rules": [
        _everything("taxi_trips"),
        _column_rule(2, "taxi_trips", "convert-uppercase"),
        _added(3, "taxi_trips", "CDC_TIMESTAMP_SEQ", "$AR_H_CHANGE_SEQ"),
        _added(4, "taxi_trips", "CDC_OPERATION", "$AR_H_OPERATION"),
    ]
}


def recommended_mappings(*schemas: str) -> TableMappings:
    """Every table of some schemas (all without any), with the columns ODPF recommends: sequence, operation, commit time,
    log position, and the key before the change."""
    rules = [_everything(schema, number) for number, schema in enumerate(schemas or ("%",), 1)]
    return TableMappings.parse(json.dumps({"rules": [*rules, *_RECOMMENDED_COLUMNS]}))


_RECOMMENDED_COLUMNS = [
    _added(102, "%", "CDC_TIMESTAMP_SEQ", "$AR_H_CHANGE_SEQ"),
    _added(103, "%", "CDC_OPERATION", "$AR_H_OPERATION"),
    _added(104, "%", "CDC_COMMIT_TIMESTAMP", "$AR_H_COMMIT_TIMESTAMP"),
    _added(105, "%", "CDC_STREAM_POSITION", "$AR_H_STREAM_POSITION"),
    _column_rule(
        106,
        "%",
        "add-before-image-columns",
        before_image_def={"column-prefix": "BI_", "column-suffix": "", "column-filter": "pk-only"},
    ),
]
REFERENCE_MAPPINGS = TableMappings.parse(json.dumps(REFERENCE_RULES))
RECOMMENDED_MAPPINGS = recommended_mappings()
