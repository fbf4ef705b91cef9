"""Values of a query as JSON: what Athena spells as text becomes a number, a truth value, or text of one fixed form.

The forms are those of the output contract: integers and doubles as numbers, decimals as text, timestamps
`YYYY-MM-DD HH:MM:SS.ffffff` in UTC, dates ISO, binary lower-case hex, NaN and infinities as text, null as null.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from odpf.adapters.athena import QueryResult

_MICROS = 6
_TIMESTAMP = re.compile(r"^(\+?\d+-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?(?: ?(\S+))?$")


def documents(result: QueryResult) -> list[dict[str, Any]]:
    """The answer as `[{column: value}]`."""
    names = _unique([column.name for column in result.columns])
    converters = [_converter(column.type) for column in result.columns]
    return [
        {
            name: None if text is None else convert(text)
            for name, convert, text in zip(names, converters, row, strict=True)
        }
        for row in result.rows
    ]


def is_number(athena_type: str) -> bool:
    """Whether values of the type stand to the right in a table."""
    return base_type(athena_type) in {*_INTEGERS, *_FLOATS, "decimal"}


def _unique(names: Sequence[str]) -> list[str]:
    """Names that a JSON object can hold: a repeated one gets the next free number."""
    taken: list[str] = []
    for name in names:
        free = next(n for n in (name if not i else f"{name}_{i + 1}" for i in count()) if n not in taken)
        taken.append(free)
    return taken


def _converter(athena_type: str) -> Callable[[str], Any]:
    return _CONVERTERS.get(base_type(athena_type), str)


def base_type(athena_type: str) -> str:
    """The name of a type without its parameters, in lower case."""
    return athena_type.split("(", 1)[0].strip().lower()


def _float(text: str) -> float | str:
    value = float(text)
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _timestamp(text: str) -> str:
    parsed = _TIMESTAMP.match(text)
    if parsed is None:
        return text
    day, clock, fraction, zone = parsed.groups()
    fraction = (fraction or "").rstrip("0").ljust(_MICROS, "0")
    plain = f"{day} {clock if clock.count(':') > 1 else clock + ':00'}.{fraction}"
    return plain if zone in (None, "UTC", "Z") else _in_utc(plain, zone)


def _in_utc(plain: str, zone: str) -> str:
    """Move a moment with a zone, which Athena gives as an offset or a name, to UTC."""
    if zone[0] in "+-":
        there = datetime.fromisoformat(f"{plain}{zone}")
    else:
        there = datetime.fromisoformat(plain).replace(tzinfo=ZoneInfo(zone))
    moved = there.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    return moved.isoformat(" ", "microseconds")


def _binary(text: str) -> str:
    return text.replace(" ", "").lower()


def _boolean(text: str) -> bool:
    return text.lower() == "true"


_INTEGERS = ("tinyint", "smallint", "int", "integer", "bigint")
_FLOATS = ("real", "float", "double")
_CONVERTERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(_INTEGERS, int),
    **dict.fromkeys(_FLOATS, _float),
    "boolean": _boolean,
    "timestamp": _timestamp,
    "timestamp with time zone": _timestamp,
    "varbinary": _binary,
    "binary": _binary,
}
