"""Changes that a person should think about before saying yes: rows are lost, built anew, or not refreshed any more. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any

from config_manager.plan import ItemChange

_LEFT_OUT = "discard"
_IDENTITY = (
    "hudi_primary_key",
    "hudi_partition_key",
    "hudi_table_type",
    "table_data_versioning_type",
    "delete_mode",
    "cdc_stream_position_column",
)

Scheduled = Callable[[str], bool]
"""Whether a cadence will run by itself."""


def marked(change: ItemChange, rebuilt: Container[str], scheduled: Scheduled) -> ItemChange:
    """The change with what is dangerous about it.

    Args:
        change: a change of an item that is there; new items endanger nothing.
        rebuilt: raw tables that are built anew with what the change says.
        scheduled: of the cadences as they will be.
    """
    after = {field.field: field.after for field in change.fields}
    before = {field.field: field.before for field in change.fields}
    found = _of_cadence(after) if change.kind == "cadence" else _of_table(change, before, after, rebuilt, scheduled)
    return change.model_copy(update={"danger": "; ".join(found) or None})


def _of_cadence(after: Mapping[str, Any]) -> Iterator[str]:
    if "schedule" in after and after["schedule"] is None:
        yield "it has no schedule any more: its tables are refreshed by hand only"


def _of_table(
    change: ItemChange,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    rebuilt: Container[str],
    scheduled: Scheduled,
) -> Iterator[str]:
    raw_table = f"{change.item['raw_database_name']}.{change.item['raw_table_name']}"
    if {"raw_database_name", "raw_table_name"} & after.keys():
        yield "a new raw table is begun and waits for a full load; the old one stays as it is"
    elif identity := [key for key in _IDENTITY if key in after]:
        yield (
            f"{raw_table} is built anew from its staged files, for another {' and '.join(identity)}"
            if raw_table in rebuilt
            else f"{' and '.join(identity)} can be changed while the table has no rows, later only by a rebuild"
        )
    if "raw_database_S3_bucket" in after:
        yield "the bucket can be changed while the table has no rows, later not at all"
    if {"exclude_columns", "hash_columns"} & after.keys():
        yield (
            "files read from now on obey; rows, files and commits that a raw table has stay as they are until it is built anew: "
            f"odpf resnapshot --table {change.name}"
        )
    if "hash_key_secret" in after:
        yield f"a table that has hashes waits until it is built anew with the other key: odpf resnapshot --table {change.name}"
    if after.get("is_active") == "N":
        yield "the table is not refreshed any more"
    if "refresh_cadence" in after and not scheduled(change.item["refresh_cadence"]):
        yield f"cadence {change.item['refresh_cadence']} has no schedule: the table is refreshed by hand only"
    if after.get("full_load") == "none":
        yield "change files may create the table before a full load has come: rows that never change are missing"
    policies = (before.get("schema_policy") or {}, after.get("schema_policy") or {})
    if discarded := [kind for kind, word in policies[1].items() if word == _LEFT_OUT != policies[0].get(kind)]:
        yield f"values of columns that are {' or '.join(discarded)} at the source are left out of the lake"
