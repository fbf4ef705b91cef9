"""A load that has every record key once, as nearly every load does: nothing is to be reduced, so no row is moved or kept."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from file_processor.choosing import CycleKind
from file_processor.columns import ORDER, record_key
from file_processor.engines.engine import Reduced, WritePlan
from file_processor.engines.spark.hudi import tasks
from odpf.errors import EngineError


def may_be_distinct(plan: WritePlan) -> bool:
    """Whether it is a load of an empty table with nothing but rows of that load: none of them can be late, or a delete."""
    return plan.kind is CycleKind.LOAD and all(
        group.is_full and group.generation == plan.generation for group in plan.groups
    )


def count_distinct(valid: DataFrame, plan: WritePlan) -> Reduced | None:
    """What there is to insert; None where a key comes twice.

    Two Spark jobs, which read of the files little more than their keys, and cost a fifth of reducing whole rows: those are
    sorted for it, and held until they are written. One job would sort, too: Spark has no hash for the greatest of texts.

    Args:
        valid: the rows of the load.
        plan: a file batch that may be distinct.
    """
    keys = [F.col(f"`{key}`").alias(f"key_{number}") for number, key in enumerate(record_key(plan.config))]
    by_key = valid.groupBy(*keys).agg(F.count(F.lit(1)).alias("rows"))
    counted = by_key.agg(F.coalesce(F.sum("rows"), F.lit(0)), F.count(F.lit(1))).first()
    newest = valid.agg(F.max(ORDER)).first()
    if counted is None or newest is None:
        raise EngineError("Spark returned no counts. Start the cadence again.")
    rows, distinct = counted
    if rows != distinct:
        return None
    return Reduced(rows, inserted=rows, updated=0, deleted=0, unchanged=0, late=0, greatest=newest[0], written=rows)


def as_written(valid: DataFrame, plan: WritePlan) -> DataFrame:
    """The rows in no more tasks than their bytes are worth, each of which makes files of its own; every column nullable.

    Hudi would write as required what Spark knows to be there, and so refuse what later commits may leave out.
    """
    nullable = (F.when(F.lit(True), F.col(f"`{name}`")).alias(name) for name in valid.columns)
    return valid.select(*nullable).coalesce(tasks(plan.input_bytes))
