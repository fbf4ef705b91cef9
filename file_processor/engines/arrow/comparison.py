"""Compare two tables column by column: memory holds the keys of both and one column at a time."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.comparison import schema_of, shared_kind, shown
from file_processor.engines.arrow.stored_rows import same
from file_processor.engines.arrow.table_files import RECORD_KEY, TableFiles
from file_processor.engines.arrow.types import arrow_type
from file_processor.timeline import Timeline
from odpf.ports import ObjectStore
from odpf.rebuild import MOST_EXAMPLES, Differences, Example
from odpf.table_config import TableConfig


def compare(objects: ObjectStore, config: TableConfig, before: Timeline, after: Timeline) -> Differences:
    """Compare; see Engine.compare."""
    old, new = _Rows(objects, config, before), _Rows(objects, config, after)
    place = pc.index_in(new.keys, value_set=old.keys)
    in_both = pc.is_valid(place)
    there = place.drop_null()
    keys, differs = new.keys.filter(in_both), pa.repeat(pa.scalar(False), len(there))
    differing: dict[str, tuple[pa.Array, pa.Array]] = {}
    for name in dict.fromkeys((*new.kinds, *old.kinds)):
        kind = shared_kind(name, old.kinds, new.kinds)
        mine, stood = new.column(name, kind).filter(in_both), old.column(name, kind).take(there)
        changed = pc.invert(same(mine, stood))
        if pc.any(changed).as_py():
            differs, differing[name] = pc.or_(differs, changed), (stood, mine)
    gone = old.keys.filter(pc.invert(pc.is_in(old.keys, value_set=new.keys)))
    fresh = new.keys.filter(pc.invert(in_both))
    count = pc.sum(differs).as_py() or 0
    examples = [
        Example(key=key, before=before_, after=after_) for key, before_, after_ in _changed(keys, differs, differing)
    ]
    examples += [Example(key=key, before={}, after=None) for key in _first(gone)]
    examples += [Example(key=key, before=None, after={}) for key in _first(fresh)]
    return Differences(
        same=len(keys) - count,
        only_before=len(gone),
        only_after=len(fresh),
        changed=count,
        columns=tuple(differing),
        examples=tuple(sorted(examples, key=lambda each: each.key)[:MOST_EXAMPLES]),
    )


class _Rows:
    """The rows of a table, in one order, a column at a time."""

    def __init__(self, objects: ObjectStore, config: TableConfig, timeline: Timeline) -> None:
        place = urlsplit(timeline.location, allow_fragments=False)
        self._files = TableFiles(objects, place.netloc, place.path.strip("/"), timeline.current_files())
        self.kinds = dict(schema_of(config, timeline))
        self.keys = self.column(RECORD_KEY, "string")

    def column(self, name: str, kind: str) -> pa.Array:
        """A column in a type; null in files that were written before there was one."""
        wanted = arrow_type(kind)
        found = []
        for group, file in self._files.files.items():
            batches = list(self._files.batches(file, (name,)))
            if all(name in batch.schema.names for batch in batches):
                found += [pc.cast(batch[name], wanted) for batch in batches]
            else:
                found.append(pa.nulls(self._files.rows[group], wanted))
        return pa.chunked_array(found, wanted).combine_chunks()


def _first(keys: pa.Array) -> list[str]:
    return sorted(keys.to_pylist())[:MOST_EXAMPLES]


def _changed(
    keys: pa.Array, differs: pa.Array, differing: dict[str, tuple[pa.Array, pa.Array]]
) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The first rows with other values: the columns alone that differ in them."""
    names = _first(keys.filter(differs))
    found = []
    for name, at in zip(names, pc.index_in(pa.array(names, pa.string()), value_set=keys).to_pylist(), strict=True):
        sides: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
        for column, pair in differing.items():
            values = [values.slice(at, 1) for values in pair]
            if not same(*values)[0].as_py():
                for side, value in zip(sides, values, strict=True):
                    side[column] = shown(value[0].as_py())
        found.append((name, *sides))
    return found
