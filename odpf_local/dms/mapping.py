"""Table mappings: which tables a DMS task replicates, and under which names and with which columns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from odpf_local.dms.errors import InvalidTableMappings
from odpf_local.dms.rules import BeforeImage, DataType, Selection, Transformation, read_file, read_rules
from odpf_local.dms.shape import Column, Shape
from odpf_local.dms.wildcards import TableName, TablePattern, like, like_column, matcher


class Origin(StrEnum):
    """Where the values of a target column come from."""

    COLUMN = "column"
    BEFORE_IMAGE = "before image"
    CHANGE_SEQUENCE = "$AR_H_CHANGE_SEQ"
    OPERATION = "$AR_H_OPERATION"
    COMMIT_TIMESTAMP = "$AR_H_COMMIT_TIMESTAMP"
    TIMESTAMP = "$AR_H_TIMESTAMP"
    STREAM_POSITION = "$AR_H_STREAM_POSITION"
    USER = "$AR_H_USER"
    LITERAL = "literal"


_HEADERS = {origin.value: origin for origin in Origin if origin.startswith("$")}
_METADATA = ("$AR_M_SOURCE_SCHEMA", "$AR_M_SOURCE_TABLE_NAME")
_LITERAL = re.compile(r"^'(?:[^']|'')*'$")
_TYPES: dict[str, pa.DataType] = {
    "datetime": pa.timestamp("us"),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
}


class TargetColumn(NamedTuple):
    """A column of the files; `argument` is the source column's name or the literal's text."""

    name: str
    origin: Origin
    type: pa.DataType
    argument: str = ""


class TargetTable(NamedTuple):
    """A table as its files show it."""

    schema: str
    table: str
    columns: tuple[TargetColumn, ...]


class TableMappings:
    """Selection and transformation rules of one task. Rules apply by rule id to the source's names."""

    def __init__(
        self, selections: Iterable[Selection], transformations: Iterable[Transformation], notes: tuple[str, ...] = ()
    ) -> None:
        patterns: dict[bool, list[TablePattern]] = {True: [], False: []}
        for rule in selections:
            patterns[rule.rule_action == "exclude"].append(rule.object_locator.tables)
        self._excluded, self._included = matcher(patterns[True]), matcher(patterns[False])
        self._transformations = tuple(transformations)
        self.notes = notes

    @classmethod
    def parse(cls, content: str | bytes) -> TableMappings:
        """Read table mappings JSON.

        Raises:
            InvalidTableMappings: with every rule that cannot be honoured.
        """
        return cls(*read_rules(content))

    @classmethod
    def read(cls, path: Path) -> TableMappings:
        """Read a table mappings file; see `parse`."""
        return cls.parse(read_file(path))

    def selects(self, schema: str, table: str) -> bool:
        """Whether the task replicates a table: some rule includes it and none excludes it."""
        return self._included(schema, table) and not self._excluded(schema, table)

    def keeps(self, schema: str, table: str, column: str) -> bool:
        """Whether files have a column: not removed, and if there are include-column rules, included."""
        included = self._of(schema, table, "include-column")
        removed = any(_about(rule, column) for rule in self._of(schema, table, "remove-column"))
        return not removed and (not included or any(_about(rule, column) for rule in included))

    def target(self, shape: Shape) -> TargetTable:
        """How the files of a table look.

        Raises:
            InvalidTableMappings: two columns would have one name, case aside.
        """
        source = TableName(shape.schema, shape.table)
        schema, table = self.place(source)
        kept = [column for column in shape.columns if self.keeps(*source, column.name)]
        named = {column.name: self.column(source, column.name) for column in kept}
        columns = [TargetColumn(named[c.name], Origin.COLUMN, c.type, c.name) for c in kept]
        for rule in self._of(shape.schema, shape.table, "add-column"):
            columns.append(_added(rule, shape))
        for rule in self._of(shape.schema, shape.table, "add-before-image-columns"):
            columns += _before_images(rule, kept, named)
        _refuse_equal_names(shape, columns)
        return TargetTable(schema, table, tuple(columns))

    def place(self, source: TableName) -> TableName:
        """Under which names a table's files are written."""
        return TableName(self._named("schema", source.schema, source), self._named("table", source.table, source))

    def column(self, source: TableName, name: str) -> str:
        """How a column is called in a table's files."""
        return self._named("column", name, source, name)

    def _of(self, schema: str, table: str, action: str) -> list[Transformation]:
        """Rules of an action for a table; whichever column they are about."""
        covering = (rule for rule in self._transformations if rule.object_locator.covers(schema, table))
        return [rule for rule in covering if rule.rule_action == action]

    def _named(self, target: str, name: str, source: TableName, column: str | None = None) -> str:
        for rule in self._transformations:
            locator = rule.object_locator
            covered = _like_schema(rule, source) if target == "schema" else locator.covers(*source)
            if rule.rule_target == target and covered and (column is None or _about(rule, column)):
                name = rule.renamed(name)
        return name


def _like_schema(rule: Transformation, source: TableName) -> bool:
    return like(rule.object_locator.schema_name, source.schema)


def _about(rule: Transformation, column: str) -> bool:
    return like_column(rule.object_locator.column_name, column)


def _added(rule: Transformation, shape: Shape) -> TargetColumn:
    expression, name = (rule.expression or "").strip(), rule.value or ""
    wanted = _TYPES.get((rule.data_type or DataType()).type, pa.string())
    if expression in _HEADERS:
        return TargetColumn(name, _HEADERS[expression], wanted)
    if expression in _METADATA:
        text = shape.schema if expression == _METADATA[0] else shape.table
        return TargetColumn(name, Origin.LITERAL, pa.string(), text)
    if _LITERAL.match(expression):
        return TargetColumn(name, Origin.LITERAL, wanted, expression[1:-1].replace("''", "'"))
    source = next((column for column in shape.columns if f"${column.name}" == expression), None)
    if source:
        return TargetColumn(name, Origin.COLUMN, source.type, source.name)
    known = ", ".join([*_HEADERS, *_METADATA])
    raise InvalidTableMappings(
        f"rule {rule.rule_id}: expression {expression!r} cannot be honoured. Use {known}, $<column> or a 'literal'."
    )


def _before_images(rule: Transformation, kept: list[Column], named: dict[str, str]) -> list[TargetColumn]:
    wanted = rule.before_image_def
    if wanted is None:
        return []
    return [
        TargetColumn(
            f"{wanted.column_prefix}{named[c.name]}{wanted.column_suffix}", Origin.BEFORE_IMAGE, c.type, c.name
        )
        for c in kept
        if _about(rule, c.name) and _passes(wanted, c)
    ]


def _passes(wanted: BeforeImage, column: Column) -> bool:
    if wanted.column_filter == "pk-only":
        return column.key
    return wanted.column_filter == "all" or not column.lob


def _refuse_equal_names(shape: Shape, columns: list[TargetColumn]) -> None:
    names = [column.name.lower() for column in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidTableMappings(
            f"{shape.schema}.{shape.table} would have several columns named {', '.join(twice)} (case aside). "
            "Change the rules that rename or add them."
        )
