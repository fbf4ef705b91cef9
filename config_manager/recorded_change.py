"""What one deployment did to one item: kept with its record, so that it can be told, finished and undone."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, TypeAdapter

from config_manager.deployed import Deployed

MOST_CHARACTERS = 300_000
"""Of one stored part: the 400 KB of a DynamoDB item hold it with ease (Amazon DynamoDB developer guide, "Quotas")."""


class ItemKey(NamedTuple):
    """Which item; `refresh_cadence` belongs to the key of tables alone."""

    kind: str
    name: str
    refresh_cadence: str


class RecordedChange(BaseModel):
    """One item before and after; None where there is none. A schedule's value is its expression."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["cadence", "table", "schedule"]
    name: str
    refresh_cadence: str = ""
    before: dict[str, Any] | str | None = None
    after: dict[str, Any] | str | None = None

    @property
    def key(self) -> ItemKey:
        """Which item it is about."""
        return ItemKey(self.kind, self.name, self.refresh_cadence)


_CHANGES = TypeAdapter(tuple[RecordedChange, ...])


def pack(changes: Iterable[RecordedChange]) -> list[str]:
    """Changes as texts that each fit an item: JSON, compressed to about a thirtieth, cut where it is still too long."""
    listed = [change.model_dump(mode="python") for change in changes]
    text = base64.b64encode(zlib.compress(json.dumps(listed, default=str).encode(), level=9)).decode()
    return [text[start : start + MOST_CHARACTERS] for start in range(0, len(text), MOST_CHARACTERS)]


def unpack(parts: Sequence[str]) -> tuple[RecordedChange, ...]:
    """The inverse of `pack`."""
    return _CHANGES.validate_json(zlib.decompress(base64.b64decode("".join(parts))))


def standing(key: ItemKey, deployed: Deployed) -> dict[str, Any] | str | None:
    """What is deployed of an item now."""
    if key.kind == "schedule":
        return deployed.schedules.get(key.name)
    if key.kind == "cadence":
        cadence = deployed.cadences.get(key.name)
        return dict(cadence.values) if cadence else None
    table = deployed.tables.get(key.name, {}).get(key.refresh_cadence)
    return dict(table.values) if table else None


def stands_as(key: ItemKey, deployed: Deployed, values: Iterable[Mapping[str, Any] | str | None]) -> bool:
    """Whether an item is deployed as one of these values."""
    there = standing(key, deployed)
    return any(same(there, value) for value in values)


def same(one: Mapping[str, Any] | str | None, other: Mapping[str, Any] | str | None) -> bool:
    """Whether two values of an item are one, as they are stored: without absent attributes, tuples as lists."""
    return bool(_stored(one) == _stored(other))


def _stored(value: Mapping[str, Any] | str | None) -> Any:
    if not isinstance(value, Mapping):
        return value
    return json.loads(json.dumps({name: each for name, each in value.items() if each is not None}, default=str))
