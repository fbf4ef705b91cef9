"""Turn inspected files into what an engine is told: one table schema, groups of like files, files set aside. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from file_processor.choosing import Choice
from file_processor.engines.engine import ReadGroup
from file_processor.inspection import Inspection
from file_processor.schema import Schema
from file_processor.schema_change import SchemaChange, summed
from file_processor.schema_policy import fit
from file_processor.table_columns import TableColumns, names_of
from odpf.errors import TerminalError
from odpf.order import OrderPosition
from odpf.table_config import MAPPED_OPERATION, TableConfig
from odpf.table_state import TableState

_DMS_OPERATION_LOWER = "op"


class FittedFiles(NamedTuple):
    """Files that can be applied, in order, with the schema they lead to; and those that cannot, with the reason.

    Attributes:
        usable: with the columns that are read of each.
        absent: columns of the schema that the newest files do not have.
        excluded: columns of the newest files that are left out.
        schema_changes: where files differ from the table, each difference once.
    """

    schema: Schema
    usable: tuple[Inspection, ...]
    refused: tuple[tuple[Inspection, str], ...]
    warnings: tuple[str, ...]
    absent: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    schema_changes: tuple[SchemaChange, ...] = ()


def fit_files(inspections: Sequence[Inspection], table: TableColumns, config: TableConfig) -> FittedFiles:
    """Fit every file into the table's columns, in order, by the table's policy.

    Args:
        inspections: the files of the batch.
        table: its columns; without any for a table that does not exist yet.
        config: its configuration.

    Raises:
        TerminalError: a file has a change that the policy freezes, so the table waits with all its files.
    """
    usable, refused, changes = list[Inspection](), [], list[SchemaChange]()
    for inspection, later in zip(inspections, _columns_after(inspections), strict=True):
        if inspection.problem is not None:
            refused.append((inspection, inspection.problem))
            continue
        found = fit(table, inspection, config, later)
        table = found.table
        changes += found.changes
        if found.refusal is None:
            usable.append(inspection._replace(columns=found.columns))
        else:
            refused.append((inspection, found.refusal))
    _stop_where_frozen(changes)
    told = summed(changes)
    warnings = [change.warning for change in told if not change.is_refusal]
    warnings += _unknown_columns(usable, table, config)
    return FittedFiles(table.schema, tuple(usable), tuple(refused), tuple(warnings), table.absent, table.excluded, told)


def _columns_after(inspections: Sequence[Inspection]) -> list[frozenset[str]]:
    """For every file the columns that one after it has."""
    after, seen = list[frozenset[str]](), frozenset[str]()
    for inspection in reversed(inspections):
        after.append(seen)
        seen |= {*names_of(inspection), *inspection.excluded}
    return after[::-1]


def _unknown_columns(files: Sequence[Inspection], table: TableColumns, config: TableConfig) -> Iterator[str]:
    """A column that must not be seen and is not there: perhaps it is there under another name."""
    protected = config.protected
    if not files or not (protected.excluded or protected.hashed):
        return
    there = {name for file in files for name in (*names_of(file), *file.excluded)} | dict(table.schema).keys()
    for key, column in protected.unknown(there):
        yield (
            f"{key} of {config.source_table_name} names {column}, which neither a file of this batch nor the table has. Is it "
            "spelt right? If the source has dropped it, take it out."
        )


def _stop_where_frozen(changes: Iterable[SchemaChange]) -> None:
    frozen = next((change for change in changes if change.action == "freeze"), None)
    if frozen:
        raise TerminalError(frozen.warning)


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
        key = _group_key(inspection, config, is_copy=file.file_id in uris)
        groups.setdefault(key, []).append(uris.get(file.file_id, file.path))
    return tuple(group._replace(paths=tuple(paths)) for group, paths in groups.items())


def _group_key(inspection: Inspection, config: TableConfig, *, is_copy: bool) -> ReadGroup:
    """How a file is read; a copy has hashes already."""
    names, kinds = dict(inspection.names), dict(inspection.columns)
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
        hashed=() if is_copy else tuple(each for each in inspection.hashed if each[0] in kinds),
    )


def may_be_late(state: TableState, choice: Choice, files: Iterable[Inspection]) -> bool:
    """Whether a row may be at or below the high-water mark: by its file's generation, or the file's smallest sequence."""
    if state.high_water_mark is None:
        return False
    if any(chosen.generation < choice.generation for chosen in choice.files):
        return True
    reached = max(OrderPosition.parse(state.high_water_mark).sequence, state.floor)
    reloads = choice.generation > state.generation  # its own rows stand above the mark
    told = [found for found in files if found.rows and not (reloads and found.chosen.is_full)]
    firsts = [found.sequences[0] if found.sequences else "" for found in told]
    return bool(firsts) and min(firsts) <= reached
