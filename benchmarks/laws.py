"""Laws that figures follow: a straight line, a power."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Line(NamedTuple):
    """y = start + step * x."""

    start: float
    step: float


def line(xs: Sequence[float], ys: Sequence[float]) -> Line:
    """The straight line through points, by least squares."""
    step, start = np.polyfit(np.asarray(xs, float), np.asarray(ys, float), 1)
    return Line(float(start), float(step))


def exponent(xs: Sequence[float], ys: Sequence[float]) -> float:
    """The power of x that y grows with: 1 is in proportion, less is better than that."""
    return float(np.polyfit(np.log(np.asarray(xs, float)), np.log(np.asarray(ys, float)), 1)[0])
