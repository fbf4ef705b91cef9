"""Which tables a command is about: those that are named, and those whose names match a pattern."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from odpf.configured_table import ConfiguredTable
from odpf.errors import InvalidConfiguration
from odpf.table_config import TableConfig
from odpf_cli.table_names import named_table


def matches(pattern: str, *names: str | None) -> bool:
    """Whether one of the names matches a pattern: `shop.*`, or a part of a name without any wildcard."""
    wanted = pattern if set("*?[") & set(pattern) else f"*{pattern}*"
    return any(fnmatchcase(name, wanted) for name in names if name)


def selected(names: Sequence[str], pattern: str | None, tables: Sequence[ConfiguredTable]) -> list[TableConfig]:
    """The configuration of the tables that are meant, each once.

    Args:
        names: source tables, or raw tables with their databases.
        pattern: of source tables or of raw tables with their databases.
        tables: all that are configured.

    Raises:
        InvalidConfiguration: none is meant, a name is nobody's, or the configuration of one is not valid.
    """
    if not names and not pattern:
        raise InvalidConfiguration("Which tables? Name them, or give --match PATTERN. `odpf status` lists all of them.")
    found = [named_table(name, tables) for name in names]
    if pattern:
        found += [table for table in tables if matches(pattern, table.source_table_name, _raw_name(table))]
    if not found:
        raise InvalidConfiguration(f"No configured table matches {pattern!r}. `odpf status` lists all of them.")
    by_name = {table.source_table_name: table for table in found}
    if broken := next((table for table in by_name.values() if table.config is None), None):
        raise InvalidConfiguration(
            f"The configuration of {broken.source_table_name} is not valid: {broken.problem} Nothing was changed."
        )
    return [table.config for table in by_name.values() if table.config]


def _raw_name(table: ConfiguredTable) -> str | None:
    return table.config.raw_table if table.config else None
