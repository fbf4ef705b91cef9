"""Proposes the configuration of source tables: key, names, cadence, partition, and what a person should look at. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from config_manager.cadence_choice import OfferedCadence, choose
from config_manager.found_table import DmsNames, FoundTable
from config_manager.partition_choice import LARGE_ROWS, advise
from config_manager.problem import listed
from odpf.config_problems import problems_of
from odpf.reserved_words import RESERVED_WORDS
from odpf.source_table import SourceTable
from odpf.table_config import MAPPED_OPERATION, RECOMMENDED_EXTRAS, TableConfig

DEFAULT_SEQUENCE = "CDC_TIMESTAMP_SEQ"
"""The name that the recommended mapping rules give to `$AR_H_CHANGE_SEQ` (docs/configuration.md)."""
_DEFAULT_PREFIX = "BI_"
_LONGEST_NAME = 128


class Wishes(NamedTuple):
    """What a person wants of all proposed tables.

    Attributes:
        cadences: to choose from, at least one.
        raw_database: name of the raw databases, `{schema}` stands for the source's schema.
        place: the named staging place that the files land in; empty for the default one.
        large_rows: rows from which partitions are proposed.
        mapped: whether the rules of the DMS task are known.
    """

    cadences: Sequence[OfferedCadence]
    raw_database: str = "{schema}_raw"
    place: str = ""
    large_rows: int = LARGE_ROWS
    mapped: bool = False


class Proposal(NamedTuple):
    """A proposed table. With `problems` the entry is not complete and cannot be applied as it is.

    Attributes:
        entry: keys and values of a configuration file.
        reasons: why, by what was decided: key, cadence, partition.
    """

    source_table_name: str
    schema: str
    entry: dict[str, Any]
    reasons: dict[str, str]
    warnings: tuple[str, ...]
    problems: tuple[str, ...]
    found: FoundTable


def propose(
    tables: Iterable[tuple[FoundTable, DmsNames]], wishes: Wishes, taken: Collection[str] = ()
) -> tuple[Proposal, ...]:
    """Propose a configuration for each table.

    Args:
        tables: of the source, as DMS names them.
        wishes: for all of them.
        taken: raw tables, `<database>.<table>`, that other source tables feed.
    """
    used = set(taken)
    proposals = []
    for found, names in sorted(tables, key=lambda each: (each[1].schema, each[1].table)):
        proposals.append(_proposal(found, names, wishes, used))
    return tuple(proposals)


def _proposal(found: FoundTable, names: DmsNames, wishes: Wishes, used: set[str]) -> Proposal:
    source = str(SourceTable(wishes.place, names.schema, names.table))
    key, key_reason, problems = _key(found, names)
    cadence = choose(found, wishes.cadences)
    advice = advise(found, key, large_rows=wishes.large_rows)
    database, table, warnings = _raw_table(names, wishes.raw_database, used)
    partition = names.columns.get(advice.column or "")
    entry = {
        "source_table_name": source,
        "refresh_cadence": cadence.refresh_cadence,
        "raw_database_name": database,
        "raw_table_name": table,
        "hudi_primary_key": [names.columns[column] for column in key],
        "hudi_precombine_field": names.sequence or DEFAULT_SEQUENCE,
        **({"hudi_partition_key": partition} if partition else {}),
        **_change_columns(names),
    }
    problems += _collisions(names) + ([] if not key else _refusals(entry))
    warnings += [*names.warnings, *found.warnings, *([advice.warning] if advice.warning else [])]
    if wishes.mapped and not names.sequence:
        warnings.append(
            f"no mapping rule adds $AR_H_CHANGE_SEQ; add one with the name {DEFAULT_SEQUENCE}, or rows have no order"
        )
    warnings += [
        f"{column.name}: {column.remark}" for column in found.columns if column.remark and column.name in names.columns
    ]
    reasons = {"key": key_reason, "cadence": cadence.reason, "partition": advice.reason}
    return Proposal(source, names.schema, entry, reasons, tuple(warnings), tuple(problems), found)


def _key(found: FoundTable, names: DmsNames) -> tuple[tuple[str, ...], str, list[str]]:
    """The primary key, else the shortest unique index without nulls, else none: nothing is guessed."""
    unique = min(found.unique_keys, key=lambda columns: (len(columns), columns), default=())
    options = ((names.key, "rule define-primary-key"), (found.primary_key, "primary key"), (unique, "unique index"))
    key, reason = next(((columns, why) for columns, why in options if columns), ((), "none"))
    if not key:
        return (), reason, ["has no primary key and no unique index without nulls; name its key in hudi_primary_key"]
    if gone := [column for column in key if column not in names.columns]:
        return (), reason, [f"the mapping rules leave out {', '.join(gone)} of its key; keep it, or name another key"]
    return key, reason, []


def _change_columns(names: DmsNames) -> dict[str, Any]:
    """Keys of columns that mapping rules add, where they are not what ODPF takes for granted."""
    extras = [column for column in names.added if column.lower() not in RECOMMENDED_EXTRAS]
    operation = names.operation if (names.operation or "").lower() != MAPPED_OPERATION else None
    prefix = names.before_image_prefix if names.before_image_prefix != _DEFAULT_PREFIX else None
    return {
        **({"cdc_operation_column": operation} if operation else {}),
        **({"cdc_extra_columns": [*RECOMMENDED_EXTRAS, *extras]} if extras else {}),
        **({"before_image_prefix": prefix} if prefix else {}),
    }


def _raw_table(names: DmsNames, template: str, used: set[str]) -> tuple[str, str, list[str]]:
    """Names that the Glue Data Catalog and Athena can have, and that nobody else has."""
    database, table = _catalog_name(template.replace("{schema}", names.schema)), _catalog_name(names.table)
    warnings = []
    if table != names.table.lower():
        warnings.append(f"Athena cannot have the name {names.table!r}: the raw table is {table!r}")
    free, number = table, 2
    while f"{database}.{free}" in used:
        free, number = f"{table[: _LONGEST_NAME - 6]}_{number}", number + 1
    if free != table:
        warnings.append(f"another source table has the raw table {database}.{table} (case aside): this one is {free!r}")
    used.add(f"{database}.{free}")
    return database, free, warnings


def _catalog_name(name: str) -> str:
    plain = re.sub(r"[^a-z0-9_]", "_", name.lower())[:_LONGEST_NAME]
    if plain in RESERVED_WORDS:
        return f"{plain}_table"
    return plain if re.match("[a-z_]", plain) else f"_{plain}"[:_LONGEST_NAME]


def _collisions(names: DmsNames) -> list[str]:
    counted = Counter(column.lower() for column in names.columns.values())
    twice = sorted(column for column, count in counted.items() if count > 1)
    return (
        [f"several columns have one name in the lake, case aside: {listed(twice)}; rename one by a mapping rule"]
        if twice
        else []
    )


def _refusals(entry: dict[str, Any]) -> list[str]:
    """What the model says against it, so that whatever is proposed can be planned."""
    try:
        TableConfig.model_validate(entry)
    except ValidationError as error:
        return [f"{key}: {message}".removeprefix(": ") for key, message in problems_of(error, TableConfig)]
    return []
