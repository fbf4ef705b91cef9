"""Charts as SVG in the page itself: points over time, and bars by name. Colours are the page's, light or dark."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import NamedTuple

_WIDTH, _HEIGHT = 720, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 10, 10, 24
_BAR, _GAP = 18, 6
_NAME_WIDTH = 260
_TICKS = 4
_TIMES = (4, 20, 40, 60, 120, 240, 600, 1200, 2400, 3600, 7200, 14400, 43200, 86400, 172800, 345600, 864000)
"""Seconds that four parts of an axis divide well."""
_LONGEST_NAME = 38


class Point(NamedTuple):
    """A value at a moment; `told` is what a pointer is shown, `is_bad` gives it the colour of trouble."""

    at: datetime
    value: float
    told: str
    is_bad: bool = False


class Span(NamedTuple):
    """From when until when."""

    since: datetime
    until: datetime

    @property
    def seconds(self) -> float:
        """Its length."""
        return max(1.0, (self.until - self.since).total_seconds())


Shown = Callable[[float], str]
"""How a value reads on an axis."""


def over_time(points: Sequence[Point], span: Span, shown: Shown, *, are_seconds: bool = False) -> str:
    """A point for each value, from zero up; where they are seconds the axis has whole ones, minutes, hours."""
    greatest = max((point.value for point in points), default=1.0)
    top = next((each for each in _TIMES if are_seconds and each >= greatest), None) or _rounded_up(greatest)
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(at: datetime) -> float:
        return _LEFT + (at - span.since).total_seconds() / span.seconds * width

    def y(value: float) -> float:
        return _TOP + height - value / top * height

    lines = [_across(y(top * n / _TICKS), shown(top * n / _TICKS)) for n in range(_TICKS + 1)]
    days = [_below(x(at), f"{at:%m-%d %H:%M}") for at in _moments(span)]
    stems = [
        f'<line x1="{x(p.at):.1f}" x2="{x(p.at):.1f}" y1="{y(0):.1f}" y2="{y(p.value):.1f}" class="stem"/>'
        for p in points
    ]
    dots = [
        f'<circle cx="{x(p.at):.1f}" cy="{y(p.value):.1f}" r="3" class="{"bad" if p.is_bad else "dot"}">'
        f"<title>{escape(p.told)}</title></circle>"
        for p in points
    ]
    return _svg(_HEIGHT, "".join([*lines, *days, *stems, *dots]))


def bars(values: Sequence[tuple[str, float]], shown: Shown) -> str:
    """A bar for each name, the value beside it."""
    top = max((value for _, value in values), default=1.0) or 1.0
    room = _WIDTH - _NAME_WIDTH - 90
    parts = []
    for number, (name, value) in enumerate(values):
        y = number * (_BAR + _GAP)
        width = max(1.0, value / top * room)
        parts.append(
            f'<text x="{_NAME_WIDTH - 8}" y="{y + _BAR - 5}" text-anchor="end">{escape(_short(name))}'
            f"<title>{escape(name)}</title></text>"
            f'<rect x="{_NAME_WIDTH}" y="{y}" width="{width:.1f}" height="{_BAR}" rx="2" class="bar"/>'
            f'<text x="{_NAME_WIDTH + width + 6:.1f}" y="{y + _BAR - 5}">{escape(shown(value))}</text>'
        )
    return _svg(max(1, len(values)) * (_BAR + _GAP), "".join(parts))


def _svg(height: int, inside: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" role="img">{inside}</svg>'


def _across(y: float, label: str) -> str:
    return (
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(label)}</text>'
    )


def _below(x: float, label: str) -> str:
    return f'<text x="{x:.1f}" y="{_HEIGHT - 6}" text-anchor="middle">{escape(label)}</text>'


def _moments(span: Span) -> list[datetime]:
    return [span.since + timedelta(seconds=span.seconds * (n + 0.5) / _TICKS) for n in range(_TICKS)]


def _rounded_up(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"
