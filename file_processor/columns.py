"""Columns that ODPF adds to raw tables, those with a part in processing, and the record key that Hudi is to make."""

from __future__ import annotations

from file_processor.schema import Schema
from odpf.table_config import MAPPED_OPERATION, TableConfig

OPERATION = "_odpf_operation"
ORDER = "_odpf_order"
CHANGE_SEQUENCE = "_odpf_change_sequence"
COMMIT_TIME = "_odpf_commit_time"
GENERATION = "_odpf_generation"
STREAM_POSITION = "_odpf_stream_position"
"""Empty in a row of a load; a history has it where its changes are told apart by it."""

VALID_FROM = "_odpf_valid_from"
VALID_TO = "_odpf_valid_to"
"""Exclusive; null while the version is the current one."""
IS_CURRENT = "_odpf_is_current"
END_ORDER = "_odpf_end_order"
"""Order position of the change that ended a version: a delete, or the next version's own."""

IS_DELETED = "_odpf_is_deleted"
VALUES_ORDER = "_odpf_values_order"
"""Order position of the change that the row's values come from; of a row that is marked deleted it is an earlier one."""

HISTORY_KEY = (GENERATION, CHANGE_SEQUENCE)
"""With the source's key these identify a change where changes are rows of their own (S15, S16)."""
_KEY_BY_POSITION = (GENERATION, STREAM_POSITION, OPERATION)
"""The same for a history whose source's own positions are known (S15)."""

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
    position: Schema = ((STREAM_POSITION, "string"),) if config.stream_position else ()
    return (*_OWN[config.table_data_versioning_type], *marks, *position, (ORDER, "string"))


def record_key(config: TableConfig) -> tuple[str, ...]:
    """The record key: the source's key; where changes are rows, that and what tells a key's changes apart."""
    if config.table_data_versioning_type == "S":
        return config.hudi_primary_key
    return (*config.hudi_primary_key, *(_KEY_BY_POSITION if config.stream_position else HISTORY_KEY))


def of_mapping_rules(config: TableConfig) -> frozenset[str]:
    """Columns that DMS adds: they tell of a change, they are not the source's, and full loads often have none of them."""
    return _with_a_part(config) | {*config.cdc_extra_columns}


def needed(config: TableConfig) -> frozenset[str]:
    """Columns without which rows have no place or no order."""
    return _with_a_part(config) | {*config.hudi_primary_key, *filter(None, [config.hudi_partition_key])}


def _with_a_part(config: TableConfig) -> frozenset[str]:
    named = (
        config.hudi_precombine_field,
        config.cdc_operation_column or MAPPED_OPERATION,
        config.cdc_commit_timestamp_column,
        config.cdc_stream_position_column,
    )
    return frozenset(filter(None, named))


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
