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
from odpf.rebuild import Differences, Example
from odpf.table_config import TableConfig

_HIDDEN = "(not shown)"
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


def without_personal_data(differences: Differences, config: TableConfig) -> Differences:
    """The same without values that must not be seen: the table as it was before may have them as they were.

    Args:
        differences: between a table before and after.
        config: of the table after.
    """
    if not (config.exclude_columns or config.hash_columns):
        return differences
    hides_keys = any(map(config.protected.is_hashed, config.hudi_primary_key))

    def side(values: dict[str, Any] | None) -> dict[str, Any] | None:
        if values is None:
            return None
        return {name: _HIDDEN if config.protected.is_protected(name) else value for name, value in values.items()}

    examples = tuple(
        Example(key=_HIDDEN if hides_keys else each.key, before=side(each.before), after=side(each.after))
        for each in differences.examples
    )
    return differences.model_copy(update={"examples": examples})
