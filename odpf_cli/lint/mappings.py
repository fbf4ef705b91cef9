"""The table mappings of DMS tasks as they were written, one file for each task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from odpf.table_config import TableConfig
from odpf_cli.lint.endpoint import Endpoint
from odpf_cli.lint.finding import Place
from odpf_cli.lint.rule import Check, Rule, Subject
from odpf_cli.lint.settings_file import SettingsFile, invalid, parse, read_text
from odpf_cli.lint.task import SECTIONS, only_task
from odpf_local.dms.mapping import TableMappings
from odpf_local.dms.rules import Selection, Transformation, read_rule
from odpf_local.dms.wildcards import TableName, TablePattern, name_of

_NOT_OF_FILES = frozenset(
    {"change-data-type", "data-masking-digits-mask", "data-masking-digits-randomize", "data-masking-hash-mask"}
)
_NOT_OF_COLUMNS = frozenset({"table-tablespace", "index-tablespace"})


class MappingRule(NamedTuple):
    """One rule of a task.

    Attributes:
        written: as it stands in the file.
        rule: what it says of the files; None for one that says nothing, or that has a problem.
    """

    number: int
    written: Mapping[str, Any]
    place: Place
    rule: Selection | Transformation | None
    problem: str | None = None

    @property
    def name(self) -> str:
        """How a person finds it."""
        return f"rule {self.written.get('rule-id', '?')}"

    @property
    def where(self) -> str:
        """Which setting it is, in a finding."""
        return f"rules[{self.number}] ({self.name})"


class TaskMappings:
    """The mappings of one task, and what they select."""

    def __init__(self, path: str, rules: tuple[MappingRule, ...], twice: tuple[tuple[str, Place], ...] = ()) -> None:
        self.path = path
        self.rules = rules
        self.twice = twice
        self._sources: dict[str, TableName | None] = {}

    @property
    def whole(self) -> Place:
        """The file."""
        return Place(file=self.path)

    @cached_property
    def selections(self) -> list[tuple[MappingRule, Selection]]:
        """Selection rules that can be read."""
        return [(each, each.rule) for each in self.rules if isinstance(each.rule, Selection)]

    @cached_property
    def transformations(self) -> list[tuple[MappingRule, Transformation]]:
        """Transformation rules that can be read, by rule id as DMS applies them."""
        found = [(each, each.rule) for each in self.rules if isinstance(each.rule, Transformation)]
        return sorted(found, key=lambda pair: pair[1].rule_id)

    def adding(self, action: str) -> list[tuple[MappingRule, Transformation]]:
        """Transformation rules of one action."""
        return [pair for pair in self.transformations if pair[1].rule_action == action]

    @cached_property
    def mappings(self) -> TableMappings:
        """What the readable rules do to tables."""
        return TableMappings((rule for _, rule in self.selections), (rule for _, rule in self.transformations))

    @property
    def included(self) -> list[TablePattern]:
        """Patterns of which a table must match one."""
        return [rule.object_locator.tables for _, rule in self.selections if rule.rule_action != "exclude"]

    @property
    def excluded(self) -> list[TablePattern]:
        """Patterns of which a table must match none."""
        return [rule.object_locator.tables for _, rule in self.selections if rule.rule_action == "exclude"]

    def named_tables(self) -> Iterator[TableName]:
        """Tables that some rule names, if they are selected."""
        locators = [rule.object_locator for _, rule in self.selections]
        locators += [rule.object_locator for _, rule in self.transformations]
        names = ((name_of(locator.schema_name), name_of(locator.table_name)) for locator in locators)
        known = (TableName(schema, table) for schema, table in names if schema is not None and table is not None)
        return (name for name in dict.fromkeys(known) if self.mappings.selects(*name))

    def source_of(self, table: TableConfig) -> TableName | None:
        """The table of the source that this task writes into a configured table's folder; None if it writes none.

        Mapping rules are not inverted: the names of the folder are tried as they are, and in the other case.
        """
        if table.source_table_name not in self._sources:
            self._sources[table.source_table_name] = self._source_of(table)
        return self._sources[table.source_table_name]

    def _source_of(self, table: TableConfig) -> TableName | None:
        *_, schema, name = table.source_table_name.replace("%2E", ".").replace("%25", "%").rsplit(".", 2)
        folder = TableName(schema, name)
        cases = (str, str.lower, str.upper)
        tried = dict.fromkeys(TableName(of_schema(schema), of_name(name)) for of_schema in cases for of_name in cases)
        found = (each for each in tried if self.mappings.selects(*each) and self.mappings.place(each) == folder)
        return next(found, None)


class MappingFacts(NamedTuple):
    """What the rules of mappings look at.

    Attributes:
        tables: configured tables; None when they are not known.
        endpoint: into which the tasks write; None when it is not known.
    """

    tasks: tuple[TaskMappings, ...]
    tables: tuple[TableConfig, ...] | None
    endpoint: Endpoint | None

    def tables_of(self, task: TaskMappings) -> list[tuple[TableConfig, TableName]]:
        """Configured tables that a task writes, each with its name at the source."""
        found = ((table, task.source_of(table)) for table in self.tables or ())
        return [(table, source) for table, source in found if source is not None]


def read_mappings(path: Path) -> TaskMappings:
    """Read table mappings, bare or in the description of a task.

    Raises:
        InvalidSettings: there are none in it; the message says what is.
    """
    file = only_task(parse(path, read_text(path)))
    if "TableMappings" in file.values:
        file = file.within("TableMappings")
    rules = file.values.get("rules") if isinstance(file.values, dict) else None
    if rules is None:
        raise _no_mappings(file)
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise invalid(f'{file.place("rules")}: "rules" is no list of objects; write {{"rules": [{{...}}, ...]}}')
    read = tuple(_rule(number, rule, file.place("rules", number)) for number, rule in enumerate(rules))
    return TaskMappings(str(path), read, file.twice)


def _rule(number: int, written: Mapping[str, Any], place: Place) -> MappingRule:
    if written.get("rule-action") in _NOT_OF_FILES or written.get("rule-target") in _NOT_OF_COLUMNS:
        return MappingRule(number, written, place, None)
    try:
        return MappingRule(number, written, place, read_rule(_without_details(written)))
    except ValidationError as error:
        problems = ((".".join(str(key) for key in e["loc"]), e["msg"]) for e in error.errors(include_url=False))
        return MappingRule(number, written, place, None, "; ".join(": ".join(filter(None, each)) for each in problems))


def _without_details(written: Mapping[str, Any]) -> dict[str, Any]:
    """The rule without what the stand-in refuses and DMS takes: filters, types of columns, views."""
    kept = {key: value for key, value in written.items() if key not in ("filters", "data-type")}
    if isinstance(locator := kept.get("object-locator"), Mapping):
        kept["object-locator"] = {
            key: value for key, value in locator.items() if key not in ("table-type", "data-type")
        }
    return kept


def _no_mappings(file: SettingsFile) -> Exception:
    if isinstance(file.values, dict) and SECTIONS & set(file.values):
        return invalid(f"{file.path}: line 1: these are task settings", "Give them as --task-settings.")
    if isinstance(file.values, dict) and {"S3Settings", "DataFormat"} & set(file.values):
        return invalid(f"{file.path}: line 1: these are endpoint settings", "Give them as --endpoint-settings.")
    return invalid(f'{file.path}: line 1: no table mappings in it; they begin with {{"rules": [')


def mapping_rule(name: str, setting: str, expected: str, check: Check, reason: str, fix: str, **more: Any) -> Rule:
    """An entry of a table of rules of mappings."""
    return Rule(f"mapping-{name}", Subject.MAPPINGS, setting, expected, reason, fix, check, **more)
