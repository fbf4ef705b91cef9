"""The engines that a place has: both on Glue, Arrow alone in Lambda."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import cache

from file_processor.engines.arrow.engine import ArrowEngine
from file_processor.engines.engine import Engine
from odpf.ports import ObjectStore
from odpf.states import EngineName

Engines = Mapping[EngineName, Callable[[], Engine]]


def arrow_alone(objects: ObjectStore) -> Engines:
    """A place without Spark."""
    return {EngineName.ARROW: lambda: ArrowEngine(objects)}


def both(objects: ObjectStore) -> Engines:
    """A place with Spark: one session for all tables, opened when the first one needs it."""
    return {**arrow_alone(objects), EngineName.SPARK: spark}


@cache
def spark() -> Engine:
    """The Spark engine; a job run whose tables all go to Arrow does not even import pyspark."""
    engine = importlib.import_module("file_processor.engines.spark.engine")
    session = importlib.import_module("file_processor.engines.spark.session")
    made: Engine = engine.SparkEngine(session.open_session("odpf"))
    return made
