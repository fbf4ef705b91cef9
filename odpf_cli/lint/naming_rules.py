"""Rules of the names that mapping rules give columns, and of the columns that they leave out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from odpf.config_values import RESERVED_COLUMN_PREFIXES
from odpf.states import Severity
from odpf_cli.lint.mappings import MappingFacts, MappingRule, TaskMappings, mapping_rule
from odpf_cli.lint.rule import Fault
from odpf_local.dms.rules import Transformation
from odpf_local.dms.wildcards import TableName, TablePattern, TooManyRules, is_name, like_column, table_of_all

_STORABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_CASE = frozenset({"convert-uppercase", "convert-lowercase"})
_SHORTENING = frozenset({"remove-prefix", "remove-suffix", "replace-prefix", "replace-suffix"})
_MOST_LOCATORS = 40
Pair = tuple[MappingRule, Transformation]


def _storable(facts: MappingFacts) -> Iterator[Fault]:
    for task in facts.tasks:
        for each, rule in task.transformations:
            if rule.rule_target != "column" or rule.rule_action not in ("add-column", "rename", "add-prefix"):
                continue
            name = rule.value or ""
            if not _STORABLE.match(name) or name.lower().startswith(RESERVED_COLUMN_PREFIXES) or name.lower() == "op":
                yield Fault(name, each.place, each.where)


def _needed_columns(facts: MappingFacts) -> Iterator[Fault]:
    """Rules that leave columns out which the configuration needs."""
    for task in facts.tasks:
        leaving_out = [*task.adding("remove-column"), *task.adding("include-column")]
        for each, rule in task.adding("remove-column"):
            if rule.object_locator.column_name == "%":
                yield Fault("every column is removed", each.place, each.where)
        for table, source in facts.tables_of(task) if leaving_out else ():
            for column in (*table.hudi_primary_key, *filter(None, [table.hudi_partition_key])):
                kept = _kept(task, source, column, leaving_out)
                if kept is not True:
                    each = leaving_out[0][0]
                    found = f"{column} of {table.source_table_name} {'is' if kept is False else 'may be'} left out"
                    yield Fault(found, each.place, each.where, severity=Severity.UNCHECKED if kept is None else None)


def _kept(task: TaskMappings, source: TableName, column: str, leaving_out: Iterable[Pair]) -> bool | None:
    """Whether files have a column of the lake; None where its case at the source decides, which no rule tells."""
    about = [
        rule for _, rule in task.transformations if rule.rule_target == "column" and rule.object_locator.covers(*source)
    ]
    names = {rule.object_locator.column_name for rule in about if "%" not in rule.object_locator.column_name}
    called = [name for name in names if task.mappings.column(source, name).lower() == column]
    if any(task.mappings.keeps(*source, name) for name in called or (column, column.upper())):
        return True
    wide = (rule.object_locator.column_name for _, rule in leaving_out if "%" in rule.object_locator.column_name)
    return None if not called and any(like_column(pattern.lower(), column) for pattern in wide) else False


def _distinct(facts: MappingFacts) -> Iterator[Fault]:
    """No two columns of a table are equal, as far as the rules name columns."""
    told = set[tuple[str, str]]()
    for task in facts.tasks:
        yield from _all_one_name(task)
        for table in _looked_at(task):
            for lower, names in _by_lower(task, table, facts).items():
                origins = [origin for origin, _ in names]
                if len(names) > 1 and (task.path, lower) not in told:
                    told.add((task.path, lower))
                    rule = next((each for _, each in reversed(names) if each is not None), None)
                    found = f"{' and '.join(origins)} both become {lower} in {table}"
                    yield Fault(found, rule.place if rule else task.whole, rule.where if rule else None)


def _all_one_name(task: TaskMappings) -> Iterator[Fault]:
    for each, rule in task.transformations:
        wide = "%" in rule.object_locator.column_name
        if rule.rule_target == "column" and rule.rule_action == "rename" and wide:
            yield Fault(
                f"every column of {rule.object_locator.column_name} becomes {rule.value}", each.place, each.where
            )


def _looked_at(task: TaskMappings) -> list[TableName]:
    """Tables that rules of columns have in common: those named, and one for each two of the locators with wildcards."""
    found = dict.fromkeys(task.named_tables())
    about = dict.fromkeys(
        rule.object_locator.tables for _, rule in task.transformations if rule.rule_target == "column"
    )
    locators = [tables for tables in about if not all(map(is_name, tables))][:_MOST_LOCATORS]
    for number, first in enumerate(locators):
        for second in locators[number:]:
            if task.included and (table := _common(task, first, second)):
                found[table] = None
    return list(found)


def _common(task: TaskMappings, first: TablePattern, second: TablePattern) -> TableName | None:
    try:
        return table_of_all([task.included, [first], [second]], task.excluded)
    except TooManyRules:
        return None


def _by_lower(
    task: TaskMappings, table: TableName, facts: MappingFacts
) -> dict[str, list[tuple[str, MappingRule | None]]]:
    """Columns of a table's files that rules or settings name, by what they are called there, case aside."""
    columns: dict[str, list[tuple[str, MappingRule | None]]] = defaultdict(list)
    of_table = [(each, rule) for each, rule in task.transformations if rule.object_locator.covers(*table)]
    for source, each in _source_columns(of_table).items():
        if task.mappings.keeps(*table, source):
            columns[task.mappings.column(table, source).lower()].append((f"column {source}", each))
    for each, rule in of_table:
        if rule.rule_action == "add-column" and rule.value:
            columns[rule.value.lower()].append((f"{rule.value} of {each.name}", each))
    if facts.endpoint is not None:
        for said in facts.endpoint.of("TimestampColumnName")[:1]:
            columns[str(said.value).lower()].append((f"TimestampColumnName {said.value}", None))
    return columns


def _source_columns(of_table: Iterable[Pair]) -> dict[str, MappingRule]:
    """Columns of the source that rules name."""
    found: dict[str, MappingRule] = {}
    for each, rule in of_table:
        name = rule.object_locator.column_name
        if rule.rule_target == "column" and rule.rule_action != "add-column" and "%" not in name:
            found.setdefault(name, each)
    return found


def _unknown_names(facts: MappingFacts) -> Iterator[Fault]:
    """Rules that rename whatever there is: whether two names become equal, only the source can tell."""
    for task in facts.tasks:
        for each, rule in task.transformations:
            locator = rule.object_locator
            pattern = locator.column_name if rule.rule_target == "column" else locator.table_name
            if rule.rule_target != "schema" and rule.rule_action in _CASE | _SHORTENING and "%" in pattern:
                yield Fault(f"{rule.rule_action} of {rule.rule_target}s {pattern}", each.place, each.where)


NAMING_RULES = (
    mapping_rule(
        "column-name",
        "value",
        "letters a to z, digits and underscores, not a digit first, not Op, _hoodie_ or _odpf_",
        _storable,
        "Avro and Athena take no other names, and those belong to DMS, Hudi and ODPF: files with such a column go to quarantine.",
        "Choose another name.",
    ),
    mapping_rule(
        "columns-equal",
        "rename",
        "every column a name of its own, case aside",
        _distinct,
        "The lake has names in lower case: a file with two columns of one name goes to quarantine.",
        "Rename one of the two, or leave it out.",
        demanded=True,
    ),
    mapping_rule(
        "names-unseen",
        "rename",
        "no two names that become equal",
        _unknown_names,
        "Whether two columns, or tables, of the source become equal by it cannot be told from mapping rules; staged files are looked at in a deployment.",
        "Look for names of the source that differ in what the rule changes alone.",
        severity=Severity.UNCHECKED,
    ),
    mapping_rule(
        "needed-columns",
        "remove-column",
        "keys and partition columns are kept",
        _needed_columns,
        "A file without them goes to quarantine.",
        "Take these columns out of the rule.",
    ),
)
"""A new rule is one more entry, its function above."""
