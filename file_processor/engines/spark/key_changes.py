"""Take a change of key apart: behind its row stands the delete of the old key, at the same order position (S11)."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from file_processor.columns import GENERATION, OPERATION, ORDER
from file_processor.engines.engine import WritePlan
from file_processor.key_changes import before_images

NEW_KEY = "_odpf_new_key"
"""Not null in the delete of an old key."""
EFFECT = "_odpf_effect"
_BEFORE, _STORED = "_odpf_before", "_odpf_had"


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
    old = F.struct(*(old_value(name).alias(name) for name in rows.columns), F.lit("").alias(NEW_KEY))
    return rows.select(F.explode(F.when(changes, F.array(row, old)).otherwise(F.array(row))).alias("row")).select(
        "row.*"
    )


def moving(events: DataFrame, stored: DataFrame | None, plan: WritePlan) -> DataFrame:
    """Order positions of changes of a key that had a row just before: by the batch, else by what is stored.

    Args:
        events: rows of the batch and deletes of old keys.
        stored: the table; None where the batch replaces it.
        plan: the file batch.
    """
    keys = [f"`{key}`" for key in plan.config.hudi_primary_key]
    events = events.where(F.col(GENERATION) >= plan.generation)  # others are late
    before = F.lag(OPERATION).over(Window.partitionBy(*keys).orderBy(ORDER))
    leaving = events.withColumn(_BEFORE, before).where(F.col(NEW_KEY).isNotNull()).select(*keys, ORDER, _BEFORE)
    had = F.lit(None).cast("string")
    if stored is not None:
        orders = stored.select(*keys, F.col(ORDER).alias(_STORED))
        leaving, had = leaving.join(orders, list(plan.config.hudi_primary_key), "left"), F.col(_STORED)
    was_live = F.when(F.col(_BEFORE).isNotNull(), F.col(_BEFORE) != "D").otherwise(had < F.col(ORDER))
    return leaving.where(was_live).select(ORDER)
