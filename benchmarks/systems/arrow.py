"""S6: the framework with the Arrow engine."""

from __future__ import annotations

from benchmarks.places import Place
from benchmarks.systems import SystemSpec
from benchmarks.systems.ours import Ours
from file_processor.engines.arrow.engine import ArrowEngine
from odpf.states import EngineName


def open_system(spec: SystemSpec, place: Place) -> Ours:
    """Make it."""
    return Ours(spec, place, EngineName.ARROW, ArrowEngine)
