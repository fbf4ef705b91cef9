"""The job's Spark session, and those made of it for tables of a size: one application, settings of their own."""

from __future__ import annotations

from functools import cache
from typing import Any

from pyspark.sql import SparkSession

from file_processor.engines.spark.hudi import are_few, tasks

_STATIC = {
    # Tables run side by side in threads, each in a pool of its own (`session_of`).
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
}


def open_session(name: str) -> SparkSession:
    """Open the session, or take the one that Glue made, and set what results depend on."""
    builder = SparkSession.builder.appName(name)
    for key, value in _STATIC.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    _settle(session, None)
    _remember_classes(session)
    _be_quiet_about_pools(session)
    return session


def session_of(session: SparkSession, raw_table: str, table_bytes: int | None) -> SparkSession:
    """The session for a table of so many bytes; this thread's Spark jobs go into the table's pool.

    Pools share the executors fairly. Within one, the default one too, jobs stand in line, whatever `spark.scheduler.mode`
    says (Spark: Job Scheduling). A query of a small table is one job; where Spark is to look again at its plan after every
    shuffle (adaptive query execution), each shuffle is a job.

    Args:
        session: the job's.
        raw_table: the table.
        table_bytes: of landed files and data files together; None when that is not known.
    """
    session.sparkContext.setLocalProperty("spark.scheduler.pool", raw_table)
    return _of_size(session, None if table_bytes is None else tasks(table_bytes))


@cache
def _of_size(session: SparkSession, partitions: int | None) -> SparkSession:
    """One session for all tables that are worth so many tasks."""
    own = session.newSession()
    _settle(own, partitions)
    return own


def _settle(session: SparkSession, partitions: int | None) -> None:
    is_small = partitions is not None and are_few(partitions)
    of_size = {"spark.sql.adaptive.enabled": str(not is_small).lower()}
    if partitions is not None:
        of_size["spark.sql.shuffle.partitions"] = str(partitions)
    for key, value in (_RUNTIME | of_size).items():
        session.conf.set(key, value)


def _remember_classes(session: SparkSession) -> None:
    """Keep the classes that pyspark asks Java for, by simple name, at every call of a column function.

    Java looks through every imported package and every jar each time: 160 searches, a tenth of a small commit's CPU time.
    """
    jvm: Any = session.sparkContext._jvm
    for name in ("functions", "PythonUtils"):
        setattr(jvm, name, getattr(jvm, name))


def _be_quiet_about_pools(session: SparkSession) -> None:
    """Spark warns of every pool that stands in no file; here each table makes one."""
    jvm: Any = session.sparkContext._jvm
    logging = jvm.org.apache.logging.log4j
    logging.core.config.Configurator.setLevel("org.apache.spark.scheduler.FairSchedulableBuilder", logging.Level.ERROR)
