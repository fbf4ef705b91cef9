"""Take a change of key apart: behind its row stands the delete of the old key, at the same order position (S11)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.columns import OPERATION, record_key
from file_processor.engines.arrow.keys import record_keys
from file_processor.engines.arrow.reduction import KEY, NEW_KEY
from file_processor.engines.engine import WritePlan
from file_processor.key_changes import before_images


def with_keys(rows: pa.Table, plan: WritePlan) -> pa.Table:
    """Rows with KEY, behind them the deletes of old keys; NEW_KEY is there exactly if a key changes.

    KEY is the record key; with validity intervals, where that is a version's, the text of the source's key.
    """
    names = plan.config.hudi_primary_key if plan.mode == "V" else record_key(plan.config)
    keyed = rows.append_column(KEY, record_keys(rows, names))
    images = before_images(plan.config, rows.column_names)
    if not images:
        return keyed
    before = {key: pc.cast(rows[image], rows[key].type) for key, image in images.items()}
    differs = [pc.fill_null(pc.not_equal(old, rows[key]), False) for key, old in before.items()]
    changes = pc.and_(pc.equal(rows[OPERATION], "U"), reduce(pc.or_, differs))
    if not pc.any(changes).as_py():
        return keyed
    before = {key: values.filter(changes) for key, values in before.items()}
    old = _old_rows(keyed.filter(changes), before, names, plan)
    return pa.concat_tables([keyed.append_column(NEW_KEY, pa.nulls(keyed.num_rows, pa.string())), old])


def _old_rows(moved: pa.Table, before: dict[str, pa.ChunkedArray], names: Sequence[str], plan: WritePlan) -> pa.Table:
    """A delete of each row's old key, which carries the key alone."""
    rows = moved.num_rows
    values = {name: pa.nulls(rows, moved[name].type) for name, _ in plan.schema}
    values |= {key: moved[key] for key in plan.config.hudi_primary_key}
    values |= {key: pc.coalesce(old, moved[key]) for key, old in before.items()}
    values[OPERATION] = pa.repeat(pa.scalar("D"), rows)
    old = pa.table({name: values.get(name, moved[name]) for name in moved.column_names})
    own_key = record_keys(old, names)
    return old.set_column(old.column_names.index(KEY), KEY, own_key).append_column(NEW_KEY, moved[KEY])
