"""A cadence that nobody starts, set up as soon as the instance runs so that its minute passes beside other tests."""

from __future__ import annotations

from tests.end_to_end.lake import Lake, table
from tests.end_to_end.source import Source, rows

CADENCE = "every_minute"
SOURCE = "unattended.ticks"


def begin(lake: Lake) -> Source:
    """Configure the cadence and put a file."""
    source = Source(SOURCE)
    cadence = {"refresh_cadence": CADENCE, "schedule": "rate(1 minute)"}
    assert lake.apply({"cadences": [cadence], "tables": [table(SOURCE, CADENCE)]}).status == 0
    lake.put(*source.load(rows(2)))
    return source
