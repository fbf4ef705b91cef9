"""The job's one Spark session."""

from __future__ import annotations

from typing import Any

from pyspark.sql import SparkSession

_STATIC = {
    # Tables run side by side in threads, each in a pool of its own (`enter_pool`).
    "spark.scheduler.mode": "FAIR",
    "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
}
_RUNTIME = {
    # Types mean the same in every file, session and version (docs/hudi.md).
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "false",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
    "spark.sql.avro.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.avro.datetimeRebaseModeInWrite": "CORRECTED",
    # Every reader and writer of a batch is planned from its bytes, not from a default of 200.
    "spark.sql.adaptive.enabled": "true",
}


def open_session(name: str) -> SparkSession:
    """Open the session, or take the one that Glue made, and set what results depend on."""
    builder = SparkSession.builder.appName(name)
    for key, value in _STATIC.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    for key, value in _RUNTIME.items():
        session.conf.set(key, value)
    _remember_classes(session)
    return session


def enter_pool(session: SparkSession, raw_table: str) -> None:
    """Have this thread's Spark jobs share the executors fairly with those of other tables.

    Within one pool, the default one too, jobs stand in line, whatever `spark.scheduler.mode` says (Spark: Job Scheduling).
    """
    session.sparkContext.setLocalProperty("spark.scheduler.pool", raw_table)


def _remember_classes(session: SparkSession) -> None:
    """Keep the classes that pyspark asks Java for, by simple name, at every call of a column function.

    Java looks through every imported package and every jar each time: 160 searches, a tenth of a small commit's CPU time.
    """
    jvm: Any = session.sparkContext._jvm
    for name in ("functions", "PythonUtils"):
        setattr(jvm, name, getattr(jvm, name))
