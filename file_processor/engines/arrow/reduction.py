"""Reduce a file batch to one row a key, and tell what each does to the table, by the order positions that it has stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.choosing import CycleKind
from file_processor.columns import CHANGE_SEQUENCE, GENERATION, OPERATION, ORDER
from file_processor.engines.arrow.types import positions
from file_processor.engines.engine import Reduced, WritePlan

KEY = "_odpf_record_key"
NEW_KEY = "_odpf_new_key"
"""Of the delete of an old key: the record key that its row has now; null in every other row."""
EFFECT = "_odpf_effect"
GROUP = "_odpf_group"
"""fileId of the file group that has the row's key; null where none has."""
PATH = "_odpf_partition_path"
MOVED = "_odpf_moved"

INSERTED, UPDATED, DELETED, UNCHANGED, LATE = "inserted", "updated", "deleted", "unchanged", "late"
_RANK = "_odpf_rank"


class Stored(NamedTuple):
    """What a table has of the keys of a batch.

    Attributes:
        key, order, group: of each row found: record key, order position, fileId.
        rows: how many rows the table has in all.
        paths: partition path by fileId.
    """

    key: pa.ChunkedArray
    order: pa.ChunkedArray
    group: pa.ChunkedArray
    rows: int
    paths: dict[str, str]


class Merged(NamedTuple):
    """What a batch does where it is merged with what is stored.

    Attributes:
        rows: those to write, with KEY, EFFECT and GROUP.
        reduced: the counts of its rows.
        unknown: order positions of rows that cannot be applied, since a file that would tell of a delete is gone.
        gone: that file.
    """

    rows: pa.Table
    reduced: Reduced
    unknown: pa.Array
    gone: str = ""


def latest_of_each_key(rows: pa.Table) -> pa.Table:
    """The row with the greatest order position of every record key."""
    if not _is_sorted(rows[ORDER]):
        rows = rows.take(pc.sort_indices(rows[ORDER]))
    ranked = pa.table({KEY: rows[KEY], _RANK: positions(rows.num_rows)})
    last = ranked.group_by(KEY, use_threads=False).aggregate([(_RANK, "max")])[f"{_RANK}_max"]
    return rows if len(last) == rows.num_rows else rows.take(_sorted(last))


def with_effects(latest: pa.Table, stored: Stored | None, plan: WritePlan) -> pa.Table:
    """Add to every row what it does, the file group that has its key, and whether its partition changes.

    Args:
        latest: reduced rows with KEY and, for a partitioned table, PATH.
        stored: what the table has of these keys; None for a first load.
        plan: the file batch.
    """
    rows = latest.num_rows
    if stored is None:
        order, group = pa.nulls(rows, pa.string()), pa.nulls(rows, pa.string())
    else:
        where = pc.index_in(latest[KEY], value_set=stored.key).combine_chunks()
        order, group = _taken(stored.order, where), _taken(stored.group, where)
    effect = _effects(latest, order, plan)
    return (
        latest.append_column(EFFECT, effect)
        .append_column(GROUP, group)
        .append_column(MOVED, moves(latest, effect, group, None if stored is None else stored.paths))
    )


def reduced(
    valid: pa.Table, greatest: str | None, rows: pa.Table, stored: Stored | None, plan: WritePlan, unknown: int = 0
) -> Reduced:
    """Count the rows by their effects; a change of key counts as an update of the row that it moves.

    Args:
        valid: rows that could be applied, with KEY, and the deletes of old keys.
        greatest: the greatest order position among them.
        rows: reduced rows with their effects.
        stored: what the table has of their keys; None for a first load.
        plan: the file batch.
        unknown: how many of the valid rows are not applied after all.
    """
    own = valid.num_rows - unknown
    had: dict[str, str] = {}
    if NEW_KEY in valid.column_names:
        own -= pc.sum(pc.is_valid(valid[NEW_KEY])).as_py()
        had = dict(zip(stored.key.to_pylist(), stored.order.to_pylist(), strict=True)) if stored else {}
    effects = counted(rows, moving(valid, had, plan))
    as_found = _by_effect(rows)
    replaces = plan.kind is CycleKind.RELOAD and stored is not None
    return Reduced(
        valid=own,
        greatest=greatest,
        moved=pc.sum(rows[MOVED]).as_py() or 0,
        removed=stored.rows - as_found[UPDATED] if replaces and stored else 0,
        written=as_found[INSERTED] + as_found[UPDATED] + as_found[DELETED],
        **effects,
    )


def counted(rows: pa.Table, moving: pa.Array) -> dict[str, int]:
    """Rows by effect, without the deletes of old keys.

    Args:
        rows: the newest row of every key, with EFFECT.
        moving: order positions of those that move a row to another key: they update it, whatever their own key had.
    """
    own = rows.filter(pc.is_null(rows[NEW_KEY])) if NEW_KEY in rows.column_names else rows
    effects = _by_effect(own)
    moves = _by_effect(own.filter(pc.is_in(own[ORDER], value_set=moving)))[INSERTED] if len(moving) else 0
    return effects | {INSERTED: effects[INSERTED] - moves, UPDATED: effects[UPDATED] + moves}


def moving(valid: pa.Table, had: Mapping[str, str], plan: WritePlan) -> pa.Array:
    """Order positions of changes of a key that had a row just before: by the batch, else by what is stored.

    Args:
        valid: rows that can be applied, with KEY, and the deletes of old keys.
        had: order positions of the table's live rows, by record key.
        plan: the file batch.
    """
    if NEW_KEY not in valid.column_names:
        return pa.array([], pa.string())
    valid = valid.filter(pc.greater_equal(valid[GENERATION], plan.generation))  # others are late
    had = {} if plan.kind is CycleKind.RELOAD else had  # it replaces what was before
    leaving = valid.filter(pc.is_valid(valid[NEW_KEY]))
    events = valid.filter(pc.is_in(valid[KEY], value_set=leaving[KEY].combine_chunks()))
    events = events.take(pc.sort_indices(events, sort_keys=[(KEY, "ascending"), (ORDER, "ascending")]))
    keys, operations = events[KEY].to_pylist(), events[OPERATION].to_pylist()
    found = []
    for row, (order, new_key) in enumerate(zip(events[ORDER].to_pylist(), events[NEW_KEY].to_pylist(), strict=True)):
        if new_key is not None:
            is_first = row == 0 or keys[row - 1] != keys[row]
            was_live = had.get(keys[row], order) < order if is_first else operations[row - 1] != "D"
            found += [order] if was_live else []
    return pa.array(found, pa.string())


def _by_effect(rows: pa.Table) -> dict[str, int]:
    counted = {each["values"]: each["counts"] for each in pc.value_counts(rows[EFFECT]).to_pylist()}
    return {name: counted.get(name, 0) for name in (INSERTED, UPDATED, DELETED, UNCHANGED, LATE)}


def _is_sorted(order: pa.ChunkedArray) -> bool:
    column = order.combine_chunks()
    return len(column) < 2 or bool(pc.all(pc.less_equal(column[:-1], column[1:])).as_py())  # noqa: PLR2004


def _sorted(positions: pa.ChunkedArray) -> pa.Array:
    column = positions.combine_chunks()
    return column.take(pc.sort_indices(column))


def _taken(column: pa.ChunkedArray, where: pa.Array) -> pa.Array:
    """Values by position, null where there is none."""
    taken = column.take(where)
    return taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken


def _effects(latest: pa.Table, order: pa.Array, plan: WritePlan) -> pa.Array:
    """One of the effects for every row; docs/guarantees.md, G3 and G7."""
    is_stored = pc.is_valid(order)
    if plan.mode == "H":
        again = pc.if_else(_numbered_anew(latest, order, plan), UPDATED, UNCHANGED)
        return pc.if_else(is_stored, again, INSERTED)
    is_delete = pc.equal(latest[OPERATION], "D").combine_chunks()
    superseded = pc.less(latest[GENERATION], plan.generation).combine_chunks()
    upsert = pc.if_else(is_stored, UPDATED, INSERTED)
    if plan.kind is not CycleKind.CHANGES:  # replaces what is stored; a deleted row is just not written
        return pc.if_else(superseded, LATE, pc.if_else(is_delete, UNCHANGED, upsert))
    delete = pc.if_else(is_stored, DELETED, UNCHANGED)
    beaten = pc.fill_null(pc.greater_equal(order, latest[ORDER].combine_chunks()), False)
    return pc.if_else(pc.or_(superseded, beaten), LATE, pc.if_else(is_delete, delete, upsert))


def _numbered_anew(latest: pa.Table, order: pa.Array, plan: WritePlan) -> pa.Array:
    """Whether a stored change of a history comes again with a later sequence; by the sequence alone no change does."""
    if not plan.config.stream_position:
        return pa.repeat(pa.scalar(False), latest.num_rows)
    sequence = latest[CHANGE_SEQUENCE].combine_chunks()
    stored = pc.list_element(pc.split_pattern(pc.fill_null(order, "  "), " "), 1)  # `str(OrderPosition)`
    return pc.and_(pc.not_equal(sequence, ""), pc.less(stored, sequence))


def moves(latest: pa.Table, effect: pa.Array, group: pa.Array, paths: dict[str, str] | None) -> pa.Array:
    """Whether each row's partition changes; `paths` are the partition paths of the table's file groups by fileId."""
    if paths is None or PATH not in latest.column_names:
        return pa.repeat(pa.scalar(False), latest.num_rows)
    groups = pa.array(paths, pa.string())
    was = pa.array(paths.values(), pa.string()).take(pc.index_in(group, value_set=groups))
    elsewhere = pc.not_equal(was, latest[PATH].combine_chunks())
    return pc.fill_null(pc.and_(pc.equal(effect, UPDATED), elsewhere), False)
