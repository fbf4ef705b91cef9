"""Rules of configured tables beside their staged files (docs/configuration.md, docs/hudi.md)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from file_processor.columns import of_mapping_rules
from file_processor.inspection import Inspection
from odpf.states import Severity
from odpf.table_config import MAPPED_OPERATION
from odpf_cli.lint.finding import Place
from odpf_cli.lint.rule import Check, Fault, Rule, Subject
from odpf_cli.lint.staged import StagedTable, TableFacts

_LOAD_EXPECTED_WITHIN = timedelta(hours=1)
_ROUNDED = {
    "decimal(38,10)": "Oracle's NUMBER without scale",
    "decimal(28,6)": "PostgreSQL's NUMERIC without precision",
}
_POOR_KEYS = {
    "float": "not every decoder gives a float the same text",
    "double": "not every decoder gives a double the same text",
    "timestamp": "record keys keep milliseconds: two rows within one become one",
    "decimal(20,0)": "an unsigned 64-bit integer is a decimal in the lake, and is joined as one",
}
_TIMES = frozenset({"string", "timestamp"})
_NAMES_SHOWN = 5


def _valid(facts: TableFacts) -> Iterator[Fault]:
    for name, problem in facts.broken:
        yield Fault(problem, setting=name)


def _readable(facts: TableFacts) -> Iterator[Fault]:
    for table in facts.tables:
        for file in table.files:
            if file.problem:
                yield Fault(file.problem, _place(file), table.config.source_table_name)


def _operation(facts: TableFacts) -> Iterator[Fault]:
    for table, changes in _with_changes(facts):
        name = table.config.cdc_operation_column or MAPPED_OPERATION
        kind = dict(changes.columns).get(name)
        if kind not in (None, "string"):
            yield _of(table, "cdc_operation_column", f"{name} is {kind}", changes)
        elif kind is None and not changes.dms_operation:
            yield _of(table, "cdc_operation_column", f"neither Op nor {name}", changes)


def _commit_time(facts: TableFacts) -> Iterator[Fault]:
    for table, changes in _with_changes(facts):
        name = table.config.cdc_commit_timestamp_column
        kind = dict(changes.columns).get(name or "")
        if name and kind not in _TIMES and name not in changes.nulls:
            yield _of(table, "cdc_commit_timestamp_column", f"{name} is {kind or 'not there'}", changes)


def _before_images(facts: TableFacts) -> Iterator[Fault]:
    """A history keeps the change itself, and needs none."""
    for table, changes in _with_changes(facts):
        if table.config.table_data_versioning_type == "H":
            continue
        there = {*dict(changes.columns), *changes.nulls}
        prefix = table.config.before_image_prefix.lower()
        if lacking := [key for key in table.config.hudi_primary_key if f"{prefix}{key}" not in there]:
            found = ", ".join(f"no {prefix}{key}" for key in lacking)
            yield _of(table, "before_image_prefix", found, changes)


def _history(facts: TableFacts) -> Iterator[Fault]:
    for table in facts.tables:
        if table.config.table_data_versioning_type == "H" and table.config.stream_position is None:
            yield _of(table, "cdc_stream_position_column", None)


def _extra_columns(facts: TableFacts) -> Iterator[Fault]:
    """What change files have and the load has not, and nobody said that DMS adds it: it looks like a change of the source."""
    for table, changes in _with_changes(facts):
        if table.load is None:
            continue
        there = {*dict(table.load.columns), *table.load.nulls}
        images = table.config.before_image_prefix.lower()
        added = [name for name, _ in changes.columns if name not in there and not name.startswith(images)]
        if strange := [name for name in added if name not in of_mapping_rules(table.config)]:
            yield _of(table, "cdc_extra_columns", ", ".join(strange), changes)


def _keys(facts: TableFacts) -> Iterator[Fault]:
    for table in facts.tables:
        file = table.changes or table.load
        kinds = dict(file.columns) if file else {}
        for key in (*table.config.hudi_primary_key, *filter(None, [table.config.hudi_partition_key])):
            if file and (why := _POOR_KEYS.get(kinds.get(key, ""))):
                yield _of(table, "hudi_primary_key", f"{key} is {kinds[key]}: {why}", file)


def _rounded(facts: TableFacts) -> Iterator[Fault]:
    for table in facts.tables:
        file = table.changes or table.load
        for kind, origin in _ROUNDED.items() if file else ():
            if file and (names := [name for name, found in file.columns if found == kind]):
                yield _of(table, kind, f"{', '.join(names)} as {kind}, as {origin} becomes", file)


def _loaded(facts: TableFacts) -> Iterator[Fault]:
    for table in facts.tables:
        config, since = table.config, table.changes_since
        waits = config.full_load == "required" and not (table.state and table.state.generation)
        has_load = any(file.chosen.is_full for file in table.files)
        if waits and since and not has_load and facts.now - since > _LOAD_EXPECTED_WITHIN:
            yield _of(table, "full_load", f"changes since {since:%Y-%m-%d %H:%M} UTC, no LOAD file")


def _looked_at(facts: TableFacts) -> Iterator[Fault]:
    if facts.left_out:
        yield Fault(f"{len(facts.left_out)} tables too many, from {facts.left_out[0]} on", setting="tables")
    for table in facts.tables:
        if table.problem:
            yield Fault(table.problem, setting=table.config.source_table_name)
    if unseen := [t.config.source_table_name for t in facts.tables if not t.files and not t.problem]:
        more = " ..." if len(unseen) > _NAMES_SHOWN else ""
        yield Fault(f"no staged file of {', '.join(unseen[:_NAMES_SHOWN])}{more}", setting="tables")


def _with_changes(facts: TableFacts) -> Iterator[tuple[StagedTable, Inspection]]:
    for table in facts.tables:
        if table.changes is not None:
            yield table, table.changes


def _of(table: StagedTable, attribute: str, found: str | None, file: Inspection | None = None) -> Fault:
    return Fault(found, _place(file) if file else None, f"{table.config.source_table_name}.{attribute}")


def _place(file: Inspection) -> Place:
    return Place(file=file.chosen.file.path)


def _rule(name: str, setting: str, expected: str, check: Check, reason: str, fix: str, **more: Any) -> Rule:
    return Rule(f"table-{name}", Subject.TABLES, setting, expected, reason, fix, check, **more)


TABLE_RULES = (
    _rule(
        "configuration",
        "table configuration",
        "a valid item",
        _valid,
        "No run takes the table; its files wait.",
        "Correct it with odpf config apply.",
    ),
    _rule(
        "staged-file",
        "staged file",
        "a file that the next run can apply: key, partition and sequence columns there, of usable types, no two names equal in lower case",
        _readable,
        "The file goes to quarantine when it is applied, as the engine decides by its footer.",
        "Do as the text says: correct the configuration or the mapping rules, then have DMS write the file again.",
    ),
    _rule(
        "operation",
        "cdc_operation_column",
        "the column Op first, or a column of text with the operation",
        _operation,
        "Every row of such a file counts as an insert: deletes come back as rows.",
        "Have a mapping rule add $AR_H_OPERATION, and name its column as cdc_operation_column.",
    ),
    _rule(
        "commit-timestamp",
        "cdc_commit_timestamp_column",
        "a column of text or timestamps in change files",
        _commit_time,
        "The commit time of no change can be told: freshness is unknown, and validity intervals send changes to quarantine.",
        "Have a mapping rule add $AR_H_COMMIT_TIMESTAMP under that name, or leave cdc_commit_timestamp_column out.",
    ),
    _rule(
        "before-images",
        "before_image_prefix",
        "BI_<key column> in change files",
        _before_images,
        "When the source changes a primary key, the old row stays beside the new one.",
        "Add the mapping rule add-before-image-columns; where keys never change, ignore this rule.",
        severity=Severity.WARNING,
    ),
    _rule(
        "history-position",
        "cdc_stream_position_column",
        "the column with $AR_H_STREAM_POSITION",
        _history,
        "What a task reads again from an earlier place of the log has other sequences: the history has those changes twice.",
        "Have a mapping rule add $AR_H_STREAM_POSITION, and name its column before the table has rows.",
        severity=Severity.WARNING,
    ),
    _rule(
        "extra-columns",
        "cdc_extra_columns",
        "columns that DMS adds are named",
        _extra_columns,
        "Change files have columns that the full load has not: to schema_policy, and to reloads as a difference, they are columns of the source that come and go.",
        "Name them in cdc_extra_columns if mapping rules add them.",
        severity=Severity.WARNING,
    ),
    _rule(
        "key-type",
        "hudi_primary_key",
        "whole numbers, text, dates or decimals",
        _keys,
        "The record key is the value's text.",
        "Choose another key, or have a mapping rule write the column as text.",
        severity=Severity.WARNING,
    ),
    _rule(
        "rounded-numbers",
        "decimal",
        "a scale that the source has",
        _rounded,
        "DMS gives numbers without a declared scale one of its own and rounds what has more digits, without an error.",
        "Compare such columns with odpf reconcile; give the source's columns a scale, or have DMS write them as text.",
        severity=Severity.WARNING,
    ),
    _rule(
        "load-missing",
        "full_load",
        "a full load, or full_load: none",
        _loaded,
        "The table waits for a full load: its changes are not applied until one is there.",
        "Start the full load of the table in its DMS task, or set full_load: none if the changes hold everything.",
        severity=Severity.WARNING,
    ),
    _rule(
        "looked-at",
        "tables",
        "a staged file of every table",
        _looked_at,
        "Without a staged file nobody knows what DMS writes for the table.",
        "Lint again when files are staged.",
        severity=Severity.UNCHECKED,
        demanded=True,
    ),
)
"""A new rule is one more entry, its function above."""
