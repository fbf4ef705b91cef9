"""Table services by Hudi's own client: roll back what nobody finishes, clean, archive, put small files together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from pyspark.sql import SparkSession

from file_processor.engines.spark.hudi import clustering_options, pinned_table_version, table_options
from file_processor.file_groups import small_files
from file_processor.runtime_guard import check_pinned
from file_processor.timeline import Timeline
from odpf.table_config import TableConfig


def maintain(spark: SparkSession, config: TableConfig, timeline: Timeline, most_file_bytes: int) -> None:
    """See Engine.maintain.

    Args:
        spark: the session.
        config: the table.
        timeline: its folder.
        most_file_bytes: size that data files are filled up to.

    Raises:
        Py4JError: Hudi could not.
    """
    options = table_options(config) | clustering_options(most_file_bytes)
    check_pinned(pinned_table_version(options))
    scattered = small_files(timeline.current_files().values(), most_file_bytes)  # what follows leaves these as they are
    with client_of(spark, config, timeline, options) as client:
        for instant in timeline.unfinished_commits:  # neither cleaning nor archiving looks at them
            client.rollback(instant)
        client.clean()
        client.archive()
        if scattered and (planned := plan_clustering(spark, client)):
            client.cluster(planned, True)


def plan_clustering(spark: SparkSession, client: Any) -> str | None:
    """Have Hudi plan a clustering; its instant, None where there is nothing to do."""
    nothing = cast(Any, spark._jvm).org.apache.hudi.common.util.Option.empty()
    planned = client.scheduleClustering(nothing)
    return str(planned.get()) if planned.isPresent() else None


def roll_back_clustering(spark: SparkSession, config: TableConfig, timeline: Timeline) -> None:
    """Roll back what a dead maintenance has begun: a commit of Hudi's leaves its plan alone, and refuses rows of its files.

    Raises:
        Py4JError: Hudi could not.
    """
    plans = [each.instant for each in timeline.pending if each.may_be_clustering]
    if plans:
        with client_of(spark, config, timeline, table_options(config)) as client:
            for instant in reversed(plans):
                client.rollback(instant)


@contextmanager
def client_of(spark: SparkSession, config: TableConfig, timeline: Timeline, options: dict[str, str]) -> Iterator[Any]:
    """Hudi's client for one table, with the schema of its newest commit."""
    context, jvm = spark.sparkContext._jsc, cast(Any, spark._jvm)
    newest = timeline.newest_own()
    client = jvm.org.apache.hudi.DataSourceUtils.createHoodieClient(
        context, newest.avro_schema if newest else "", timeline.location, config.raw_table_name, options
    )
    try:
        yield client
    finally:
        client.close()
