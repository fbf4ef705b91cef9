"""JSON Schema of configuration files, for editors: generated from the models that read them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from odpf.table_config import CadenceConfig, TableConfig

DIALECT = "https://json-schema.org/draft/2020-12/schema"

DESCRIPTIONS = {
    "CadenceConfig": {
        "refresh_cadence": "Name: letters, digits, `_`, `-`; at most 50.",
        "schedule": "`rate(10 minutes)` or `cron(0/10 * * * ? *)`, in UTC; without it the cadence runs only by `odpf run`.",
        "maintenance_schedule": "When long timelines are archived, in UTC, once a day for example: `cron(0 3 * * ? *)`.",
        "glue_job_worker_type": "Worker type of the job runs.",
        "glue_job_max_workers": "Workers that a job run may have at most, 2 to 299.",
        "glue_job_large_worker_type": "Worker type of the job runs of large tables; as glue_job_worker_type without it.",
        "lag_objective_seconds": "How old the oldest waiting change may become before somebody is told; at least 60.",
        "refresh_tables_batch_size": "Tables that one job run handles at most.",
        "compute": "Where table batches are processed: glue, lambda for small work, or auto, whichever is cheaper.",
        "glue_job_name": "May be left out; another job than the deployment's is refused.",
        "datalake_format": "The only format.",
    },
    "TableConfig": {
        "source_table_name": "`<schema>.<table>`, or `<source>.<schema>.<table>` for a named staging place; case counts.",
        "refresh_cadence": "The one cadence that the table belongs to.",
        "raw_database_name": "Glue database; made when it is missing.",
        "raw_table_name": "Glue table; one source table feeds one raw table.",
        "raw_database_S3_bucket": "Bucket of the raw table; the deployment's raw bucket without it.",
        "hudi_primary_key": "Key column, or several: a list, or `ORDER_ID,LINE`.",
        "hudi_precombine_field": "The column with the change sequence (`$AR_H_CHANGE_SEQ`).",
        "hudi_partition_key": "One column by which the raw table is partitioned.",
        "hudi_table_type": "copy_on_write, or merge_on_read, which also takes the names `<table>_ro` and `<table>_rt`.",
        "table_data_versioning_type": "S current snapshot; H append history, a row for every change; V validity intervals.",
        "is_active": "N: the table is not refreshed, its files wait.",
        "partition_is_immutable": "Y: a row's partition value never changes; N: it may, then the row moves.",
        "on_bad_file": "continue: a bad file is quarantined and the table goes on; stop: the table waits for a person.",
        "full_load": "required: the table begins with a full load; none: change files may create it.",
        "cdc_operation_column": "The column that says insert, update or delete; `Op` or CDC_OPERATION without it.",
        "cdc_commit_timestamp_column": "The column with the commit time; without it the first 16 digits of the sequence.",
        "cdc_stream_position_column": "The column with the source's own position (`$AR_H_STREAM_POSITION`), for histories (H).",
        "cdc_extra_columns": "Other columns that DMS adds: they tell of a change and not of the row.",
        "engine": "What applies the changes: auto chooses by size.",
        "full_load_completion": "When a full load is whole: none, marker, quiet_seconds:N, dms.",
        "schema_policy": "What becomes of each kind of change of the source's schema; kinds not named keep their defaults.",
        "delete_mode": "hard: a deleted row is removed; soft: it stays, marked `_odpf_is_deleted`.",
        "reload_mode": "replace: a second full load replaces the first; difference: it is compared with the table.",
        "before_image_prefix": "How the columns begin that the mapping rule add-before-image-columns adds.",
        "table_storage_type": "The only format.",
    },
    "SchemaPolicy": {
        "added": "A column that the table does not have.",
        "dropped": "A column of the table that the file does not have.",
        "widened": "Another type, and there is one that holds the values of both.",
        "narrowed": "Any other type.",
        "renamed": "One column is missing, and one new one of its type stands between the same neighbours.",
    },
}
"""Of every key, in one sentence; docs/configuration.md says more."""


class ConfigurationFile(BaseModel):
    """Table configuration of ODPF: `odpf config plan PATH` shows what applying it would change."""

    model_config = ConfigDict(extra="forbid")

    cadences: list[CadenceConfig] = Field(default=[], description="Schedules with their Glue sizing.")
    tables: list[TableConfig] = Field(default=[], description="Which source tables feed which raw tables.")


def json_schema() -> dict[str, Any]:
    """The schema of one configuration file: unknown keys are wrong, and every key is explained."""
    schema = ConfigurationFile.model_json_schema()
    for model, descriptions in DESCRIPTIONS.items():
        for key, described in schema["$defs"][model]["properties"].items():
            described.pop("title", None)
            described["description"] = descriptions[key]
    return {"$schema": DIALECT, **schema, "title": "ODPF table configuration"}
