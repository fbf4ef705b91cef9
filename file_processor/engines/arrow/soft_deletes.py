"""Where a stored row's mark or values count: soft deletes, and a reload that is written as a difference (S17, S9).

Of every key the newest upsert and the newest delete are known, of the table and of the batch. The newer of both says
whether the row is there, or unmarked; its values are those of the newest upsert. So a delete may carry the key alone (S14),
and what comes late finds its place. What a row does to the table, which is counted, and whether its key is written are two
things: a late upsert may fill in the values of a marked row.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.choosing import CycleKind
from file_processor.columns import CHANGE_SEQUENCE, GENERATION, IS_DELETED, OPERATION, ORDER, VALUES_ORDER
from file_processor.engines.arrow.deletes import newest_deletes
from file_processor.engines.arrow.key_changes import with_keys
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
    counted,
    latest_of_each_key,
)
from file_processor.engines.arrow.stored_rows import STORED, STORED_VALUES, Standing, rows_of, standing
from file_processor.engines.arrow.table_files import TableFiles
from file_processor.engines.arrow.types import arrow_type
from file_processor.engines.engine import Reduced, WritePlan
from odpf.order import OrderPosition
from odpf.ports import ObjectStore

_UPSERT, _DELETE = "_odpf_upsert_order", "_odpf_delete_order"
"""Order positions of the batch's newest upsert and newest delete of a key; null without one."""
_REMEMBERED = "_odpf_remembered_order"
"""Of the newest delete applied before, of a key that the table does not have."""
_WAS_LIVE, _EQUAL = "_odpf_was_live", "_odpf_equal"


class Merged(NamedTuple):
    """What a batch does.

    Attributes:
        rows: those to write, with KEY, EFFECT and GROUP.
        reduced: the counts of the batch's rows.
        unknown: order positions of rows that cannot be applied, since a file that would tell of a delete is gone.
        gone: that file.
    """

    rows: pa.Table
    reduced: Reduced
    unknown: pa.Array
    gone: str = ""


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
    rows = pa.concat_tables([_to_write(keys, upserts, files, plan), _missing(there, plan)])
    valid_rows = valid.num_rows - len(unknown)
    return Merged(rows, _reduced(keys, there, valid_rows, pc.max(valid[ORDER]).as_py(), rows, plan), unknown, gone)


def _registers(newest: pa.Table, upserts: pa.Table, deletes: pa.Table, there: Standing, plan: WritePlan) -> pa.Table:
    """The newest event of every key, and beside it the registers of batch and table."""
    names = [KEY, OPERATION, ORDER, GENERATION, CHANGE_SEQUENCE]
    keys = newest.select([*names, *(name for name in (NEW_KEY,) if name in newest.column_names)])
    stored, values = _found(keys, there.rows, STORED), _found(keys, there.rows, STORED_VALUES)
    nothing = pa.nulls(keys.num_rows, pa.string())
    replaces = plan.written_as is not CycleKind.CHANGES
    return (
        keys.append_column(_UPSERT, _found(keys, upserts, ORDER))
        .append_column(_DELETE, _found(keys, deletes, ORDER))
        .append_column(STORED, nothing if replaces else stored)
        .append_column(STORED_VALUES, nothing if replaces else values)
        .append_column(GROUP, nothing if replaces else _found(keys, there.rows, GROUP))
        .append_column(_WAS_LIVE, _holds(pc.equal(stored, values)))
        .append_column(_EQUAL, pc.is_in(keys[KEY].combine_chunks(), value_set=there.equal))
        .append_column(_REMEMBERED, nothing)
    )


def _found(keys: pa.Table, rows: pa.Table, name: str) -> pa.Array:
    """A column of other rows by key, null where they do not have it."""
    place = pc.index_in(keys[KEY].combine_chunks(), value_set=rows[KEY].combine_chunks())
    return rows[name].combine_chunks().take(place)


def _remembering(objects: ObjectStore, keys: pa.Table, plan: WritePlan) -> tuple[pa.Table, pa.Array, str]:
    """Add the deletes applied before of keys that the table does not have and late upserts would bring (docs/adr/0009)."""
    unknown = pa.array([], pa.string())
    if plan.kind is not CycleKind.CHANGES or not plan.high_water_mark:
        return keys, unknown, ""
    order = _column(keys, ORDER)
    comes = pc.and_(pc.is_valid(_column(keys, _UPSERT)), pc.is_null(_column(keys, STORED)))
    comes = pc.and_(comes, pc.less_equal(order, plan.high_water_mark))
    oldest = pc.min(order.filter(comes)).as_py()
    if oldest is None:
        return keys, unknown, ""
    log = plan.deletes(OrderPosition.parse(oldest))
    deletes = newest_deletes(objects, plan.reading(log.groups), _column(keys, KEY).filter(comes))
    remembered = pc.if_else(comes, _found(keys, deletes, ORDER), None)
    # A file that is gone may hold a delete that is newer still; the row would keep the order of an older one.
    is_unknown = pc.and_(comes, pc.less_equal(_newer(order, remembered), log.gone_through))
    unknown = _column(keys, _UPSERT).filter(is_unknown)
    keys = _with(keys, _REMEMBERED, remembered)
    for name in (_UPSERT, _DELETE):
        own = _column(keys, name)
        keys = _with(keys, name, pc.if_else(pc.is_in(own, value_set=unknown), None, own))
    return keys.filter(pc.invert(pc.is_in(order, value_set=unknown))), unknown, log.gone or ""


def _effects(keys: pa.Table, plan: WritePlan) -> pa.Array:
    """What the newest row of every key does; docs/guarantees.md, G3 and G7."""
    order, stored, remembered = (_column(keys, name) for name in (ORDER, STORED, _REMEMBERED))
    upsert, was_live = _column(keys, _UPSERT), _column(keys, _WAS_LIVE)
    known = _newer(stored, remembered)
    late = pc.or_(pc.less(_column(keys, GENERATION), plan.generation), _holds(pc.greater_equal(known, order)))
    came = pc.and_(pc.is_valid(upsert), pc.invert(_holds(pc.greater_equal(known, upsert))))
    ends = pc.or_(pc.and_(was_live, pc.is_valid(stored)), pc.and_(came, plan.marks_deletes))
    delete = pc.if_else(ends, DELETED, UNCHANGED)
    changed = pc.if_else(_column(keys, _EQUAL), UNCHANGED, UPDATED)
    effect = pc.if_else(pc.equal(_column(keys, OPERATION), "D"), delete, pc.if_else(was_live, changed, INSERTED))
    return pc.if_else(late, LATE, effect)


def _to_write(keys: pa.Table, upserts: pa.Table, files: TableFiles, plan: WritePlan) -> pa.Table:
    """The rows of the keys that Hudi is given, with their EFFECT there."""
    rows = _merged_registers(keys)
    rows = _with(rows, EFFECT, _soft_effects(rows) if plan.marks_deletes else _hard_effects(rows))
    rows = rows.filter(pc.is_valid(rows[EFFECT]))
    is_fresh = pc.equal(rows[VALUES_ORDER], rows[_UPSERT]).fill_null(False)
    fresh, kept = rows.filter(is_fresh), rows.filter(pc.invert(is_fresh))
    stored = rows_of(files, _column(kept, KEY), pc.unique(kept[GROUP]).to_pylist(), plan)
    return pa.concat_tables([_filled(fresh, upserts, plan), _filled(kept, stored, plan)])


def _merged_registers(keys: pa.Table) -> pa.Table:
    """Add IS_DELETED and VALUES_ORDER; ORDER becomes that of the newest event of table and batch."""
    stored, values = _column(keys, STORED), _column(keys, STORED_VALUES)
    deleted_before = pc.if_else(_holds(pc.greater(stored, values)), stored, None)
    upsert = _newer(_column(keys, _UPSERT), values)
    delete = _newer(_newer(_column(keys, _DELETE), deleted_before), _column(keys, _REMEMBERED))
    merged = _with(keys, ORDER, _newer(upsert, delete))
    return merged.append_column(IS_DELETED, _holds(pc.greater(delete, upsert))).append_column(VALUES_ORDER, upsert)


def _soft_effects(rows: pa.Table) -> pa.Array:
    """Inserted or updated, null for what is not written: nothing changes, or there was never an upsert."""
    stored, values = _column(rows, STORED), _column(rows, VALUES_ORDER)
    differs = pc.or_(pc.not_equal(stored, _column(rows, ORDER)), pc.not_equal(_column(rows, STORED_VALUES), values))
    written = pc.and_(pc.is_valid(values), pc.or_(pc.is_null(stored), differs.fill_null(True)))
    written = pc.and_not(written, _stays(rows))
    return pc.if_else(written, pc.if_else(pc.is_null(stored), INSERTED, UPDATED), None)


def _hard_effects(rows: pa.Table) -> pa.Array:
    """The effects that are counted, but for a change that makes nothing differ: later ones must be newer than it."""
    effect = _column(rows, EFFECT)
    confirmed = pc.and_(pc.equal(effect, UNCHANGED), pc.not_equal(_column(rows, OPERATION), "D"))
    effect = pc.if_else(pc.and_not(confirmed, _stays(rows)), UPDATED, effect)
    return pc.if_else(pc.is_in(effect, value_set=pa.array([INSERTED, UPDATED, DELETED])), effect, None)


def _stays(rows: pa.Table) -> pa.Array:
    """Rows of a load that are equal to the stored ones: every change of this generation is newer than either."""
    is_unchanged = pc.and_(pc.equal(_column(rows, EFFECT), UNCHANGED), _column(rows, _EQUAL))
    return pc.and_(is_unchanged, pc.equal(_column(rows, CHANGE_SEQUENCE), ""))


def _filled(rows: pa.Table, values: pa.Table, plan: WritePlan) -> pa.Table:
    """Rows with the data columns that others have for their keys; OPERATION is that of the newest event."""
    place = pc.index_in(_column(rows, KEY), value_set=_column(values, KEY))
    columns = {name: _column(values, name).take(place) for name, _ in plan.schema}
    own = _column(values, OPERATION).take(place) if OPERATION in values.column_names else "D"
    columns[OPERATION] = pc.if_else(pc.or_(_column(rows, IS_DELETED), pc.equal(rows[EFFECT], DELETED)), "D", own)
    return _laid_out({**{name: rows[name] for name in rows.column_names}, **columns}, rows.num_rows, plan)


def _missing(there: Standing, plan: WritePlan) -> pa.Table:
    """The rows that a difference ends: every row and change of its generation is newer."""
    gone = there.missing
    columns = {name: gone[name] for name in gone.column_names}
    told = {
        OPERATION: "D",
        IS_DELETED: True,
        ORDER: str(OrderPosition(plan.generation, "", "", 0)),
        EFFECT: UPDATED if plan.marks_deletes else DELETED,
    }
    columns |= {name: pa.repeat(pa.scalar(value), gone.num_rows) for name, value in told.items()}
    if plan.marks_deletes:
        columns[VALUES_ORDER] = gone[STORED_VALUES]
    return _laid_out(columns, gone.num_rows, plan)


def _laid_out(columns: dict[str, pa.Array | pa.ChunkedArray], rows: int, plan: WritePlan) -> pa.Table:
    """A table to write: the source's columns and ODPF's own, KEY, EFFECT and GROUP; what is not given is null."""
    kinds = {name: arrow_type(kind) for name, kind in plan.columns} | dict.fromkeys((KEY, EFFECT, GROUP), pa.string())
    return pa.table(
        {
            name: pc.cast(columns[name], kind) if name in columns else pa.nulls(rows, kind)
            for name, kind in kinds.items()
        }
    )


def _reduced(
    keys: pa.Table, there: Standing, valid: int, greatest: str | None, rows: pa.Table, plan: WritePlan
) -> Reduced:
    has_row = pc.is_valid(_column(keys, _UPSERT))
    removed = there.missing.num_rows
    if plan.kind is CycleKind.RELOAD and not plan.is_difference:
        removed = there.live - _count(pc.and_(_column(keys, _WAS_LIVE), has_row))
    return Reduced(
        valid=valid,
        greatest=greatest,
        removed=removed,
        written=rows.num_rows,
        upserted=_count(has_row),
        **counted(keys),
    )


def _newer(one: pa.Array, other: pa.Array) -> pa.Array:
    """The greater order position, or the one that there is."""
    return pc.max_element_wise(one, other)


def _holds(condition: pa.Array) -> pa.Array:
    return pc.fill_null(condition, False)


def _count(condition: pa.Array) -> int:
    return pc.sum(condition).as_py() or 0


def _column(table: pa.Table, name: str) -> pa.Array:
    return table[name].combine_chunks()


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)
