"""Metrics, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from odpf.metrics import Dimensions, Metric, Values


class Put(NamedTuple):
    """What was handed over at once."""

    dimensions: Dimensions
    values: Values
    properties: Mapping[str, str]


class MemoryMetrics:
    """Keeps everything that was put, in order."""

    def __init__(self) -> None:
        self.puts: list[Put] = []

    def put(self, dimensions: Dimensions, values: Values, properties: Mapping[str, str] | None = None) -> None:
        """Keep the values."""
        if values:
            self.puts.append(Put(dict(dimensions), dict(values), dict(properties or {})))

    def latest(self, *dimensions: str) -> dict[Metric, float]:
        """The newest value of every metric of a set of dimensions, given by their values."""
        found: dict[Metric, float] = {}
        for put in self.puts:
            if tuple(put.dimensions.values()) == dimensions:
                found |= put.values
        return found
