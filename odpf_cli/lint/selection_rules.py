"""Rules of what the tasks select: which tables, by which rules, in how many tasks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations

from odpf.states import Severity
from odpf_cli.lint.mappings import MappingFacts, TaskMappings, mapping_rule
from odpf_cli.lint.rule import Fault
from odpf_local.dms.rules import Selection
from odpf_local.dms.wildcards import TableName, TablePattern, TooManyRules, is_name, table_of_all


def _readable(facts: MappingFacts) -> Iterator[Fault]:
    for task in facts.tasks:
        for each in task.rules:
            if each.problem:
                yield Fault(each.problem, each.place, each.where)
        yield from (Fault(f"{key} twice", place) for key, place in task.twice)


def _rule_ids(facts: MappingFacts) -> Iterator[Fault]:
    for task in facts.tasks:
        for key in ("rule-id", "rule-name"):
            seen: set[str] = set()
            for each in task.rules:
                value = str(each.written.get(key, "")).strip()
                if value and value in seen:
                    yield Fault(f"{key} {value} twice", each.place, f"rules[{each.number}].{key}")
                seen.add(value)
        for each in task.rules:
            if each.written.get("rule-id") in (None, ""):
                yield Fault(None, each.place, f"rules[{each.number}].rule-id")


def _selects(facts: MappingFacts) -> Iterator[Fault]:
    for task in facts.tasks:
        if not task.included:
            yield Fault("no rule includes a table", task.whole)
            continue
        try:
            if table_of_all([task.included], task.excluded) is None:
                yield Fault("every table is excluded", task.selections[0][0].place)
        except TooManyRules:
            yield _undecided(task)


def _explicit(facts: MappingFacts) -> Iterator[Fault]:
    for task in facts.tasks:
        for each, rule in task.selections:
            locator = rule.object_locator
            if rule.rule_action == "explicit" and not all(map(is_name, locator.tables)):
                yield Fault(f"{locator.schema_name}.{locator.table_name}", each.place, each.where)


def _whole_rows(facts: MappingFacts) -> Iterator[Fault]:
    for task in facts.tasks:
        for each in task.rules:
            if each.written.get("filters"):
                yield Fault(f"{len(each.written['filters'])} in {each.name}", each.place, f"{each.where}.filters")


def _one_task(facts: MappingFacts) -> Iterator[Fault]:
    for first, second in combinations(facts.tasks, 2):
        try:
            yield from _shared(first, second)
        except TooManyRules:
            yield _undecided(second)


def _shared(first: TaskMappings, second: TaskMappings) -> Iterator[Fault]:
    """One fault for each rule of the second task that selects a table of the first one, under the same name in S3."""
    if table_of_all([first.included, second.included], [*first.excluded, *second.excluded]) is None:
        return
    for each, rule in second.selections:
        table = _of_both(first, second, rule) if rule.rule_action != "exclude" else None
        if table is not None and first.mappings.place(table) == second.mappings.place(table):
            ours = next(
                e for e, r in first.selections if r.rule_action != "exclude" and r.object_locator.covers(*table)
            )
            tables = _example(table, rule.object_locator.tables)
            found = f"{tables} in {first.path} ({ours.name}) and {second.path} ({each.name})"
            yield Fault(found, each.place, each.where)


def _of_both(first: TaskMappings, second: TaskMappings, rule: Selection) -> TableName | None:
    """A table that a rule of the second task selects, and the first task too; the one that it names, if that is one."""
    named = TableName(*rule.object_locator.tables)
    if all(map(is_name, named)) and first.mappings.selects(*named) and second.mappings.selects(*named):
        return named
    return table_of_all([first.included, [rule.object_locator.tables]], [*first.excluded, *second.excluded])


def _example(table: TableName, pattern: tuple[str, str]) -> str:
    return str(table) if all(map(is_name, pattern)) else f"tables like {table}, of {'.'.join(pattern)},"


def _one_source(facts: MappingFacts) -> Iterator[Fault]:
    """Several tables, of one task or more, that are renamed into one."""
    targets: dict[TableName, list[tuple[TableName, TaskMappings]]] = defaultdict(list)
    for task in facts.tasks:
        for table in task.named_tables():
            targets[task.mappings.place(table)].append((table, task))
        yield from _merged(task)
    for target, sources in targets.items():
        if len({table for table, _ in sources}) > 1:
            yield Fault(
                f"{', '.join(sorted({str(table) for table, _ in sources}))} all become {target}", sources[-1][1].whole
            )


def _merged(task: TaskMappings) -> Iterator[Fault]:
    """A rule gives every table of a pattern the same name; for a schema, where another one is renamed into it, too."""
    for each, rule in task.transformations:
        wide = not is_name(rule.object_locator.table_name)
        if (
            rule.rule_target == "table"
            and rule.rule_action == "rename"
            and wide
            and _several(task, rule.object_locator.tables)
        ):
            yield Fault(f"every table of {rule.object_locator.table_name} becomes {rule.value}", each.place, each.where)
    names = Counter(
        rule.value for _, rule in task.transformations if rule.rule_target == "schema" and rule.rule_action == "rename"
    )
    for each, rule in task.transformations:
        renames = rule.rule_target == "schema" and rule.rule_action == "rename"
        if renames and (names[rule.value] > 1 or not is_name(rule.object_locator.schema_name)):
            schema = rule.object_locator.schema_name
            yield Fault(
                f"schema {schema}, and others, become {rule.value}", each.place, each.where, severity=Severity.WARNING
            )


def _several(task: TaskMappings, about: TablePattern) -> bool:
    """Whether a pattern matches more than one selected table."""
    try:
        first = table_of_all([task.included, [about]], task.excluded)
        if first is None:
            return False
        return table_of_all([task.included, [about]], [*task.excluded, first.pattern]) is not None
    except TooManyRules:
        return True


def _undecided(task: TaskMappings) -> Fault:
    return Fault(
        "too many rules that are too much alike",
        task.whole,
        severity=Severity.UNCHECKED,
        fix="Name tables one by one, or split the file.",
    )


SELECTION_RULES = (
    mapping_rule(
        "readable",
        "rules",
        "a rule as DMS documents it",
        _readable,
        "DMS refuses a task with such a rule, or reads it as something else.",
        "Correct or remove the rule.",
    ),
    mapping_rule(
        "rule-id",
        "rule-id",
        "a rule-id and a rule-name of its own for every rule",
        _rule_ids,
        "DMS refuses, or mixes up, rules of one id or name.",
        "Number the rules anew.",
    ),
    mapping_rule(
        "selects",
        "selection",
        "at least one table is selected",
        _selects,
        "The task replicates nothing: an exclude rule always wins over include and explicit ones.",
        "Add a selection rule that includes tables, or narrow the exclude rules.",
    ),
    mapping_rule(
        "explicit",
        "explicit",
        "names of one schema and one table, without wildcards",
        _explicit,
        "An explicit rule names one table; with a wildcard it selects none.",
        "Use rule-action include, or name the table.",
    ),
    mapping_rule(
        "filters",
        "filters",
        "none",
        _whole_rows,
        "Rows that a filter leaves out are not in the lake, a row that leaves the filter by an update stays there as it was, and odpf reconcile counts both as differences.",
        "Remove the filters, or compare with the same filter.",
        severity=Severity.WARNING,
    ),
    mapping_rule(
        "two-tasks",
        "selection",
        "every table in one task",
        _one_task,
        "Two tasks on one table write files of the same names, each over the other's; DMS does not support it.",
        "Exclude the table in one of the two tasks.",
        demanded=True,
    ),
    mapping_rule(
        "tables-equal",
        "rename",
        "every table a name of its own",
        _one_source,
        "Files of several tables would lie in one folder, and their rows in one raw table; DMS does not support it.",
        "Rename each table by a rule of its own.",
    ),
)
"""A new rule is one more entry, its function above."""
