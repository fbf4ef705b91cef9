"""The rows of a raw table that stand for the source's, in each of its modes."""

from __future__ import annotations

from odpf.table_config import TableConfig
from reconciliation.dialects.dialect import Dialect

TOUCHED = "_hoodie_commit_time"
"""Hudi's instant, `yyyyMMddHHmmssSSS` in UTC, of the commit that last wrote a row."""


def current_rows(config: TableConfig, dialect: Dialect) -> str:
    """The table's current rows, as they stand behind FROM.

    S: all, without those that are marked deleted. V: current versions. H: of every key its newest change, unless that is a
    delete, or the key was not in the newest load.
    """
    table = f"{dialect.quoted(config.raw_database_name)}.{dialect.quoted(config.raw_table_name)}"
    if config.table_data_versioning_type == "V":
        return f"(SELECT * FROM {table} WHERE _odpf_is_current) c"  # noqa: S608  names are quoted
    if config.table_data_versioning_type == "H":
        return _newest(config, dialect, table)
    if config.delete_mode == "soft":
        return f"(SELECT * FROM {table} WHERE NOT COALESCE(_odpf_is_deleted, false)) c"  # noqa: S608
    return table


def _newest(config: TableConfig, dialect: Dialect, table: str) -> str:
    keys = ", ".join(dialect.quoted(key) for key in config.hudi_primary_key)
    newest = f"ROW_NUMBER() OVER (PARTITION BY {keys} ORDER BY _odpf_order DESC) AS odpf_newest"
    of_load = "CASE WHEN COALESCE(_odpf_change_sequence, '') = '' THEN _odpf_generation END"
    load = f"COALESCE(MAX({of_load}) OVER (), 0) AS odpf_load"
    ranked = f"SELECT *, {newest}, {load} FROM {table}"  # noqa: S608
    return f"(SELECT * FROM ({ranked}) n WHERE odpf_newest = 1 AND _odpf_operation <> 'D' AND _odpf_generation >= odpf_load) c"  # noqa: S608
