"""Where a stored row's mark or values count: soft deletes, and a reload that is written as a difference (S17, S9).

Of every key the newest upsert and the newest delete are known, of the table and of the batch. The newer of both says
whether the row is there, or unmarked; its values are those of the newest upsert. So a delete may carry the key alone (S14),
and what comes late finds its place. What a row does to the table, which is counted, and whether its key is written are two
things: a late upsert may fill in the values of a marked row.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.choosing import CycleKind
from file_processor.columns import CHANGE_SEQUENCE, GENERATION, OPERATION, ORDER
from file_processor.engines.arrow.deletes import newest_deletes
from file_processor.engines.arrow.key_changes import with_keys
from file_processor.engines.arrow.merged_rows import (
    DELETE,
    EQUAL,
    REMEMBERED,
    UPSERT,
    WAS_LIVE,
    column,
    holds,
    missing_rows,
    newer,
    rows_to_write,
    with_column,
)
from file_processor.engines.arrow.reduction import (
    DELETED,
    EFFECT,
    GROUP,
    INSERTED,
    KEY,
    LATE,
    NEW_KEY,
    UNCHANGED,
    UPDATED,
    Merged,
    counted,
    latest_of_each_key,
    moving,
)
from file_processor.engines.arrow.stored_rows import STORED, STORED_VALUES, Standing, standing
from file_processor.engines.arrow.table_files import TableFiles
from file_processor.engines.engine import Reduced, WritePlan
from odpf.order import OrderPosition
from odpf.ports import ObjectStore


def merged(objects: ObjectStore, valid: pa.Table, files: TableFiles, plan: WritePlan) -> Merged:
    """Merge the newest upsert and delete of every key of a batch with those of the table.

    Args:
        objects: where the staged files lie.
        valid: the batch's rows that can be applied.
        files: the table's; none before its first commit.
        plan: the file batch.
    """
    events = with_keys(valid, plan)
    current = events.filter(pc.greater_equal(events[GENERATION], plan.generation))
    is_delete = pc.equal(current[OPERATION], "D")
    upserts = latest_of_each_key(current.filter(pc.invert(is_delete)))
    deletes = latest_of_each_key(current.filter(is_delete))
    there = standing(files, pc.unique(current[KEY]), upserts, plan)
    keys = _registers(latest_of_each_key(events), upserts, deletes, there, plan)
    keys, unknown, gone = _remembering(objects, keys, plan)
    keys = keys.append_column(EFFECT, _effects(keys, plan))
    rows = pa.concat_tables([rows_to_write(keys, upserts, files, plan), missing_rows(there, plan)])
    valid_rows = valid.num_rows - len(unknown)
    effects = counted(keys, moving(events, there.live_orders(), plan))
    counts = Reduced(valid=valid_rows, greatest=pc.max(valid[ORDER]).as_py(), written=rows.num_rows, **effects)
    return Merged(rows, counts._replace(removed=_removed(keys, there, plan)), unknown, gone)


def _registers(newest: pa.Table, upserts: pa.Table, deletes: pa.Table, there: Standing, plan: WritePlan) -> pa.Table:
    """The newest event of every key, and beside it the registers of batch and table."""
    names = [KEY, OPERATION, ORDER, GENERATION, CHANGE_SEQUENCE]
    keys = newest.select([*names, *(name for name in (NEW_KEY,) if name in newest.column_names)])
    stored, values = _found(keys, there.rows, STORED), _found(keys, there.rows, STORED_VALUES)
    nothing = pa.nulls(keys.num_rows, pa.string())
    replaces = plan.written_as is not CycleKind.CHANGES
    return (
        keys.append_column(UPSERT, _found(keys, upserts, ORDER))
        .append_column(DELETE, _found(keys, deletes, ORDER))
        .append_column(STORED, nothing if replaces else stored)
        .append_column(STORED_VALUES, nothing if replaces else values)
        .append_column(GROUP, nothing if replaces else _found(keys, there.rows, GROUP))
        .append_column(WAS_LIVE, holds(pc.equal(stored, values)))
        .append_column(EQUAL, pc.is_in(column(keys, KEY), value_set=there.equal))
        .append_column(REMEMBERED, nothing)
    )


def _found(keys: pa.Table, rows: pa.Table, name: str) -> pa.Array:
    """A column of other rows by key, null where they do not have it."""
    return column(rows, name).take(pc.index_in(column(keys, KEY), value_set=column(rows, KEY)))


def _remembering(objects: ObjectStore, keys: pa.Table, plan: WritePlan) -> tuple[pa.Table, pa.Array, str]:
    """Add the deletes applied before of keys that the table does not have and late upserts would bring (docs/adr/0009)."""
    unknown = pa.array([], pa.string())
    if plan.kind is not CycleKind.CHANGES or not plan.high_water_mark:
        return keys, unknown, ""
    order = column(keys, ORDER)
    comes = pc.and_(pc.is_valid(column(keys, UPSERT)), pc.is_null(column(keys, STORED)))
    comes = pc.and_(comes, pc.less_equal(order, plan.high_water_mark))
    oldest = pc.min(order.filter(comes)).as_py()
    if oldest is None:
        return keys, unknown, ""
    log = plan.deletes(OrderPosition.parse(oldest))
    deletes = newest_deletes(objects, plan.reading(log.groups), column(keys, KEY).filter(comes))
    remembered = pc.if_else(comes, _found(keys, deletes, ORDER), None)
    # A file that is gone may hold a delete that is newer still; the row would keep the order of an older one.
    is_unknown = pc.and_(comes, pc.less_equal(newer(order, remembered), log.gone_through))
    unknown = column(keys, UPSERT).filter(is_unknown)
    keys = with_column(keys, REMEMBERED, remembered)
    for name in (UPSERT, DELETE):
        own = column(keys, name)
        keys = with_column(keys, name, pc.if_else(pc.is_in(own, value_set=unknown), None, own))
    return keys.filter(pc.invert(pc.is_in(order, value_set=unknown))), unknown, log.gone or ""


def _effects(keys: pa.Table, plan: WritePlan) -> pa.Array:
    """What the newest row of every key does; docs/guarantees.md, G3 and G7."""
    order, stored, remembered = (column(keys, name) for name in (ORDER, STORED, REMEMBERED))
    upsert, was_live = column(keys, UPSERT), column(keys, WAS_LIVE)
    known = newer(stored, remembered)
    late = pc.or_(pc.less(column(keys, GENERATION), plan.generation), holds(pc.greater_equal(known, order)))
    came = pc.and_(pc.is_valid(upsert), pc.invert(holds(pc.greater_equal(stored, upsert))))
    ends = pc.or_(pc.and_(was_live, pc.is_valid(stored)), pc.and_(came, plan.marks_deletes))
    delete = pc.if_else(ends, DELETED, UNCHANGED)
    changed = pc.if_else(column(keys, EQUAL), UNCHANGED, UPDATED)
    effect = pc.if_else(pc.equal(column(keys, OPERATION), "D"), delete, pc.if_else(was_live, changed, INSERTED))
    return pc.if_else(late, LATE, effect)


def _removed(keys: pa.Table, there: Standing, plan: WritePlan) -> int:
    """Rows that a reload removes: those it does not have, and those that live on under another key."""
    if plan.kind is not CycleKind.RELOAD:
        return 0
    was_live = column(keys, WAS_LIVE)
    if not plan.is_difference:
        return there.live - _count(pc.and_(was_live, pc.is_valid(column(keys, UPSERT))))
    left = 0
    if NEW_KEY in keys.column_names:
        ends = pc.and_(pc.is_valid(column(keys, NEW_KEY)), pc.equal(column(keys, EFFECT), DELETED))
        left = _count(pc.and_(was_live, ends))
    return int(there.missing.num_rows) + left


def _count(condition: pa.Array) -> int:
    return pc.sum(condition).as_py() or 0
