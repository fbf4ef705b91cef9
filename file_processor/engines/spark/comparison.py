"""Compare two tables by their record keys, in one join."""

from __future__ import annotations

from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from file_processor.comparison import schema_of, shared_kind, shown
from file_processor.engines.spark.difference import comparable
from file_processor.timeline import Timeline
from odpf.rebuild import MOST_EXAMPLES, Differences, Example
from odpf.table_config import TableConfig

_KEY, _BEFORE, _AFTER, _KIND = "_hoodie_record_key", "_odpf_before", "_odpf_after", "_odpf_kind"


def compare(spark: SparkSession, config: TableConfig, before: Timeline, after: Timeline) -> Differences:
    """Compare; see Engine.compare."""
    kinds = [dict(schema_of(config, timeline)) for timeline in (before, after)]
    names = {name: shared_kind(name, *kinds) for name in dict.fromkeys((*kinds[1], *kinds[0]))}
    old, new = (_rows(spark, *each, names) for each in ((before, _BEFORE), (after, _AFTER)))
    rows = old.join(new, _KEY, "full")
    changed = {name: _differs(name, kind) for name, kind in names.items()}
    any_changed = reduce(lambda found, each: found | each, changed.values(), F.lit(False))
    rows = rows.withColumn(
        _KIND,
        F.when(F.col(_AFTER).isNull(), "only_before")
        .when(F.col(_BEFORE).isNull(), "only_after")
        .when(any_changed, "changed")
        .otherwise("same"),
    ).persist()
    try:
        return _counted(rows, changed)
    finally:
        rows.unpersist()


def _rows(spark: SparkSession, timeline: Timeline, side: str, names: dict[str, str]) -> DataFrame:
    table = spark.read.format("hudi").load(timeline.location)
    there = set(table.columns)
    values = (
        (F.col(f"`{name}`").cast(kind) if name in there else F.lit(None).cast(kind)).alias(name)
        for name, kind in names.items()
    )
    return table.select(_KEY, F.struct(*values).alias(side))


def _differs(name: str, kind: str) -> Column:
    before, after = (comparable(F.col(f"{side}.`{name}`"), kind) for side in (_BEFORE, _AFTER))
    both = F.col(_BEFORE).isNotNull() & F.col(_AFTER).isNotNull()
    return both & ~before.eqNullSafe(after)


def _counted(rows: DataFrame, changed: dict[str, Column]) -> Differences:
    counts = {row[_KIND]: row["count"] for row in rows.groupBy(_KIND).count().collect()}
    differing = rows.agg(*(F.max(is_changed).alias(name) for name, is_changed in changed.items())).first()
    columns = tuple(name for name in changed if differing is not None and differing[name])
    found = rows.where(F.col(_KIND) != "same").orderBy(_KEY).limit(MOST_EXAMPLES).collect()
    return Differences(
        same=counts.get("same", 0),
        only_before=counts.get("only_before", 0),
        only_after=counts.get("only_after", 0),
        changed=counts.get("changed", 0),
        columns=columns,
        examples=tuple(_example(row, columns) for row in found),
    )


def _example(row: Row, columns: tuple[str, ...]) -> Example:
    before, after = row[_BEFORE], row[_AFTER]
    if before is None or after is None:
        return Example(key=row[_KEY], before=None if before is None else {}, after=None if after is None else {})
    pairs: dict[str, tuple[Any, Any]] = {name: (shown(before[name]), shown(after[name])) for name in columns}
    differing = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    sides = [{name: pair[side] for name, pair in differing.items()} for side in (0, 1)]
    return Example(key=row[_KEY], before=sides[0], after=sides[1])
