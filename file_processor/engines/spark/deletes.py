"""Deletes applied before, as a frame: keys and the order position of the newest delete of each (S5)."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from file_processor.columns import OPERATION, ORDER
from file_processor.engines.engine import DeleteLog, WritePlan
from file_processor.engines.spark.key_changes import with_old_keys
from file_processor.engines.spark.rows import PROBLEM, read_rows

DELETED = "_odpf_deleted_order"


def newest_deletes(spark: SparkSession, plan: WritePlan, log: DeleteLog) -> DataFrame | None:
    """The newest delete of each key in the files of a log; None when there are no files."""
    if not log.groups:
        return None
    reading = plan.reading(log.groups)
    rows = read_rows(spark, reading)
    events = with_old_keys(rows.where(F.col(PROBLEM).isNull()), reading)
    keys = [F.col(f"`{key}`") for key in plan.config.hudi_primary_key]
    return events.where(F.col(OPERATION) == "D").groupBy(*keys).agg(F.max(ORDER).alias(DELETED))
