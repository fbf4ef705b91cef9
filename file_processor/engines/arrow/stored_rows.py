"""Stored rows of the table as a merge needs them: order positions, and whole rows where their values stay or are compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.columns import ORDER, VALUES_ORDER
from file_processor.difference import compared_columns
from file_processor.engines.arrow.reduction import GROUP, KEY
from file_processor.engines.arrow.table_files import RECORD_KEY, TableFiles
from file_processor.engines.arrow.types import arrow_type, laid_out
from file_processor.engines.engine import WritePlan
from file_processor.schema import Schema

STORED = "_odpf_stored_order"
STORED_VALUES = "_odpf_stored_values_order"
"""Of a row that is not marked deleted the same as STORED."""

_STANDING = pa.schema([(name, pa.string()) for name in (KEY, STORED, STORED_VALUES, GROUP)])


class Standing(NamedTuple):
    """What a table has of the keys of a batch.

    Attributes:
        rows: KEY, STORED, STORED_VALUES and GROUP of each of these keys that it has.
        live: rows of the whole table that are not marked.
        equal: keys whose stored values are those of the batch; asked with a difference alone.
        missing: rows that are live and not in the batch, with KEY and GROUP; asked with a difference alone.
    """

    rows: pa.Table
    live: int
    equal: pa.Array
    missing: pa.Table

    def live_orders(self) -> dict[str, str]:
        """Order positions of those that are not marked, by record key."""
        live = self.rows.filter(pc.equal(self.rows[STORED], self.rows[STORED_VALUES]))
        return dict(zip(live[KEY].to_pylist(), live[STORED].to_pylist(), strict=True))


def standing(files: TableFiles, keys: pa.Array, upserts: pa.Table, plan: WritePlan) -> Standing:
    """Look the keys of a batch up in all files, batch by batch: memory grows with what is found and not with the table.

    Args:
        files: the table's; none before its first commit.
        keys: of the batch, but for what an earlier load holds already.
        upserts: with KEY, the newest upsert of every key; what a difference compares.
        plan: the file batch.
    """
    found, missing = [_STANDING.empty_table()], [_kept(plan).empty_table()]
    equal, live = [pa.array([], pa.string())], 0
    for group, batch in _batches(files, files.files, _read(plan)):
        order = batch[ORDER]
        values = batch[VALUES_ORDER] if plan.marks_deletes else order
        is_live, is_wanted = pc.equal(order, values), pc.is_in(batch[RECORD_KEY], value_set=keys)
        live += pc.sum(is_live).as_py() or 0
        columns = [batch[RECORD_KEY], order, values, pa.repeat(pa.scalar(group), batch.num_rows)]
        found.append(pa.table(columns, schema=_STANDING).filter(is_wanted))
        if plan.is_difference:
            equal.append(_equal(batch.filter(is_wanted), upserts, compared_columns(plan.config, plan.schema)))
            missing.append(_of_file(batch.filter(pc.and_not(is_live, is_wanted)), group, _kept(plan)))
    return Standing(pa.concat_tables(found), live, pa.concat_arrays(equal), pa.concat_tables(missing))


def rows_of(files: TableFiles, keys: pa.Array, groups: Iterable[str], plan: WritePlan) -> pa.Table:
    """The stored rows of some keys: KEY, GROUP and the table's data columns.

    Args:
        files: the table's.
        keys: all of which it has.
        groups: file groups that have them.
        plan: the file batch.
    """
    layout = _layout(plan.schema)
    found = [layout.empty_table()]
    for group, batch in _batches(files, groups, (RECORD_KEY, *dict(plan.schema))):
        found.append(_of_file(batch.filter(pc.is_in(batch[RECORD_KEY], value_set=keys)), group, layout))
    return pa.concat_tables(found)


def same(one: pa.Array, other: pa.Array) -> pa.Array:
    """Where two columns of a type hold the same: null is null, NaN is NaN, and 0.0 is not -0.0."""
    alike = pc.equal(_bits(one), _bits(other))
    if pa.types.is_floating(one.type):
        alike = pc.or_(alike, pc.and_(pc.is_nan(one), pc.is_nan(other)))  # there are many NaNs
    return pc.coalesce(alike, pc.and_(pc.is_null(one), pc.is_null(other)))


def _bits(column: pa.Array) -> pa.Array:
    if not pa.types.is_floating(column.type):
        return column
    return column.view(pa.int32() if column.type == pa.float32() else pa.int64())


def _batches(
    files: TableFiles, groups: Iterable[str], columns: tuple[str, ...]
) -> Iterator[tuple[str, pa.RecordBatch]]:
    return ((group, batch) for group in groups for batch in files.batches(files.files[group], columns))


def _read(plan: WritePlan) -> tuple[str, ...]:
    orders = (ORDER, VALUES_ORDER) if plan.marks_deletes else (ORDER,)
    return (RECORD_KEY, *orders, *(dict(plan.schema) if plan.is_difference else ()))


def _kept(plan: WritePlan) -> pa.Schema:
    """What is kept of a row that a reload does not have: all of it where it stays, marked; else what finds it."""
    return _layout((*plan.schema, (STORED_VALUES, "string")) if plan.marks_deletes else ())


def _layout(columns: Schema) -> pa.Schema:
    return pa.schema([(KEY, pa.string()), (GROUP, pa.string()), *((name, arrow_type(kind)) for name, kind in columns)])


def _of_file(batch: pa.RecordBatch, group: str, layout: pa.Schema) -> pa.Table:
    """Rows of a file in another layout; a column that the file does not have is null."""
    named = {RECORD_KEY: KEY, VALUES_ORDER: STORED_VALUES}
    there = {named.get(name, name): batch[name] for name in batch.schema.names}
    there[GROUP] = pa.repeat(pa.scalar(group), batch.num_rows)
    return laid_out(there, batch.num_rows, layout)


def _equal(stored: pa.RecordBatch, upserts: pa.Table, names: Iterable[str]) -> pa.Array:
    """Keys whose stored values are those of the batch's row."""
    place = pc.index_in(stored[RECORD_KEY], value_set=upserts[KEY].combine_chunks())
    stored, place = stored.filter(pc.is_valid(place)), place.drop_null()
    alike = pa.repeat(pa.scalar(True), stored.num_rows)
    for name in names:
        own = upserts[name].combine_chunks().take(place)
        there = stored[name] if name in stored.schema.names else pa.nulls(stored.num_rows, own.type)
        alike = pc.and_(alike, same(own, pc.cast(there, own.type)))
    return stored[RECORD_KEY].filter(alike)
