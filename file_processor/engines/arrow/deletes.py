"""Rows that would come back: older than the high-water mark, of keys that the table does not have (S5).

What was deleted since is read from the staged files that were applied, and only where there is such a row.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.choosing import CycleKind
from file_processor.columns import OPERATION, ORDER
from file_processor.engines.arrow.key_changes import with_keys
from file_processor.engines.arrow.reduction import EFFECT, INSERTED, KEY, LATE, latest_of_each_key
from file_processor.engines.arrow.rows import PROBLEM, read_each
from file_processor.engines.engine import WritePlan
from odpf.order import OrderPosition
from odpf.ports import ObjectStore


class Judged(NamedTuple):
    """Rows with what deletes applied before make of them.

    Attributes:
        rows: those that can be told.
        unknown: order positions of the others.
        gone: the file that would tell.
    """

    rows: pa.Table
    unknown: pa.Array
    gone: str = ""


def judged(objects: ObjectStore, rows: pa.Table, plan: WritePlan) -> Judged:
    """Make rows late that a delete applied before is newer than.

    Args:
        objects: where the staged files lie.
        rows: reduced rows with KEY and EFFECT.
        plan: the file batch.
    """
    none = pa.array([], pa.string())
    if plan.kind is not CycleKind.CHANGES or plan.mode != "S" or not plan.high_water_mark:
        return Judged(rows, none)
    order = rows[ORDER].combine_chunks()
    returning = pc.and_(pc.equal(rows[EFFECT], INSERTED), pc.less_equal(order, plan.high_water_mark)).combine_chunks()
    oldest = pc.min(order.filter(returning)).as_py()
    if oldest is None:
        return Judged(rows, none)
    log = plan.deletes(OrderPosition.parse(oldest))
    deletes = newest_deletes(objects, plan.reading(log.groups), rows[KEY].filter(returning).combine_chunks())
    deleted = deletes[ORDER].take(pc.index_in(rows[KEY], value_set=deletes[KEY])).combine_chunks()
    is_newer = pc.fill_null(pc.greater(deleted, order), False)
    effect = pc.if_else(pc.and_(returning, is_newer), LATE, rows[EFFECT].combine_chunks())
    unknown = order.filter(pc.and_(pc.and_not(returning, is_newer), pc.less_equal(order, log.gone_through)))
    kept = rows.set_column(rows.column_names.index(EFFECT), EFFECT, effect)
    return Judged(kept.filter(pc.invert(pc.is_in(order, value_set=unknown))), unknown, log.gone or "")


def newest_deletes(objects: ObjectStore, plan: WritePlan, keys: pa.Array) -> pa.Table:
    """KEY and ORDER of the newest delete of each key that has one; a file at a time, so that memory grows with the keys."""
    found = [pa.table({KEY: pa.array([], pa.string()), ORDER: pa.array([], pa.string())})]
    for rows in read_each(objects, plan):
        keyed = with_keys(rows.filter(pc.is_null(rows[PROBLEM])), plan)
        wanted = pc.and_(pc.equal(keyed[OPERATION], "D"), pc.is_in(keyed[KEY], value_set=keys))
        found.append(keyed.filter(wanted).select([KEY, ORDER]))
    return latest_of_each_key(pa.concat_tables(found))
