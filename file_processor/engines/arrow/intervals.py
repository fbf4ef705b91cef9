"""Mode V: what a batch does to the versions of the keys it names (S16).

The events of a key, those stored as versions and those of the batch, stand in the order of their positions; every upsert
is a version that is valid until the next event. So a late change splits the interval that it falls into, a change applied
before is found by its position, and the order of arrival means nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.choosing import CycleKind
from file_processor.columns import (
    CHANGE_SEQUENCE,
    COMMIT_TIME,
    END_ORDER,
    GENERATION,
    IS_CURRENT,
    OPERATION,
    ORDER,
    VALID_FROM,
    VALID_TO,
    record_key,
)
from file_processor.difference import compared_columns
from file_processor.engines.arrow.key_changes import with_keys
from file_processor.engines.arrow.keys import record_keys
from file_processor.engines.arrow.reduction import EFFECT, GROUP, INSERTED, KEY, MOVED, NEW_KEY, UPDATED, Merged
from file_processor.engines.arrow.rows import PROBLEM, moments_of_sequences, read_each
from file_processor.engines.arrow.stored_rows import same
from file_processor.engines.arrow.table_files import TableFiles
from file_processor.engines.arrow.types import arrow_type, laid_out, positions
from file_processor.engines.engine import Reduced, WritePlan
from odpf.order import OrderPosition
from odpf.ports import ObjectStore

_ORIGIN = "_odpf_origin"
_STORED, _ENDED, _NEW, _OLD_KEY, _MISSING = "stored", "ended", "new", "old key", "missing"
"""A version of the table; a delete that ended one, or that was applied before; a row of the batch; the delete of the key that a
row of the batch had before; the delete of a key that a reload does not have."""
_CONFIRMED = "confirmed"
"""A version as the newest load had it: it was equal, so the load wrote none of its own."""
_PLACE = r"^(\d+ \d*) .*$"
"""Generation and sequence within an order position: with the key they identify a change (S15)."""


def versions(objects: ObjectStore, valid: pa.Table, files: TableFiles, plan: WritePlan) -> Merged:
    """Rebuild the versions of all keys of a batch.

    Args:
        objects: where the staged files lie.
        valid: its rows that can be applied.
        files: the table's; none before its first commit.
        plan: the file batch.
    """
    keyed = with_keys(valid, plan)
    stored = _stored(files, keyed[KEY].combine_chunks(), plan)
    deletes, unknown, gone = _applied_deletes(objects, keyed, plan)
    batch = _first_of_each_change(_events(keyed.filter(pc.invert(pc.is_in(keyed[ORDER], value_set=unknown))), plan))
    ended = _ended(stored, _loaded(batch, plan), plan)
    known = pa.concat_tables([stored, ended, deletes, _missing(stored, batch, plan)])
    fresh = batch.filter(pc.invert(pc.is_in(_change(batch), value_set=_change(known))))
    events = _in_order(pa.concat_tables([known, fresh, _confirmed(stored, fresh, plan)]))
    timed = _with_ends(events.filter(pc.invert(_says_nothing_new(events, plan))))
    rows = _to_write(timed, plan)
    counted = _counted(timed, valid.num_rows - len(unknown), batch, rows.num_rows)
    return Merged(rows, counted._replace(greatest=pc.max(valid[ORDER]).as_py()), unknown, gone)


def _layout(plan: WritePlan) -> pa.Schema:
    """Columns of an event: the source's, then what tells where it stands."""
    own = [(OPERATION, pa.string()), (CHANGE_SEQUENCE, pa.string()), (GENERATION, pa.int32())]
    times = [(VALID_FROM, arrow_type("timestamp")), (VALID_TO, arrow_type("timestamp"))]
    texts = [(name, pa.string()) for name in (END_ORDER, ORDER, KEY, GROUP, _ORIGIN)]
    return pa.schema([(name, arrow_type(kind)) for name, kind in plan.schema] + own + times + texts)


def _events(keyed: pa.Table, plan: WritePlan) -> pa.Table:
    """Rows of the batch as events."""
    is_old_key = (
        pc.is_valid(keyed[NEW_KEY]) if NEW_KEY in keyed.column_names else pa.repeat(pa.scalar(False), keyed.num_rows)
    )
    columns = {name: keyed[name] for name in keyed.column_names}
    columns |= {VALID_FROM: keyed[COMMIT_TIME], _ORIGIN: pc.if_else(is_old_key, _OLD_KEY, _NEW)}
    return laid_out(columns, keyed.num_rows, _layout(plan))


def _stored(files: TableFiles, keys: pa.Array, plan: WritePlan) -> pa.Table:
    """The table's versions of these keys; with a reload, which may end any, all current ones, too."""
    layout = _layout(plan)
    found = [layout.empty_table()]
    for group, file in files.files.items():
        for batch in files.batches(file):
            rows = pa.Table.from_batches([batch])
            own = record_keys(rows, plan.config.hudi_primary_key)
            wanted = pc.is_in(own, value_set=keys)
            if plan.kind is CycleKind.RELOAD:
                wanted = pc.or_(wanted, rows[IS_CURRENT])
            some = rows.append_column(KEY, own).filter(wanted)
            columns = {name: some[name] for name in some.column_names}
            columns |= {
                name: pa.repeat(pa.scalar(text), some.num_rows) for name, text in ((GROUP, group), (_ORIGIN, _STORED))
            }
            found.append(laid_out(columns, some.num_rows, layout))
    return pa.concat_tables(found)


def _loaded(batch: pa.Table, plan: WritePlan) -> pa.Array:
    """Keys that the newest load has, as far as the batch tells."""
    is_loaded = pc.and_(pc.equal(batch[GENERATION], plan.generation), pc.equal(batch[CHANGE_SEQUENCE], ""))
    return batch.filter(is_loaded)[KEY].combine_chunks()


def _begin(plan: WritePlan) -> str:
    """Where a load begins: before its first row."""
    return str(OrderPosition(plan.generation, "", "", 0))


def _ended(stored: pa.Table, loaded: pa.Array, plan: WritePlan) -> pa.Table:
    """The deletes that ended versions: what ended the others is a version itself.

    A version that a reload ended since it did not have its key goes on where a LOAD file that comes late has it.
    """
    by_load = pc.fill_null(pc.equal(stored[END_ORDER], _begin(plan)), False)
    has_come = pc.and_(by_load, pc.is_in(stored[KEY], value_set=loaded))
    ended = stored.filter(pc.and_not(pc.is_valid(stored[END_ORDER]), has_come))
    starts = pc.binary_join_element_wise(stored[KEY], stored[ORDER], "\n")
    ends = pc.binary_join_element_wise(ended[KEY], ended[END_ORDER], "\n")
    by_deletes = ended.filter(pc.invert(pc.is_in(ends, value_set=starts.combine_chunks())))
    return _deletes(by_deletes[KEY], by_deletes[END_ORDER], _end_times(by_deletes), _ENDED, stored.schema)


def _end_times(ended: pa.Table) -> pa.ChunkedArray:
    """When versions ended: one that ended before it began says its begin, and the change's sequence says more."""
    sequence = pc.replace_substring_regex(ended[END_ORDER], r"^\d+ (\d*) .*$", r"\1").combine_chunks()
    told = pc.coalesce(moments_of_sequences(sequence), ended[VALID_TO].combine_chunks())
    has_length = pc.greater(ended[VALID_TO], ended[VALID_FROM])
    return pc.if_else(has_length, ended[VALID_TO], pa.chunked_array([told]))


def _deletes(
    key: pa.ChunkedArray, order: pa.ChunkedArray, moment: pa.ChunkedArray, origin: str, layout: pa.Schema
) -> pa.Table:
    rows = len(key)
    columns = {KEY: key, ORDER: order, VALID_FROM: moment}
    columns |= {OPERATION: pa.repeat(pa.scalar("D"), rows), _ORIGIN: pa.repeat(pa.scalar(origin), rows)}
    return laid_out(columns, rows, layout)


def _applied_deletes(objects: ObjectStore, keyed: pa.Table, plan: WritePlan) -> tuple[pa.Table, pa.Array, str]:
    """Deletes applied before of the keys of late upserts: one that ended no version is stored nowhere (docs/adr/0009)."""
    layout = _layout(plan)
    unknown = pa.array([], pa.string())
    is_late = pc.and_(pc.not_equal(keyed[OPERATION], "D"), pc.less_equal(keyed[ORDER], plan.high_water_mark))
    late = keyed.filter(is_late)
    if not late.num_rows:
        return layout.empty_table(), unknown, ""
    log = plan.deletes(OrderPosition.parse(pc.min(late[ORDER]).as_py()))
    keys, found = late[KEY].combine_chunks(), [layout.empty_table()]
    reading = plan.reading(log.groups)
    for rows in read_each(objects, reading):
        events = _events(with_keys(rows.filter(pc.is_null(rows[PROBLEM])), reading), plan)
        deletes = events.filter(pc.and_(pc.equal(events[OPERATION], "D"), pc.is_in(events[KEY], value_set=keys)))
        found.append(_deletes(deletes[KEY], deletes[ORDER], deletes[VALID_FROM], _ENDED, layout))
    unknown = late[ORDER].filter(pc.less_equal(late[ORDER], log.gone_through)).combine_chunks()
    return _first_of_each_change(pa.concat_tables(found)), unknown, log.gone or ""


def _missing(stored: pa.Table, batch: pa.Table, plan: WritePlan) -> pa.Table:
    """A delete, at the moment a reload began, of every current key that it does not have."""
    if plan.kind is not CycleKind.RELOAD:
        return stored.schema.empty_table()
    current = stored.filter(pc.is_null(stored[END_ORDER]))[KEY]
    before = batch.filter(pc.less(batch[GENERATION], plan.generation))[KEY]
    keys = pc.unique(pa.chunked_array([*current.chunks, *before.chunks], pa.string()))
    gone = keys.filter(pc.invert(pc.is_in(keys, value_set=_loaded(batch, plan))))
    was_current = pc.is_in(gone, value_set=current.combine_chunks())
    parts = ((_MISSING, gone.filter(was_current)), (_ENDED, gone.filter(pc.invert(was_current))))
    return pa.concat_tables([_absences(keys, origin, plan, stored.schema) for origin, keys in parts])


def _absences(keys: pa.Array, origin: str, plan: WritePlan, layout: pa.Schema) -> pa.Table:
    """A delete of each key at the moment the newest load began, which did not have it."""
    order = pa.repeat(pa.scalar(_begin(plan)), len(keys))
    began = pa.repeat(pa.scalar(plan.load_began, arrow_type("timestamp")), len(keys))
    return _deletes(keys, order, began, origin, layout)


def _confirmed(stored: pa.Table, fresh: pa.Table, plan: WritePlan) -> pa.Table:
    """What the newest load had of the keys of changes that came later than it, and were made before it.

    Such a change must not be current: the load has seen what is. A version that stayed current through the load stands for
    its row; a key without one, and without a row of the load, was not in it.
    """
    before = fresh.filter(pc.less(fresh[GENERATION], plan.generation))
    if plan.kind is not CycleKind.CHANGES or not before.num_rows:
        return stored.schema.empty_table()
    keys, begin = pc.unique(before[KEY].combine_chunks()), _begin(plan)
    is_older = pc.less(stored[GENERATION], plan.generation)
    stays = pc.and_(is_older, pc.fill_null(pc.greater(stored[END_ORDER], begin), True))
    is_loaded = pc.and_(pc.invert(is_older), pc.equal(stored[CHANGE_SEQUENCE], ""))
    loaded = pa.chunked_array([*stored.filter(is_loaded)[KEY].chunks, _loaded(fresh, plan)], pa.string())
    is_told = pc.is_in(stored[KEY], value_set=loaded.combine_chunks())
    some = stored.filter(pc.and_(pc.and_not(stays, is_told), pc.is_in(stored[KEY], value_set=keys)))
    ends = pc.fill_null(pc.equal(stored[END_ORDER], begin), False)
    told_of = [*some[KEY].chunks, *stored.filter(ends)[KEY].chunks, *loaded.chunks]
    absent = keys.filter(pc.invert(pc.is_in(keys, value_set=pa.chunked_array(told_of, pa.string()).combine_chunks())))
    deletes = _absences(absent, _ENDED, plan, stored.schema)
    told: dict[str, pa.Scalar] = {
        CHANGE_SEQUENCE: pa.scalar(""),
        GENERATION: pa.scalar(plan.generation, pa.int32()),
        VALID_FROM: pa.scalar(plan.load_began, arrow_type("timestamp")),
        ORDER: pa.scalar(begin),
        _ORIGIN: pa.scalar(_CONFIRMED),
        GROUP: pa.scalar(None, pa.string()),
    }
    columns = {name: some[name] for name in some.column_names}
    columns |= {name: pa.repeat(value, some.num_rows) for name, value in told.items()}
    return pa.concat_tables([laid_out(columns, some.num_rows, stored.schema), deletes])


def _change(events: pa.Table) -> pa.Array:
    """What identifies a change: its key, generation and sequence."""
    place = pc.replace_substring_regex(events[ORDER], _PLACE, r"\1")
    return pc.binary_join_element_wise(events[KEY], place, "\n").combine_chunks()


def _first_of_each_change(events: pa.Table) -> pa.Table:
    ordered = events.take(pc.sort_indices(events[ORDER]))
    ranked = pa.table({_ORIGIN: _change(ordered), ORDER: positions(ordered.num_rows)})
    first = ranked.group_by(_ORIGIN, use_threads=False).aggregate([(ORDER, "min")])[f"{ORDER}_min"]
    return ordered.take(first)


def _in_order(events: pa.Table) -> pa.Table:
    return events.take(pc.sort_indices(events, sort_keys=[(KEY, "ascending"), (ORDER, "ascending")])).combine_chunks()


class _Neighbour(NamedTuple):
    """The event before or behind each event: its row, null where the key has none there."""

    row: pa.Array

    def of(self, column: pa.ChunkedArray) -> pa.Array:
        taken = column.take(self.row)
        return taken.combine_chunks() if isinstance(taken, pa.ChunkedArray) else taken


def _neighbour(events: pa.Table, step: int) -> _Neighbour:
    rows = pc.add(positions(events.num_rows), step)
    there = pc.and_(pc.greater_equal(rows, 0), pc.less(rows, events.num_rows))
    row = pc.if_else(there, rows, pa.scalar(None, pa.int64()))
    key = events[KEY].combine_chunks()
    return _Neighbour(pc.if_else(pc.equal(key.take(row), key), row, pa.scalar(None, pa.int64())))


def _says_nothing_new(events: pa.Table, plan: WritePlan) -> pa.Array:
    """Rows of a load that are equal to the version that is valid when it begins."""
    before = _neighbour(events, -1)
    of_load = pc.and_(pc.is_in(events[_ORIGIN], pa.array([_NEW, _CONFIRMED])), pc.equal(events[CHANGE_SEQUENCE], ""))
    was_live = pc.not_equal(before.of(events[OPERATION]), "D")
    equal = pc.fill_null(pc.and_(of_load.combine_chunks(), was_live), False)
    if not pc.any(equal).as_py():
        return equal
    for name in compared_columns(plan.config, plan.schema):
        equal = pc.and_(equal, same(events[name].combine_chunks(), before.of(events[name])))
    return equal


_NEXT_ORDER, _NEXT_TIME, _WAS_LIVE = "_odpf_next_order", "_odpf_next_time", "_odpf_was_live"


def _with_ends(events: pa.Table) -> pa.Table:
    """Events with the order position and time of the next, and whether a version is valid just before each."""
    behind, before = _neighbour(events, 1), _neighbour(events, -1)
    next_time = behind.of(events[VALID_FROM])
    own_time = events[VALID_FROM].combine_chunks()
    ends = pc.if_else(pc.fill_null(pc.less(next_time, own_time), False), own_time, next_time)
    was_live = pc.fill_null(pc.not_equal(before.of(events[OPERATION]), "D"), False)
    return (
        events.append_column(_NEXT_ORDER, behind.of(events[ORDER]))
        .append_column(_NEXT_TIME, ends)
        .append_column(_WAS_LIVE, was_live)
    )


def _to_write(timed: pa.Table, plan: WritePlan) -> pa.Table:
    """New versions, and those of the table that end otherwise than they did."""
    is_version = pc.not_equal(timed[OPERATION], "D")
    is_new = pc.and_(pc.is_in(timed[_ORIGIN], pa.array([_NEW, _CONFIRMED])), is_version)
    ended_otherwise = pc.or_(_differ(timed[END_ORDER], timed[_NEXT_ORDER]), _differ(timed[VALID_TO], timed[_NEXT_TIME]))
    changed = pc.and_(pc.equal(timed[_ORIGIN], _STORED), ended_otherwise)
    effect = pc.if_else(is_new, INSERTED, pc.if_else(changed, UPDATED, pa.scalar(None, pa.string())))
    rows = timed.append_column(EFFECT, effect).filter(pc.is_valid(effect))
    named = {name: rows[name] for name, _ in plan.schema}
    named |= {name: rows[name] for name in (OPERATION, CHANGE_SEQUENCE, GENERATION, VALID_FROM, ORDER, EFFECT, GROUP)}
    named |= {VALID_TO: rows[_NEXT_TIME], END_ORDER: rows[_NEXT_ORDER], IS_CURRENT: pc.is_null(rows[_NEXT_ORDER])}
    named[MOVED] = pa.repeat(pa.scalar(False), rows.num_rows)
    written = pa.table(named)
    return written.append_column(KEY, record_keys(written, record_key(plan.config)))


def _differ(one: pa.ChunkedArray, other: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.coalesce(pc.not_equal(one, other), pc.xor(pc.is_null(one), pc.is_null(other)))


def _counted(timed: pa.Table, valid: int, batch: pa.Table, written: int) -> Reduced:
    """Rows of the batch by what they do; a change of key counts as an update of the row that it moves."""
    old_keys = timed.filter(pc.and_(pc.equal(timed[_ORIGIN], _OLD_KEY), timed[_WAS_LIVE]))
    own = timed.filter(pc.equal(timed[_ORIGIN], _NEW))
    is_delete = pc.equal(own[OPERATION], "D")
    was_live = pc.or_(own[_WAS_LIVE], pc.is_in(own[ORDER], value_set=old_keys[ORDER].combine_chunks()))
    deleted = _count(pc.and_(is_delete, was_live))
    updated = _count(pc.and_(pc.invert(is_delete), was_live))
    inserted = _count(pc.and_(pc.invert(is_delete), pc.invert(was_live)))
    rows = _count(pc.equal(batch[_ORIGIN], _NEW))
    return Reduced(
        valid=valid,
        inserted=inserted,
        updated=updated,
        deleted=deleted,
        unchanged=rows - inserted - updated - deleted,
        late=0,
        greatest=None,
        removed=_count(
            pc.and_(pc.and_(pc.equal(timed[_ORIGIN], _MISSING), timed[_WAS_LIVE]), pc.is_null(timed[_NEXT_ORDER]))
        ),
        written=written,
    )


def _count(condition: pa.Array | pa.ChunkedArray) -> int:
    return pc.sum(condition).as_py() or 0
