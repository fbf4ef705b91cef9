"""Values of the configuration that are more than text: what they may be, and what is wrong with one that may not."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from odpf.errors import InvalidSourceTable
from odpf.reserved_words import RESERVED_WORDS
from odpf.source_table import SourceTable

RESERVED_COLUMN_PREFIXES = ("_hoodie_", "_odpf_")
CADENCE = r"^[A-Za-z0-9_-]{1,50}$"
_CATALOG_NAME = re.compile(r"^[a-z_][a-z0-9_]{0,127}$")
BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
_RATE = re.compile(r"^rate\([1-9][0-9]{0,5} (minutes?|hours?|days?)\)$")
_CRON = re.compile(r"^cron\(([0-9A-Z*?,/#-]+( [0-9A-Z*?,/#-]+){5})\)$")
_DAY_OF_MONTH, _DAY_OF_WEEK = 2, 4
_NO_SOURCE_NAME = re.compile(r"[\x00-\x1f\x7f/\\`\"';]")
KEY_NAME = r"^[A-Za-z0-9/_+=.@:-]{1,512}$"
PREFIX = r"^[A-Za-z_][A-Za-z0-9_]{0,30}$"
_COLUMN = re.compile(r"^[^\x00-\x1f`\"';,=]{1,255}$")


def _catalog_name(name: str) -> str:
    if not _CATALOG_NAME.fullmatch(name):
        raise ValueError("use lower-case letters, digits and underscores, not a digit first (Athena's rule for names)")
    if name in RESERVED_WORDS:
        raise ValueError(f"{name!r} is a reserved word of Athena; choose another name, for example {name + '_table'!r}")
    return name


def _source_table(name: str) -> str:
    try:
        parts = SourceTable.parse(name)
    except InvalidSourceTable as error:
        raise ValueError(str(error)) from None
    if _NO_SOURCE_NAME.search(name) or {".", ".."} & set(parts):
        raise ValueError(
            f"{name!r} cannot be a folder that DMS writes to: no slashes, quotes, semicolons or control characters"
        )
    return name


def _column(name: str) -> str:
    if not _COLUMN.match(name.strip()):
        raise ValueError(
            f"{name!r} cannot be a column: write 1 to 255 characters without quotes, commas, semicolons, equals signs"
        )
    lowered = name.strip().lower()
    if lowered.startswith(RESERVED_COLUMN_PREFIXES):
        raise ValueError(f"columns beginning with {' or '.join(RESERVED_COLUMN_PREFIXES)} belong to Hudi and ODPF")
    return lowered


def _columns(value: object) -> object:
    """A list of columns from a list, or from comma-separated text."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(","))
    return value


def _flag(value: object) -> object:
    if isinstance(value, bool):
        return "Y" if value else "N"
    return value.upper() if isinstance(value, str) else value


def lower(value: object) -> object:
    """Text in lower case."""
    return value.lower() if isinstance(value, str) else value


def _schedule(value: str) -> str:
    cron = _CRON.fullmatch(value)
    if not _RATE.fullmatch(value) and not cron:
        raise ValueError("write rate(10 minutes) or cron(0/10 * * * ? *) as EventBridge Scheduler has it")
    if cron and [cron[1].split()[day] for day in (_DAY_OF_MONTH, _DAY_OF_WEEK)].count("?") != 1:
        raise ValueError("in cron(...) exactly one of day of month and day of week (3rd and 5th place) is `?`")
    return value


def without_empty(values: Any) -> Any:
    """A mapping without the keys whose value is empty: the original framework, and the DynamoDB console, write empty text where there is no value."""
    if isinstance(values, dict):
        return {key: value for key, value in values.items() if value is not None and value != ""}
    return values


ColumnName = Annotated[str, AfterValidator(_column)]
CatalogName = Annotated[
    str, AfterValidator(_catalog_name), WithJsonSchema({"type": "string", "pattern": _CATALOG_NAME.pattern})
]
_NAMES = {"type": "string", "minLength": 1}
ColumnNames = Annotated[
    tuple[ColumnName, ...],
    BeforeValidator(_columns),
    WithJsonSchema({"anyOf": [_NAMES, {"type": "array", "items": _NAMES}]}),
]
WorkerType = Literal["G.1X", "G.2X", "G.4X", "G.8X", "G.12X", "G.16X", "R.1X", "R.2X", "R.4X", "R.8X"]
Flag = Annotated[Literal["Y", "N"], BeforeValidator(_flag)]
SourceTableName = Annotated[str, AfterValidator(_source_table)]
Schedule = Annotated[
    str,
    AfterValidator(_schedule),
    WithJsonSchema({"type": "string", "pattern": f"{_RATE.pattern}|{_CRON.pattern}"}),
]
