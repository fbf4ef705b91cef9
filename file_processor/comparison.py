"""What two tables are compared by, and how a differing value is shown. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from file_processor.columns import END_ORDER, ORDER, VALUES_ORDER, own_columns
from file_processor.schema import Schema
from file_processor.timeline import Timeline
from odpf.errors import EngineError
from odpf.table_config import TableConfig

_OF_POSITIONS = frozenset({ORDER, VALUES_ORDER, END_ORDER})
"""They name files and rows: two deliveries of a change have two positions, and are the same change."""


def schema_of(config: TableConfig, timeline: Timeline) -> Schema:
    """The columns of a table that are compared.

    Raises:
        EngineError: its timeline does not say.
    """
    newest = timeline.newest_own()
    if newest is None or newest.schema is None:
        raise EngineError(f"The timeline at {timeline.location} does not say which columns the table has.")
    return tuple(each for each in (*newest.schema, *own_columns(config)) if each[0] not in _OF_POSITIONS)


def shared_kind(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """The type to compare a column in: text where the tables have two."""
    kinds = {schema[name] for schema in (before, after) if name in schema}
    return kinds.pop() if len(kinds) == 1 else "string"


def shown(value: Any) -> Any:
    """A value for the report, as JSON can hold it."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case bytes() | bytearray():
            return bytes(value).hex()
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)
