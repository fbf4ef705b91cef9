"""Columns that ODPF adds to raw tables, those with a part in processing, and the record key that Hudi is to make."""

from __future__ import annotations

from file_processor.schema import Schema
from odpf.table_config import TableConfig

OPERATION = "_odpf_operation"
ORDER = "_odpf_order"
CHANGE_SEQUENCE = "_odpf_change_sequence"
COMMIT_TIME = "_odpf_commit_time"
GENERATION = "_odpf_generation"

VALID_FROM = "_odpf_valid_from"
VALID_TO = "_odpf_valid_to"
"""Exclusive; null while the version is the current one."""
IS_CURRENT = "_odpf_is_current"
END_ORDER = "_odpf_end_order"
"""Order position of the change that ended a version: a delete, or the next version's own."""
MAPPED_OPERATION = "cdc_operation"
"""The operation column that a mapping rule adds, unless the configuration names another."""

IS_DELETED = "_odpf_is_deleted"
VALUES_ORDER = "_odpf_values_order"
"""Order position of the change that the row's values come from; of a row that is marked deleted it is an earlier one."""

HISTORY_KEY = (GENERATION, CHANGE_SEQUENCE)
"""With the source's key these identify a change where changes are rows of their own (S15, S16)."""

_CHANGE: Schema = ((OPERATION, "string"), (CHANGE_SEQUENCE, "string"))
_OWN: dict[str, Schema] = {
    "S": ((OPERATION, "string"),),
    "H": (*_CHANGE, (COMMIT_TIME, "timestamp"), (GENERATION, "int")),
    "V": (
        *_CHANGE,
        (GENERATION, "int"),
        (VALID_FROM, "timestamp"),
        (VALID_TO, "timestamp"),
        (IS_CURRENT, "boolean"),
        (END_ORDER, "string"),
    ),
}


def own_columns(config: TableConfig) -> Schema:
    """The columns behind the source's, with their types; the order position, by which Hudi orders, is the last."""
    marks: Schema = ((IS_DELETED, "boolean"), (VALUES_ORDER, "string")) if config.delete_mode == "soft" else ()
    return (*_OWN[config.table_data_versioning_type], *marks, (ORDER, "string"))


def record_key(config: TableConfig) -> tuple[str, ...]:
    """The record key: the source's key; where changes are rows, a change is identified by key, generation and sequence."""
    return (*config.hudi_primary_key, *(HISTORY_KEY if config.table_data_versioning_type != "S" else ()))


def of_mapping_rules(config: TableConfig) -> frozenset[str]:
    """Columns that DMS mapping rules add: they are not the source's, and full loads often have none of them."""
    operation = config.cdc_operation_column or MAPPED_OPERATION
    return frozenset(filter(None, (config.hudi_precombine_field, operation, config.cdc_commit_timestamp_column)))


def needed(config: TableConfig) -> frozenset[str]:
    """Columns without which rows have no place or no order."""
    return of_mapping_rules(config) | {*config.hudi_primary_key, *filter(None, [config.hudi_partition_key])}


def key_generator(config: TableConfig) -> str:
    """The key generator that both engines' keys are made with, by its class.

    Always explicit; never Complex for one key, whose text form differs between Hudi versions (docs/adr/0003).
    Several keys always take Complex, partitioned or not: bulk_insert with Nonpartitioned refuses an empty key part,
    which Complex keeps as `__empty__` and upsert would take.
    """
    if len(record_key(config)) > 1:
        return "org.apache.hudi.keygen.ComplexKeyGenerator"
    if config.hudi_partition_key:
        return "org.apache.hudi.keygen.SimpleKeyGenerator"
    return "org.apache.hudi.keygen.NonpartitionedKeyGenerator"
