"""Turn inspected files into what an engine is told: one table schema, groups of like files, files set aside. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from file_processor.engines.engine import ReadGroup
from file_processor.inspection import MAPPED_OPERATION, Inspection
from file_processor.schema import Schema, fit, missing
from odpf.table_config import TableConfig

_DMS_OPERATION_LOWER = "op"


class FittedFiles(NamedTuple):
    """Files that can be applied, in order, with the schema they lead to; and those that cannot, with the reason."""

    schema: Schema
    usable: tuple[Inspection, ...]
    refused: tuple[tuple[Inspection, str], ...]
    warnings: tuple[str, ...]


def fit_files(inspections: Iterable[Inspection], table: Schema) -> FittedFiles:
    """Fit every file into the table's schema; `table` is empty for a table that does not exist yet."""
    schema, usable, refused, lacking = table, [], [], set[str]()
    for inspection in inspections:
        problem = inspection.problem
        if problem is None:
            schema, problem = fit(schema, inspection.columns, table_has_rows=bool(table))
        if problem is None:
            usable.append(inspection)
        else:
            refused.append((inspection, problem))
    for inspection in usable:
        if not inspection.chosen.is_full:
            lacking |= set(missing(table, dict.fromkeys([*dict(inspection.names), *inspection.nulls], "")))
    warnings = [f"Column {c} is no longer in the change files; new rows have null there." for c in sorted(lacking)]
    return FittedFiles(schema, tuple(usable), tuple(refused), tuple(warnings))


def read_groups(files: Sequence[Inspection], config: TableConfig, uris: Mapping[str, str]) -> tuple[ReadGroup, ...]:
    """Group files that can be read together.

    Args:
        files: usable files in order.
        config: the table.
        uris: where to read a file instead of its own path, by file id.
    """
    groups: dict[ReadGroup, list[str]] = {}
    for inspection in files:
        file = inspection.chosen.file
        key = _group_key(inspection, config)
        groups.setdefault(key, []).append(uris.get(file.file_id, file.path))
    return tuple(group._replace(paths=tuple(paths)) for group, paths in groups.items())


def _group_key(inspection: Inspection, config: TableConfig) -> ReadGroup:
    names = dict(inspection.names)
    mapped = config.cdc_operation_column or MAPPED_OPERATION
    is_full = inspection.chosen.is_full
    return ReadGroup(
        paths=(),
        columns=tuple((names[lower], lower, kind) for lower, kind in inspection.columns),
        generation=inspection.chosen.generation,
        is_full=is_full,
        dms_operation=inspection.dms_operation,
        mapped_operation=names.get(mapped) if mapped != _DMS_OPERATION_LOWER else None,
        sequence=None if is_full else names[config.hudi_precombine_field],
    )
