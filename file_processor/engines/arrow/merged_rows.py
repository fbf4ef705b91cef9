"""The rows that Hudi is given where a stored row's mark or values count: each key's registers made into a row (S17, S9)."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.columns import CHANGE_SEQUENCE, IS_DELETED, OPERATION, ORDER, VALUES_ORDER
from file_processor.engines.arrow.reduction import DELETED, EFFECT, GROUP, INSERTED, KEY, UNCHANGED, UPDATED
from file_processor.engines.arrow.stored_rows import STORED, STORED_VALUES, Standing, rows_of
from file_processor.engines.arrow.table_files import TableFiles
from file_processor.engines.arrow.types import arrow_type, laid_out
from file_processor.engines.engine import WritePlan
from odpf.order import OrderPosition

UPSERT, DELETE = "_odpf_upsert_order", "_odpf_delete_order"
"""Order positions of the batch's newest upsert and newest delete of a key; null without one."""
REMEMBERED = "_odpf_remembered_order"
"""Of the newest delete applied before, of a key that the table does not have."""
WAS_LIVE, EQUAL = "_odpf_was_live", "_odpf_equal"


def rows_to_write(keys: pa.Table, upserts: pa.Table, files: TableFiles, plan: WritePlan) -> pa.Table:
    """The rows of the keys that Hudi is given, with their EFFECT there."""
    rows = _merged_registers(keys)
    rows = with_column(rows, EFFECT, _soft_effects(rows) if plan.marks_deletes else _hard_effects(rows))
    rows = rows.filter(pc.is_valid(rows[EFFECT]))
    is_fresh = pc.equal(rows[VALUES_ORDER], rows[UPSERT]).fill_null(False)
    fresh, kept = rows.filter(is_fresh), rows.filter(pc.invert(is_fresh))
    stored = rows_of(files, column(kept, KEY), pc.unique(kept[GROUP]).to_pylist(), plan)
    return pa.concat_tables([_filled(fresh, upserts, plan), _filled(kept, stored, plan)])


def _merged_registers(keys: pa.Table) -> pa.Table:
    """Add IS_DELETED and VALUES_ORDER; ORDER becomes that of the newest event of table and batch."""
    stored, values = column(keys, STORED), column(keys, STORED_VALUES)
    deleted_before = pc.if_else(holds(pc.greater(stored, values)), stored, None)
    upsert = newer(column(keys, UPSERT), values)
    delete = newer(newer(column(keys, DELETE), deleted_before), column(keys, REMEMBERED))
    merged = with_column(keys, ORDER, newer(upsert, delete))
    return merged.append_column(IS_DELETED, holds(pc.greater(delete, upsert))).append_column(VALUES_ORDER, upsert)


def _soft_effects(rows: pa.Table) -> pa.Array:
    """Inserted or updated, null for what is not written: nothing changes, or there was never an upsert."""
    stored, values = column(rows, STORED), column(rows, VALUES_ORDER)
    differs = pc.or_(pc.not_equal(stored, column(rows, ORDER)), pc.not_equal(column(rows, STORED_VALUES), values))
    written = pc.and_(pc.is_valid(values), pc.or_(pc.is_null(stored), differs.fill_null(True)))
    written = pc.and_not(written, _stays(rows))
    return pc.if_else(written, pc.if_else(pc.is_null(stored), INSERTED, UPDATED), None)


def _hard_effects(rows: pa.Table) -> pa.Array:
    """The effects that are counted, but for a change that makes nothing differ: later ones must be newer than it."""
    effect = column(rows, EFFECT)
    confirmed = pc.and_(pc.equal(effect, UNCHANGED), pc.not_equal(column(rows, OPERATION), "D"))
    effect = pc.if_else(pc.and_not(confirmed, _stays(rows)), UPDATED, effect)
    return pc.if_else(pc.is_in(effect, value_set=pa.array([INSERTED, UPDATED, DELETED])), effect, None)


def _stays(rows: pa.Table) -> pa.Array:
    """Rows of a load that are equal to the stored ones: every change of this generation is newer than either."""
    is_unchanged = pc.and_(pc.equal(column(rows, EFFECT), UNCHANGED), column(rows, EQUAL))
    return pc.and_(is_unchanged, pc.equal(column(rows, CHANGE_SEQUENCE), ""))


def _filled(rows: pa.Table, values: pa.Table, plan: WritePlan) -> pa.Table:
    """Rows with the data columns that others have for their keys; OPERATION is that of the newest event."""
    place = pc.index_in(column(rows, KEY), value_set=column(values, KEY))
    columns = {name: column(values, name).take(place) for name, _ in plan.schema}
    own = column(values, OPERATION).take(place) if OPERATION in values.column_names else "D"
    columns[OPERATION] = pc.if_else(pc.or_(column(rows, IS_DELETED), pc.equal(rows[EFFECT], DELETED)), "D", own)
    return _laid_out({**{name: rows[name] for name in rows.column_names}, **columns}, rows.num_rows, plan)


def missing_rows(there: Standing, plan: WritePlan) -> pa.Table:
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
    return laid_out(columns, rows, pa.schema(kinds.items()))


def newer(one: pa.Array, other: pa.Array) -> pa.Array:
    """The greater order position, or the one that there is."""
    return pc.max_element_wise(one, other)


def holds(condition: pa.Array) -> pa.Array:
    """Whether it is true; what is not known is not."""
    return pc.fill_null(condition, False)


def column(table: pa.Table, name: str) -> pa.Array:
    """One array of it, which can be calculated with."""
    return table[name].combine_chunks()


def with_column(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """The table with other values in one of its columns."""
    return table.set_column(table.column_names.index(name), name, values)
