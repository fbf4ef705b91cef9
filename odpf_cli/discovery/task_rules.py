"""The table mappings of a DMS task, as `odpf config discover` needs them: which tables, under which names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

import pyarrow as pa

from config_manager.found_table import DmsNames, FoundTable
from odpf_local.dms.errors import InvalidTableMappings
from odpf_local.dms.mapping import Origin, TableMappings, TargetColumn, TargetTable
from odpf_local.dms.rules import Locator, read_file, rules_of
from odpf_local.dms.shape import Column, Shape
from odpf_local.dms.wildcards import name_of

_OF_CHANGES = (Origin.COMMIT_TIMESTAMP, Origin.TIMESTAMP, Origin.STREAM_POSITION, Origin.USER)


class DefinedKey(NamedTuple):
    """A rule `define-primary-key`: it tells the key of tables, whatever the source says."""

    locator: Locator
    columns: tuple[str, ...]


class TaskRules(NamedTuple):
    """Mappings, the tables that they name without `%`, keys that they define, and notes on what plays no part."""

    mappings: TableMappings
    named: tuple[tuple[str, str], ...] = ()
    open: tuple[str, ...] = ()
    keys: tuple[DefinedKey, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read table mappings JSON. Filters of selection rules play no part: they choose rows, not tables.

        Raises:
            InvalidTableMappings: not such a file, or with rules that cannot be honoured.
        """
        rules = rules_of(read_file(path))
        filtered = [rule for rule in rules if rule.get("rule-type") == "selection" and rule.pop("filters", None)]
        mappings = TableMappings.parse(json.dumps({"rules": rules}))
        included = [Locator.model_validate(rule["object-locator"]) for rule in rules if _includes(rule)]
        names = [(name_of(each.schema_name), name_of(each.table_name)) for each in included]
        literal = {(schema, table) for schema, table in names if schema is not None and table is not None}
        wild = sorted(
            f"{each.schema_name}.{each.table_name}" for each, name in zip(included, names, strict=True) if None in name
        )
        notes = [f"rule {rule.get('rule-id', '?')}: its filters choose rows and play no part here" for rule in filtered]
        defined = [rule for rule in rules if rule.get("rule-action") == "define-primary-key"]
        return cls(
            mappings,
            tuple(sorted(each for each in literal if mappings.selects(*each))),
            tuple(wild),
            tuple(_defined_key(rule) for rule in defined),
            (*(note for note in mappings.notes if "define-primary-key" not in note), *notes),
        )

    def tables(self) -> tuple[FoundTable, ...]:
        """Tables that the rules name, of which nothing else is known."""
        return tuple(FoundTable(schema, table) for schema, table in self.named)

    def names(self, found: FoundTable) -> DmsNames:
        """How a table's files look; what the rules make impossible is a warning, and leaves the source's names."""
        key = next((each.columns for each in self.keys if each.locator.covers(found.schema, found.table)), ())
        columns = [column.name for column in found.columns] or list(key)
        shape = Shape(
            found.schema,
            found.table,
            tuple(Column(column, pa.string(), column in (key or found.primary_key)) for column in columns),
        )
        try:
            return _names(self.mappings.target(shape), key)
        except InvalidTableMappings as error:
            plain = {column: column for column in columns}
            return DmsNames(found.schema, found.table, plain, key=key, warnings=(str(error),))


def selected(tables: Iterable[FoundTable], rules: TaskRules) -> Iterator[tuple[FoundTable, DmsNames]]:
    """The tables that a task replicates, with their names in its files."""
    return ((table, rules.names(table)) for table in tables if rules.mappings.selects(table.schema, table.table))


def unmapped(tables: Iterable[FoundTable]) -> Iterator[tuple[FoundTable, DmsNames]]:
    """Tables under the source's names."""
    for table in tables:
        yield table, DmsNames(table.schema, table.table, {column.name: column.name for column in table.columns})


def _names(target: TargetTable, key: tuple[str, ...]) -> DmsNames:
    columns = {column.argument: column.name for column in target.columns if column.origin is Origin.COLUMN}
    by_origin = {column.origin: column.name for column in reversed(target.columns)}
    return DmsNames(
        schema=target.schema,
        table=target.table,
        columns=columns,
        sequence=by_origin.get(Origin.CHANGE_SEQUENCE),
        operation=by_origin.get(Origin.OPERATION),
        added=tuple(column.name for column in target.columns if column.origin in _OF_CHANGES),
        before_image_prefix=_prefix(target.columns, columns),
        key=key,
    )


def _prefix(columns: Iterable[TargetColumn], named: dict[str, str]) -> str | None:
    image = next((column for column in columns if column.origin is Origin.BEFORE_IMAGE), None)
    return (
        image.name.removesuffix(named[image.argument]) if image and image.name.endswith(named[image.argument]) else None
    )


def _includes(rule: dict[str, Any]) -> bool:
    return rule.get("rule-type") == "selection" and rule.get("rule-action") in ("include", "explicit")


def _defined_key(rule: dict[str, Any]) -> DefinedKey:
    locator, definition = rule.get("object-locator"), rule.get("primary-key-def")
    columns = definition.get("columns") if isinstance(definition, dict) else None
    if not isinstance(locator, dict) or not isinstance(columns, list):
        raise InvalidTableMappings(
            f"rule {rule.get('rule-id', '?')}: define-primary-key needs object-locator and primary-key-def with columns."
        )
    schema, table = str(locator.get("schema-name", "")), str(locator.get("table-name", ""))
    return DefinedKey(Locator(schema_name=schema, table_name=table), tuple(map(str, columns)))
