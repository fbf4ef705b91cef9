"""How one more file meets its table: what differs, and what the table's policy makes of it. Pure (docs/configuration.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from file_processor.columns import needed, of_mapping_rules
from file_processor.inspection import Inspection
from file_processor.schema import Schema, common_type, has_text, widens_in_place
from file_processor.schema_change import Difference, SchemaChange, followed, impossible, perhaps_in_clear
from file_processor.table_columns import TableColumns, is_old, names_of
from file_processor.value_range import all_fit
from odpf.schema_policy import SchemaChangeKind
from odpf.table_config import TableConfig


class Fit(NamedTuple):
    """What one more file comes to.

    Attributes:
        table: after it; as it was, where the file is not applied.
        columns: those of the file that are read.
        changes: what differs; where the file is not applied, why.
    """

    table: TableColumns
    columns: Schema
    changes: tuple[SchemaChange, ...]

    @property
    def refusal(self) -> str | None:
        """Why the file is not applied, None if it is."""
        return " ".join(change.sentence for change in self.changes if change.is_refusal) or None


def fit(table: TableColumns, file: Inspection, config: TableConfig, later: frozenset[str] = frozenset()) -> Fit:
    """Take one more file into the table's columns.

    A type whose values the table's type holds is no change, nor are case and order of the columns.

    Args:
        table: what is there.
        file: a file without a problem.
        config: the table's.
        later: columns that files after it have: those were not dropped, the file is older than they are.
    """
    changes = (
        *_of_protected(table, file, config, later),
        *_of_names(table, file, config, later),
        *_of_types(table, file, config),
    )
    if refusals := tuple(change for change in changes if change.is_refusal):
        return Fit(table, file.columns, refusals)
    left_out = {change.left_out for change in changes}
    columns = tuple((column, kind) for column, kind in file.columns if column not in left_out)
    return Fit(_grown(table, file, columns, changes), columns, changes)


def _grown(table: TableColumns, file: Inspection, columns: Schema, changes: tuple[SchemaChange, ...]) -> TableColumns:
    kept = {change.column for change in changes if change.kind is SchemaChangeKind.NARROWED}
    merged = dict(table.schema)
    for column, kind in columns:
        wide = common_type(merged.get(column, kind), kind)
        if wide is not None and column not in kept:
            merged[column] = wide
    brought = table.unstored | (merged.keys() - dict(table.schema).keys())
    grown = table._replace(schema=tuple(merged.items()), unstored=brought)
    if is_old(file, table.mark):
        return grown
    return grown._replace(absent=_absent(table, file, changes), excluded=file.excluded)


def _absent(table: TableColumns, file: Inspection, changes: tuple[SchemaChange, ...]) -> tuple[str, ...]:
    gone, there = (SchemaChangeKind.DROPPED, SchemaChangeKind.RENAMED), names_of(file)
    now = [change.column for change in changes if change.kind in gone and change.action == "evolve"]
    return tuple(column for column in dict.fromkeys((*table.absent, *now)) if column not in there)


def _of_protected(
    table: TableColumns, file: Inspection, config: TableConfig, later: frozenset[str]
) -> Iterator[SchemaChange]:
    """Columns whose values must not be seen and that are gone, where another could bring those values under a new name.

    Their before images tell nothing: loads have none.
    """
    protected = config.protected
    named = {*protected.excluded, *protected.hashed}
    there = {*names_of(file), *file.excluded, *later}
    before = dict.fromkeys((*table.excluded, *(name for name, _ in table.schema if name not in table.absent)))
    gone = [column for column in before if column in named and column not in there]
    if not gone or is_old(file, table.mark) or (table.exists and config.schema_policy.added != "evolve"):
        return
    known = {*dict(table.schema), *of_mapping_rules(config)}
    new = [name for name, _ in file.columns if name not in known and not protected.is_protected(name)]
    for column in gone if new else ():
        yield perhaps_in_clear(column, new, file.chosen.file.path, config.schema_policy.dropped)


def _of_names(
    table: TableColumns, file: Inspection, config: TableConfig, later: frozenset[str]
) -> Iterator[SchemaChange]:
    """Columns that only one side has; before there is a table, none."""
    if not table.exists:
        return
    policy, known, exempt = config.schema_policy, dict(table.schema), of_mapping_rules(config)
    new = [Difference(SchemaChangeKind.ADDED, c, None, t) for c, t in file.columns if c not in {*known, *exempt}]
    there = {*names_of(file), *table.absent, *table.unstored, *exempt, *later}
    protected = config.protected
    there |= {column for column in known if protected.is_excluded(column)}  # left out on purpose
    lost = [] if is_old(file, table.mark) else [column for column in known if column not in there]
    gone = [Difference(SchemaChangeKind.DROPPED, column, known[column]) for column in lost]
    differences = gone + new
    renaming = _renaming(table, file, gone, new, exempt)
    # A rename that is let through is a dropped and an added column: neither may pass that its own word would stop.
    if renaming and (policy.renamed != "evolve" or policy.added == policy.dropped == "evolve"):
        differences = [renaming]
    for difference in differences:
        yield followed(difference, file.chosen.file.path, policy.word(difference.kind), config.source_table_name)


def _renaming(
    table: TableColumns, file: Inspection, gone: list[Difference], new: list[Difference], exempt: frozenset[str]
) -> Difference | None:
    """The one lost column as renamed to the one new column, where that has its type and stands between its neighbours."""
    if len(gone) != 1 or len(new) != 1 or gone[0].from_type != new[0].to_type:
        return None
    old, name = gone[0].column, new[0].column
    known, found = dict(table.schema), dict(file.columns)
    before = [column for column in known if column == old or (column in found and column not in exempt)]
    after = [column for column in found if column == name or (column in known and column not in exempt)]
    if _neighbours(before, old) != _neighbours(after, name):
        return None
    return Difference(SchemaChangeKind.RENAMED, old, gone[0].from_type, new[0].to_type, name)


def _neighbours(columns: list[str], column: str) -> tuple[list[str], list[str]]:
    at = columns.index(column)
    return columns[:at][-1:], columns[at + 1 : at + 2]


def _of_types(table: TableColumns, file: Inspection, config: TableConfig) -> Iterator[SchemaChange]:
    """Columns whose type in the file is not one that the table's type holds."""
    known = dict(table.schema)
    for column, kind in file.columns:
        wide = common_type(known.get(column, kind), kind)
        is_held = wide == known.get(column, kind) or (wide is not None and column in table.unstored)
        if not is_held:
            yield _of_type(table, file, config, column, (known[column], kind))


def _of_type(
    table: TableColumns, file: Inspection, config: TableConfig, column: str, types: tuple[str, str]
) -> SchemaChange:
    stored, found = types
    path, source, policy = file.chosen.file.path, config.source_table_name, config.schema_policy
    wide = common_type(stored, found)
    holds_both = wide is not None or (found == "string" and has_text(stored))
    difference = Difference(
        SchemaChangeKind.WIDENED if holds_both else SchemaChangeKind.NARROWED, column, stored, found
    )
    if policy.widened == "evolve" and wide is not None and widens_in_place(stored, wide):
        return followed(difference, path, policy.widened, source)
    if policy.narrowed == "evolve" and all_fit(found, stored, dict(file.ranges).get(column)):
        return followed(difference._replace(kind=SchemaChangeKind.NARROWED), path, policy.narrowed, source)
    word = policy.word(difference.kind)
    if why := _why_not(difference, word, config, is_stored=column not in table.unstored):
        return impossible(difference, path, word, source, why)
    return followed(difference, path, word, source)


def _why_not(difference: Difference, word: str, config: TableConfig, *, is_stored: bool) -> str | None:
    """Why a word cannot be followed for a column of another type."""
    if word == "discard" and difference.column in needed(config):
        return "a key, partition or sequence column cannot be left out"
    if word != "evolve":
        return None
    if difference.kind is SchemaChangeKind.NARROWED:
        return "the statistics of the file do not tell that every value fits"
    return "stored rows cannot become that in place" if is_stored else "files of one batch cannot become that together"
