"""Reduce a file batch to one row a key, and tell what each does to the table, by the order positions that it has stored."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.choosing import CycleKind
from file_processor.columns import GENERATION, OPERATION, ORDER
from file_processor.engines.arrow.types import positions
from file_processor.engines.engine import Reduced, WritePlan
from file_processor.key_changes import went_to

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


def reduced(valid: int, greatest: str | None, rows: pa.Table, stored: Stored | None, plan: WritePlan) -> Reduced:
    """Count the rows by their effects."""
    effects = counted(rows)
    as_found = _by_effect(rows)
    replaces = plan.kind is CycleKind.RELOAD and stored is not None
    return Reduced(
        valid=valid,
        greatest=greatest,
        moved=pc.sum(rows[MOVED]).as_py() or 0,
        removed=stored.rows - effects[UPDATED] if replaces and stored else 0,
        written=as_found[INSERTED] + as_found[UPDATED] + as_found[DELETED],
        **effects,
    )


def counted(rows: pa.Table) -> dict[str, int]:
    """Rows by effect; a change of key counts once, as updated."""
    if NEW_KEY not in rows.column_names:
        return _by_effect(rows)
    old = pc.is_valid(rows[NEW_KEY])
    leaving, own = rows.filter(old), rows.filter(pc.invert(old))
    effects = _by_effect(own)
    gone = leaving.filter(pc.equal(leaving[EFFECT], DELETED))
    changes = dict(zip(leaving[KEY].to_pylist(), leaving[NEW_KEY].to_pylist(), strict=True))
    live_on = pa.array(sorted(went_to(changes, gone[KEY].to_pylist())), pa.string())
    of_live = _by_effect(own.filter(pc.is_in(own[KEY], value_set=live_on)))
    for as_counted, as_meant in ((INSERTED, UPDATED), (UNCHANGED, DELETED)):
        effects[as_counted] -= of_live[as_counted]
        effects[as_meant] += of_live[as_counted]
    return effects


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
        return pc.if_else(is_stored, UNCHANGED, INSERTED)
    is_delete = pc.equal(latest[OPERATION], "D").combine_chunks()
    superseded = pc.less(latest[GENERATION], plan.generation).combine_chunks()
    upsert = pc.if_else(is_stored, UPDATED, INSERTED)
    if plan.kind is not CycleKind.CHANGES:  # replaces what is stored; a deleted row is just not written
        return pc.if_else(superseded, LATE, pc.if_else(is_delete, UNCHANGED, upsert))
    delete = pc.if_else(is_stored, DELETED, UNCHANGED)
    beaten = pc.fill_null(pc.greater_equal(order, latest[ORDER].combine_chunks()), False)
    return pc.if_else(pc.or_(superseded, beaten), LATE, pc.if_else(is_delete, delete, upsert))


def moves(latest: pa.Table, effect: pa.Array, group: pa.Array, paths: dict[str, str] | None) -> pa.Array:
    """Whether each row's partition changes; `paths` are the partition paths of the table's file groups by fileId."""
    if paths is None or PATH not in latest.column_names:
        return pa.repeat(pa.scalar(False), latest.num_rows)
    groups = pa.array(paths, pa.string())
    was = pa.array(paths.values(), pa.string()).take(pc.index_in(group, value_set=groups))
    elsewhere = pc.not_equal(was, latest[PATH].combine_chunks())
    return pc.fill_null(pc.and_(pc.equal(effect, UPDATED), elsewhere), False)
