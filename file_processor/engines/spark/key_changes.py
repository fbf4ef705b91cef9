"""Take a change of key apart: behind its row stands the delete of the old key, at the same order position (S11)."""

from __future__ import annotations

from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from file_processor.columns import OPERATION
from file_processor.engines.engine import WritePlan
from file_processor.key_changes import before_images, went_to

NEW_KEY = "_odpf_new_key"
"""Of the delete of an old key: the key that its row has now, as text; null in every other row."""
EFFECT = "_odpf_effect"
_LIVE_ON = "_odpf_lives_on"
_COUNTED_AS = {"inserted": "updated", "unchanged": "deleted"}
"""What a row is counted as whose key the table had under another one."""


def with_old_keys(rows: DataFrame, plan: WritePlan) -> DataFrame:
    """Rows with NEW_KEY, and the deletes of old keys, in one pass."""
    images = before_images(plan.config, rows.columns)
    if not images:
        return rows.withColumn(NEW_KEY, F.lit(None).cast("string"))
    types = dict(rows.dtypes)
    before = {key: F.col(f"`{image}`").cast(types[key]) for key, image in images.items()}
    differs = [F.coalesce(old != F.col(f"`{key}`"), F.lit(False)) for key, old in before.items()]
    changes = (F.col(OPERATION) == "U") & reduce(lambda one, other: one | other, differs)
    keys = {
        key: F.coalesce(before.get(key, F.col(f"`{key}`")), F.col(f"`{key}`")) for key in plan.config.hudi_primary_key
    }
    data = {name for name, _ in plan.schema}

    def old_value(name: str) -> Column:
        if name in keys:
            return keys[name]
        if name == OPERATION:
            return F.lit("D")
        return F.lit(None).cast(types[name]) if name in data else F.col(f"`{name}`")

    row = F.struct(*(F.col(f"`{name}`") for name in rows.columns), F.lit(None).cast("string").alias(NEW_KEY))
    old = F.struct(*(old_value(name).alias(name) for name in rows.columns), key_text(plan).alias(NEW_KEY))
    return rows.select(F.explode(F.when(changes, F.array(row, old)).otherwise(F.array(row))).alias("row")).select(
        "row.*"
    )


def key_text(plan: WritePlan) -> Column:
    """A row's key as text, to be compared with others of the same batch."""
    return F.to_json(F.struct(*(F.col(f"`{key}`") for key in plan.config.hudi_primary_key)))


def counted_once(spark: SparkSession, plan: WritePlan, rows: DataFrame, counted: dict[str, Any]) -> dict[str, Any]:
    """Count a change of key as updated: the row under the new key was no insert, its delete one of a row.

    Args:
        spark: the session.
        plan: the file batch.
        rows: the newest row of every key, with EFFECT and NEW_KEY.
        counted: rows by effect, without the deletes of old keys.
    """
    key = key_text(plan)
    leaving = rows.where(F.col(NEW_KEY).isNotNull()).select(key.alias("key"), NEW_KEY, EFFECT).collect()
    changes = {row["key"]: row[NEW_KEY] for row in leaving}
    live_on = went_to(changes, [row["key"] for row in leaving if row[EFFECT] == "deleted"])
    live = spark.createDataFrame([(text,) for text in live_on], f"{_LIVE_ON} string")
    of_live = rows.where(F.col(NEW_KEY).isNull()).join(live, key == F.col(_LIVE_ON), "left_semi")
    found = of_live.agg(*(F.count_if(F.col(EFFECT) == effect).alias(effect) for effect in _COUNTED_AS)).first()
    changed = dict(counted)
    for effect, meant in _COUNTED_AS.items():
        changed[effect] -= found[effect] if found else 0
        changed[meant] += found[effect] if found else 0
    return changed
