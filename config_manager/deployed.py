"""What is deployed now: items of the configuration tables as anybody may have put them, and the schedules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel

from odpf.errors import InvalidConfiguration
from odpf.ports import ConfigStore, Schedules
from odpf.table_config import CadenceConfig, TableConfig, read_cadence_config, read_table_config

Config = TypeVar("Config", bound=BaseModel)


class DeployedItem(NamedTuple, Generic[Config]):
    """An item as it stands, and what it means; `problem` says why it is not valid, then `config` is None."""

    values: Mapping[str, Any]
    config: Config | None
    problem: str | None = None


class Deployed(NamedTuple):
    """Everything that is deployed: cadences by name, tables by source table and cadence, schedules by name."""

    cadences: dict[str, DeployedItem[CadenceConfig]]
    tables: dict[str, dict[str, DeployedItem[TableConfig]]]
    schedules: dict[str, str]

    def each_table(self) -> Iterator[tuple[str, str, DeployedItem[TableConfig]]]:
        """(source table, cadence, item) of every table item."""
        for source, items in self.tables.items():
            for cadence, item in items.items():
                yield source, cadence, item


def read_deployed(config: ConfigStore, schedules: Schedules) -> Deployed:
    """Read all items once."""
    tables: dict[str, dict[str, DeployedItem[TableConfig]]] = {}
    for item in config.tables():
        by_cadence = tables.setdefault(str(item["source_table_name"]), {})
        by_cadence[str(item["refresh_cadence"])] = _item(item, read_table_config)
    cadences = {str(item["refresh_cadence"]): _item(item, read_cadence_config) for item in config.cadences()}
    return Deployed(cadences, tables, schedules.current())


def _item(values: Mapping[str, Any], read: Callable[[Mapping[str, Any]], Config]) -> DeployedItem[Config]:
    try:
        return DeployedItem(values, read(values))
    except InvalidConfiguration as error:
        return DeployedItem(values, None, str(error))
