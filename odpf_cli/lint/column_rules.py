"""Rules of the columns that mapping rules add and rename."""

from __future__ import annotations

import re
from collections.abc import Iterator

from odpf.states import Severity
from odpf.table_config import MAPPED_OPERATION
from odpf_cli.lint.mappings import MappingFacts, MappingRule, TaskMappings, mapping_rule
from odpf_cli.lint.rule import Check, Fault, Rule
from odpf_cli.lint.switch import whole_number
from odpf_local.dms.mapping import Origin
from odpf_local.dms.rules import Transformation
from odpf_local.dms.wildcards import EVERY_TABLE, EVERYTHING, TooManyRules, table_of_all

_SEQUENCE_DIGITS = 35
_TEXT = frozenset({"string", "wstring"})
_BEFORE = "BI_"
Pair = tuple[MappingRule, Transformation]


def _everywhere(header: Origin) -> Check:
    """Some rule adds a column with the header to every table that the task selects."""

    def check(facts: MappingFacts) -> Iterator[Fault]:
        for task in facts.tasks:
            yield from _uncovered(task, _adding(task, header), f"no rule adds ${_name(header)}")

    return check


def _name(header: Origin) -> str:
    return header.value.removeprefix("$")


def _adding(task: TaskMappings, header: Origin) -> list[Pair]:
    return [pair for pair in task.adding("add-column") if (pair[1].expression or "").strip() == header]


def _uncovered(task: TaskMappings, adding: list[Pair], nothing: str) -> Iterator[Fault]:
    """What of a selection is covered by no rule; a selection of nothing is another rule's business."""
    if not adding:
        yield Fault(nothing, task.whole)
        return
    covered = [rule.object_locator.tables for _, rule in adding]
    if any(pattern in covered for pattern in (EVERYTHING, EVERY_TABLE)):
        return
    try:
        missed = table_of_all([task.included], [*task.excluded, *covered]) if task.included else None
    except TooManyRules:
        yield Fault("too many rules to tell", task.whole, severity=Severity.UNCHECKED)
        return
    if missed is not None:
        yield Fault(f"not for every selected table: none for a table like {missed}", adding[0][0].place)


def _stream_position(facts: MappingFacts) -> Iterator[Fault]:
    """For histories; where nobody knows what is one, it is told as a warning."""
    for task in facts.tasks:
        adding, ours = _adding(task, Origin.STREAM_POSITION), facts.tables_of(task)
        if not ours:
            missing = _uncovered(task, adding, "no rule adds $AR_H_STREAM_POSITION")
            yield from (each._replace(severity=each.severity or Severity.WARNING) for each in missing)
        for table, source in ours:
            covered = any(rule.object_locator.covers(*source) for _, rule in adding)
            if table.table_data_versioning_type == "H" and not covered:
                yield Fault(f"not for {table.source_table_name}", adding[0][0].place if adding else task.whole)


def _before_images(facts: MappingFacts) -> Iterator[Fault]:
    for task in facts.tasks:
        yield from _uncovered(task, task.adding("add-before-image-columns"), "no rule adds before images")


def _before_image_names(facts: MappingFacts) -> Iterator[Fault]:
    prefixes = {table.before_image_prefix.lower() for table in facts.tables or ()} | {_BEFORE.lower()}
    for task in facts.tasks:
        for each, rule in task.adding("add-before-image-columns"):
            wanted = rule.before_image_def
            if wanted and (wanted.column_prefix.lower() not in prefixes or wanted.column_suffix):
                yield Fault(f"{wanted.column_prefix}<column>{wanted.column_suffix}", each.place, each.where)


def _before_images_of_keys(facts: MappingFacts) -> Iterator[Fault]:
    for task in facts.tasks:
        for each, rule in task.adding("add-before-image-columns"):
            if rule.object_locator.column_name != "%":
                yield Fault(f"column-name {rule.object_locator.column_name}", each.place, each.where)


def _text_columns(facts: MappingFacts) -> Iterator[Fault]:
    for each, rule in _headers(facts):
        header, kind = (rule.expression or "").strip(), each.written.get("data-type")
        if not isinstance(kind, dict):
            continue
        name, length = str(kind.get("type", "string")).lower(), whole_number(kind.get("length"))
        dated = header in (Origin.COMMIT_TIMESTAMP, Origin.TIMESTAMP) and name == "datetime"
        if name not in _TEXT and not dated:
            yield Fault(f"{header} as {name}", each.place, each.where)
        elif header == Origin.CHANGE_SEQUENCE and length is not None and length < _SEQUENCE_DIGITS:
            yield Fault(f"{header} as {name} of {length}", each.place, each.where)


def _headers(facts: MappingFacts) -> Iterator[Pair]:
    for task in facts.tasks:
        yield from (
            pair for pair in task.adding("add-column") if (pair[1].expression or "").strip().startswith("$AR_H_")
        )


def _expressions(facts: MappingFacts) -> Iterator[Fault]:
    """Header expressions that are nearly right."""
    known = {origin.value for origin in Origin if origin.startswith("$")}
    for task in facts.tasks:
        for each, rule in task.adding("add-column"):
            expression = (rule.expression or "").strip()
            if expression not in known and "AR_H_" in expression.upper() and re.fullmatch(r"\$?\w+", expression):
                yield Fault(expression, each.place, each.where)


def _as_configured(header: Origin, attribute: str, default: str | None = None) -> Check:
    """Configured tables look for a header under the name that the rules give it."""

    def check(facts: MappingFacts) -> Iterator[Fault]:
        for task in facts.tasks:
            for table, source in facts.tables_of(task):
                name = getattr(table, attribute) or default
                added = [pair for pair in _adding(task, header) if pair[1].object_locator.covers(*source)]
                if name and added and name not in {str(rule.value).lower() for _, rule in added}:
                    each, rule = added[0]
                    setting = f"{table.source_table_name}.{attribute}"
                    yield Fault(f"{rule.value}, while {attribute} is {name}", each.place, setting)

    return check


def _added_everywhere(name: str, header: Origin, reason: str) -> Rule:
    fix = f"Add a rule with rule-action add-column and expression {header.value} for all tables (examples/dms/table-mappings.json)."
    expected = f"a column with {header.value} in every selected table"
    return mapping_rule(name, _name(header), expected, _everywhere(header), reason, fix, demanded=True)


def _same_name(name: str, header: Origin, attribute: str, reason: str, default: str | None = None) -> Rule:
    return mapping_rule(
        name,
        attribute,
        f"the column that a mapping rule fills with {header.value}",
        _as_configured(header, attribute, default),
        reason,
        f"Name the column of {header.value} as {attribute} in the table's configuration.",
    )


COLUMN_RULES = (
    _added_everywhere(
        "change-sequence",
        Origin.CHANGE_SEQUENCE,
        "Rows of a change file are in no order: without the change sequence nobody can tell which of two changes is newer, and files go to quarantine.",
    ),
    _added_everywhere(
        "operation",
        Origin.OPERATION,
        "A row without an operation counts as an insert: deletes would be applied as rows wherever a file has no Op.",
    ),
    _added_everywhere(
        "commit-timestamp",
        Origin.COMMIT_TIMESTAMP,
        "Without it the commit time is that of the change sequence, to hundredths of a second; validity intervals and freshness are as coarse.",
    ),
    mapping_rule(
        "stream-position",
        "AR_H_STREAM_POSITION",
        "a column with $AR_H_STREAM_POSITION in every history table",
        _stream_position,
        "A task that is started again from an earlier place of the log gives the same changes other sequences: a history then has them twice.",
        "Add a rule with rule-action add-column and expression $AR_H_STREAM_POSITION for all tables, and name it as cdc_stream_position_column.",
        demanded=True,
    ),
    mapping_rule(
        "before-images",
        "add-before-image-columns",
        "BI_ columns for the key of every selected table",
        _before_images,
        "DMS tells of a changed primary key in before images alone: without them the old row stays beside the new one.",
        "Add a rule with rule-action add-before-image-columns, column-prefix BI_ and column-filter pk-only.",
        demanded=True,
    ),
    mapping_rule(
        "before-image-names",
        "before-image-def",
        "column-prefix BI_, no column-suffix",
        _before_image_names,
        "ODPF finds before images by their prefix: under other names they are columns like any other, and changed keys leave their old rows behind.",
        "Set column-prefix to BI_ and column-suffix to nothing, or before_image_prefix in the tables' configuration.",
    ),
    mapping_rule(
        "before-images-of-keys",
        "add-before-image-columns",
        "column-name %",
        _before_images_of_keys,
        "Only the named column has a before image; a key of other columns is not followed when it changes.",
        "Set column-name to % and leave the choice to column-filter pk-only.",
        severity=Severity.WARNING,
    ),
    mapping_rule(
        "column-type",
        "data-type",
        "string, of at least 35 characters for the change sequence",
        _text_columns,
        "What DMS writes there is text: in another type, or cut off, it orders nothing.",
        'Set data-type to {"type": "string", "length": 50}.',
    ),
    mapping_rule(
        "expression",
        "expression",
        "a header of DMS, for example $AR_H_CHANGE_SEQ",
        _expressions,
        "DMS knows no such header; case and the dollar sign count.",
        "Write $AR_H_CHANGE_SEQ, $AR_H_OPERATION, $AR_H_COMMIT_TIMESTAMP or $AR_H_STREAM_POSITION.",
    ),
    _same_name(
        "sequence-name",
        Origin.CHANGE_SEQUENCE,
        "hudi_precombine_field",
        "The table looks for its change sequence under another name: its change files go to quarantine.",
    ),
    _same_name(
        "operation-name",
        Origin.OPERATION,
        "cdc_operation_column",
        "The table looks for the operation under another name: the column becomes one of the source's, and rows of files without Op count as inserts.",
        MAPPED_OPERATION,
    ),
    _same_name(
        "commit-timestamp-name",
        Origin.COMMIT_TIMESTAMP,
        "cdc_commit_timestamp_column",
        "The table looks for the commit time under another name, and has none.",
    ),
    _same_name(
        "stream-position-name",
        Origin.STREAM_POSITION,
        "cdc_stream_position_column",
        "The table looks for the stream position under another name: its change files go to quarantine.",
    ),
)
"""A new rule is one more entry, its function above."""
