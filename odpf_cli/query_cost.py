"""What a query costs, from the bytes that it scanned."""

from __future__ import annotations

import math

from odpf.adapters.athena import QueryResult
from odpf_cli.display import duration, plural, size

_MEGABYTE, _TERABYTE = 1024**2, 1024**4
_LEAST_MEGABYTES = 10
USD_PER_TB = 5.0
"""List price of most Regions; scanned bytes are rounded up to megabytes, at least ten a query (Athena pricing page)."""


def usd(scanned_bytes: int) -> float:
    """US dollars at the list price."""
    return max(_LEAST_MEGABYTES, math.ceil(scanned_bytes / _MEGABYTE)) * _MEGABYTE / _TERABYTE * USD_PER_TB


def below(result: QueryResult, seconds: float) -> str:
    """The line below an answer: rows, time, and what it cost where Athena was asked."""
    line = f"{plural(len(result.rows), 'row')}, {duration(seconds)}"
    if result.scanned_bytes is None:
        return line
    return (
        f"{line}, {size(result.scanned_bytes)} scanned, about ${usd(result.scanned_bytes):.5f} at ${USD_PER_TB:g} a TB"
    )
