"""Tables as a person names them: by the source table, or by the raw table with its database."""

from __future__ import annotations

from collections.abc import Sequence

from odpf.config_problems import did_you_mean
from odpf.configured_table import ConfiguredTable, read_items
from odpf.errors import InvalidConfiguration
from odpf.ports import ConfigStore
from odpf.table_config import TableConfig


def configured_table(name: str, config: ConfigStore) -> TableConfig:
    """The configuration of the table of this name.

    Raises:
        InvalidConfiguration: no table has it, or its configuration is not valid.
    """
    return valid(named_table(name, read_items(config.tables())))


def valid(found: ConfiguredTable) -> TableConfig:
    """Its configuration.

    Raises:
        InvalidConfiguration: it is not valid.
    """
    if found.config is None:
        raise InvalidConfiguration(f"The configuration of {found.source_table_name} is not valid: {found.problem}")
    return found.config


def named_table(name: str, tables: Sequence[ConfiguredTable]) -> ConfiguredTable:
    """The table of this name; source tables before raw ones, active before inactive.

    Raises:
        InvalidConfiguration: no table has it.
    """
    by_name: dict[str, ConfiguredTable] = {}
    for names in (raw_name, _source_name):
        for table in sorted(tables, key=is_active):
            by_name[names(table)] = table
    if name not in by_name:
        raise InvalidConfiguration(
            f"No table {name!r} is configured{did_you_mean(name, by_name) or '.'} `odpf status` lists all of them; give the "
            "source table, or the raw table with its database."
        )
    return by_name[name]


def _source_name(table: ConfiguredTable) -> str:
    return table.source_table_name


def raw_name(table: ConfiguredTable) -> str:
    """The raw table with its database, as the item names it."""
    return f"{table.item.get('raw_database_name')}.{table.item.get('raw_table_name')}"


def is_active(table: ConfiguredTable) -> bool:
    """Whether its cadence refreshes it, as far as its configuration is valid."""
    return str(table.item.get("is_active", "Y")).upper() == "Y"
