"""Values as they are compared: whatever library they come from, equal ones have one form, different ones two."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def plain(value: Any) -> Any:
    """One form for each value: booleans are no numbers, -0.0 is not 0.0, NaN is NaN, times are UTC microseconds."""
    made: Any = value
    match value:
        case bool():
            made = ("bool", value)
        case float():
            made = ("float", "nan" if math.isnan(value) else struct.pack(">d", value).hex())
        case int() | Decimal():
            made = ("number", _digits(Decimal(value)))
        case datetime():
            aware = value if value.tzinfo else value.replace(tzinfo=UTC)
            made = ("time", (aware - _EPOCH) // _MICROSECOND)
        case date():
            made = ("date", value.isoformat())
        case time():
            made = value.isoformat("microseconds")  # a raw table holds them as text
    return made


def plain_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows in plain values, with the columns in order and the rows sorted: two tables are equal if these are."""
    made = [{name: plain(row[name]) for name in sorted(row)} for row in rows]
    return sorted(made, key=repr)


def _digits(number: Decimal) -> str:
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
