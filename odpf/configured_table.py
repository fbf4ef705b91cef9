"""A table as it stands in the configuration, valid or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from odpf.errors import InvalidConfiguration
from odpf.table_config import TableConfig, read_table_config


class ConfiguredTable(NamedTuple):
    """An item of the configuration as it stands; `config` is None when it is not valid, for the reason in `problem`."""

    item: Mapping[str, Any]
    config: TableConfig | None
    problem: str | None = None

    @property
    def source_table_name(self) -> str:
        """The source table the item names, whatever else is wrong with it."""
        return str(self.item.get("source_table_name", "?"))


def read_items(items: Iterable[Mapping[str, Any]]) -> list[ConfiguredTable]:
    """Read configuration items; a broken one stays in the list, with what is wrong."""
    tables = []
    for item in items:
        try:
            tables.append(ConfiguredTable(item, read_table_config(item)))
        except InvalidConfiguration as error:
            tables.append(ConfiguredTable(item, None, str(error)))
    return tables
