"""S1: the framework with the Spark engine."""

from __future__ import annotations

from benchmarks.places import Place
from benchmarks.spark_session import open_spark
from benchmarks.systems import SystemSpec
from benchmarks.systems.ours import Ours
from file_processor.engines.spark.engine import SparkEngine
from odpf.states import EngineName


def open_system(spec: SystemSpec, place: Place) -> Ours:
    """Make it, with one session for all tables."""
    engine = SparkEngine(open_spark(place, in_s3=spec.in_s3))
    return Ours(spec, place, EngineName.SPARK, lambda _: engine)
