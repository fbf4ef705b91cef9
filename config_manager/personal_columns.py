"""Columns that `exclude_columns` and `hash_columns` begin to name, against those that a raw table has."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping

from config_manager.deployed import Deployed
from config_manager.problem import Problem
from config_manager.validate import CheckedFiles
from odpf.config_problems import did_you_mean
from odpf.table_config import TableConfig
from odpf.table_state import TableState

Columns = Callable[[str, str], Collection[str] | None]
"""The columns of a raw table, by its database and name; None where nobody knows them."""


def unknown_columns(
    files: CheckedFiles,
    deployed: Deployed,
    states: Mapping[str, TableState],
    columns: Columns,
    rebuilt: Container[str],
) -> Iterator[Problem]:
    """Names that no column of an existing raw table has: what they were meant for would be written as it is.

    Names that are deployed already are not looked at again: a table that was rebuilt has no excluded column any more.

    Args:
        files: what is to be.
        deployed: what is configured.
        states: of raw tables.
        columns: asked only for tables that begin to name a column.
        rebuilt: raw tables that are built anew, so that what they have says nothing.
    """
    for entry, table in files.tables:
        state = states.get(table.raw_table)
        if state is None or not state.exists or table.raw_table in rebuilt:
            continue
        own = deployed.tables.get(table.source_table_name, {}).get(table.refresh_cadence)
        new = {*_named(table)} - {*(_named(own.config) if own and own.config else ())}
        known = columns(table.raw_database_name, table.raw_table_name) if new else None
        for key, column in table.protected.unknown(known) if known is not None else ():
            if (key, column) in new:
                yield entry.problem(
                    key, f"raw table {table.raw_table!r} has no column {column!r}{did_you_mean(column, known or ())}"
                )


def _named(table: TableConfig) -> Iterator[tuple[str, str]]:
    return table.protected.unknown(())
