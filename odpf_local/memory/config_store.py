"""Configuration items, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from threading import RLock
from typing import Any

from odpf.errors import TerminalError

_Item = dict[str, Any]


class MemoryConfigStore:
    """Items go in and come out as copies, without the attributes that have no value."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._cadences: dict[str, _Item] = {}
        self._tables: dict[tuple[str, str], _Item] = {}
        self._deployments: dict[str, _Item] = {}
        self._parts: dict[str, list[str]] = {}

    def cadences(self) -> list[_Item]:
        """All cadence items."""
        with self._lock:
            return [deepcopy(self._cadences[key]) for key in sorted(self._cadences)]

    def cadence(self, refresh_cadence: str) -> _Item | None:
        """One cadence item."""
        with self._lock:
            return deepcopy(self._cadences.get(refresh_cadence))

    def tables(self, refresh_cadence: str | None = None) -> list[_Item]:
        """Table items of a cadence, or all."""
        with self._lock:
            return [
                deepcopy(self._tables[key])
                for key in sorted(self._tables)
                if refresh_cadence is None or key[0] == refresh_cadence
            ]

    def put_cadence(self, item: Mapping[str, Any]) -> None:
        """Add or replace a cadence."""
        with self._lock:
            self._cadences[item["refresh_cadence"]] = _stored(item)

    def put_tables(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add or replace tables."""
        with self._lock:
            for item in items:
                self._tables[item["refresh_cadence"], item["source_table_name"]] = _stored(item)

    def remove_cadence(self, refresh_cadence: str) -> None:
        """Remove a cadence."""
        with self._lock:
            self._cadences.pop(refresh_cadence, None)

    def remove_tables(self, keys: Iterable[tuple[str, str]]) -> None:
        """Remove tables."""
        with self._lock:
            for key in keys:
                self._tables.pop(key, None)

    def put_deployment(self, item: Mapping[str, Any]) -> None:
        """Record a deployment of configuration."""
        with self._lock:
            self._deployments[item["deployment_id"]] = _stored(item)

    def deployments(self) -> list[_Item]:
        """All deployments, without their parts."""
        with self._lock:
            return [deepcopy(self._deployments[key]) for key in sorted(self._deployments)]

    def put_deployment_parts(self, deployment_id: str, parts: Sequence[str]) -> None:
        """Keep the parts of a deployment."""
        with self._lock:
            self._parts[deployment_id] = list(parts)

    def deployment_parts(self, deployment_id: str, count: int) -> list[str]:
        """The parts in their order."""
        with self._lock:
            parts = self._parts.get(deployment_id, [])
        if len(parts) < count:
            raise TerminalError(f"Parts of deployment {deployment_id} are missing: {len(parts)} of {count} are there.")
        return parts[:count]


def _stored(item: Mapping[str, Any]) -> _Item:
    return {name: _listed(value) for name, value in item.items() if value is not None}


def _listed(value: Any) -> Any:
    """Lists and maps as DynamoDB gives them back."""
    if isinstance(value, Mapping):
        return {name: _listed(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_listed(inner) for inner in value]
    return value
