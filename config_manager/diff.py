"""Compares valid entries with what is deployed; pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

from pydantic import BaseModel

from config_manager.deployed import Deployed, DeployedItem
from config_manager.plan import FieldChange, ItemChange, ItemRemoval
from config_manager.validate import CheckedFiles
from odpf.cadence_schedule import maintenance_schedule_name
from odpf.table_config import CadenceConfig, TableConfig

Config = TypeVar("Config", bound=BaseModel)


class Removals(NamedTuple):
    """Deployed items that are to go: names of cadences, and (source table, cadence) of table items."""

    cadences: frozenset[str] = frozenset()
    tables: frozenset[tuple[str, str]] = frozenset()


class Difference(NamedTuple):
    """Items to write and to remove, names of those that stand so already."""

    added: tuple[ItemChange, ...]
    changed: tuple[ItemChange, ...]
    removed: tuple[ItemRemoval, ...]
    unchanged_cadences: tuple[str, ...]
    unchanged_tables: tuple[str, ...]


def pruned(files: CheckedFiles, deployed: Deployed) -> Removals:
    """What --prune removes: tables of the cadences that the files name, which the files do not have there."""
    cadences = cadences_named(files)
    kept = {(table.source_table_name, table.refresh_cadence) for _, table in files.tables}
    there = ((source, cadence) for source, cadence, _ in deployed.each_table() if cadence in cadences)
    return Removals(tables=frozenset(each for each in there if each not in kept))


def difference(files: CheckedFiles, deployed: Deployed, going: Removals) -> Difference:
    """Compare.

    Args:
        files: what is to be.
        deployed: what is.
        going: what is removed; nothing else is.
    """
    changes: list[ItemChange] = []
    same: dict[str, list[str]] = {"cadence": [], "table": []}
    for _, cadence in files.cadences:
        there = deployed.cadences.get(cadence.refresh_cadence)
        change = _cadence_change(cadence, there)
        changes += [change] if change else []
        same["cadence"] += [] if change else [cadence.refresh_cadence]
    for _, table in files.tables:
        change = _table_change(table, deployed.tables.get(table.source_table_name, {}), going)
        changes += [change] if change else []
        same["table"] += [] if change else [table.source_table_name]
    return Difference(
        tuple(change for change in changes if not change.fields),
        tuple(change for change in changes if change.fields),
        tuple(_removals(changes, deployed, going)),
        tuple(same["cadence"]),
        tuple(same["table"]),
    )


def cadences_named(files: CheckedFiles) -> set[str]:
    """Cadences that the files name, in either list."""
    return {c.config.refresh_cadence for c in files.cadences} | {t.config.refresh_cadence for t in files.tables}


def schedules(files: CheckedFiles, deployed: Deployed, going: Removals) -> tuple[dict[str, str], tuple[str, ...]]:
    """Schedules to make or change, and to remove, by name. A cadence only named by tables keeps what its item says."""
    wanted: dict[str, str | None] = {
        each: None for name in going.cadences for each in (name, maintenance_schedule_name(name))
    }
    for name in sorted(cadences_named(files)):
        if (item := deployed.cadences.get(name)) and item.config:
            wanted |= {each: expression for each, expression in _schedules(item.config) if expression}
    for _, cadence in files.cadences:
        wanted |= dict(_schedules(cadence))
    put = {each: text for each, text in wanted.items() if text and deployed.schedules.get(each) != text}
    return put, tuple(each for each, text in wanted.items() if not text and each in deployed.schedules)


def _schedules(cadence: CadenceConfig) -> Iterator[tuple[str, str | None]]:
    """Name and expression of a cadence's schedules, those too that it does not have."""
    yield cadence.refresh_cadence, cadence.schedule
    yield maintenance_schedule_name(cadence.refresh_cadence), cadence.maintenance_schedule


def digest(files: CheckedFiles) -> str:
    """Identify a configuration, whatever the order and the spelling of its files."""
    configs: list[BaseModel] = [cadence.config for cadence in files.cadences]
    configs += [table.config for table in files.tables]
    items = sorted(json.dumps(config.model_dump(mode="json"), sort_keys=True) for config in configs)
    return hashlib.sha256("\n".join(items).encode()).hexdigest()


def _cadence_change(cadence: CadenceConfig, there: DeployedItem[CadenceConfig] | None) -> ItemChange | None:
    if there and there.config == cadence:
        return None
    return ItemChange(
        kind="cadence",
        name=cadence.refresh_cadence,
        item=cadence.item(),
        before=dict(there.values) if there else None,
        fields=_fields(there, cadence) if there else (),
    )


def _table_change(
    table: TableConfig, there: Mapping[str, DeployedItem[TableConfig]], going: Removals
) -> ItemChange | None:
    own = there.get(table.refresh_cadence)
    others = sorted(cadence for cadence in there if (table.source_table_name, cadence) in going.tables)
    moved_from = others[0] if others and not own else None
    before = there[moved_from] if moved_from else own
    if own and own.config == table:
        return None
    return ItemChange(
        kind="table",
        name=table.source_table_name,
        item=table.item(),
        before=dict(before.values) if before else None,
        fields=_fields(before, table) if before else (),
        moved_from=moved_from,
    )


def _fields(there: DeployedItem[Config], config: BaseModel) -> tuple[FieldChange, ...]:
    """Keys that differ; an item that is not valid is shown as it stands."""
    before = there.config.model_dump(mode="json") if there.config else dict(there.values)
    after = config.model_dump(mode="json")
    keys = dict.fromkeys([*after, *before])
    changes = [FieldChange(field=key, before=before.get(key), after=after.get(key)) for key in keys]
    return tuple(change for change in changes if change.before != change.after)


def _removals(changes: Iterable[ItemChange], deployed: Deployed, going: Removals) -> Iterator[ItemRemoval]:
    moved = {(change.name, change.moved_from) for change in changes}
    for source, cadence, item in deployed.each_table():
        if (source, cadence) in going.tables - moved:
            yield ItemRemoval(kind="table", name=source, refresh_cadence=cadence, before=dict(item.values))
    for name in sorted(going.cadences & deployed.cadences.keys()):
        yield ItemRemoval(kind="cadence", name=name, refresh_cadence=name, before=dict(deployed.cadences[name].values))
