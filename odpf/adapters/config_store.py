"""`odpf_batch_config`, `odpf_raw_table_config` and `odpf_config_deploy_tracker` in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from odpf.adapters.dynamo import DynamoTable
from odpf.adapters.items import unversioned, versioned
from odpf.errors import TerminalError

_PART, _PART_OF = "part", "part_of"


class DynamoConfigStore:
    """Plain items; the version of the stored form is added and taken off here."""

    def __init__(self, cadences: DynamoTable, tables: DynamoTable, deployments: DynamoTable) -> None:
        self._cadences = cadences
        self._tables = tables
        self._deployments = deployments

    def cadences(self) -> list[dict[str, Any]]:
        """All cadence items."""
        return [unversioned(item) for item in self._cadences.scan()]

    def cadence(self, refresh_cadence: str) -> dict[str, Any] | None:
        """One cadence item."""
        item = self._cadences.get({"refresh_cadence": refresh_cadence})
        return unversioned(item) if item else None

    def tables(self, refresh_cadence: str | None = None) -> list[dict[str, Any]]:
        """Table items of a cadence by query, all by a scan."""
        items = self._tables.query({"refresh_cadence": refresh_cadence}) if refresh_cadence else self._tables.scan()
        return [unversioned(item) for item in items]

    def put_cadence(self, item: Mapping[str, Any]) -> None:
        """Add or replace a cadence."""
        self._cadences.put(versioned(item))

    def put_tables(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add or replace tables; of two with one key the last counts."""
        once = {(item["refresh_cadence"], item["source_table_name"]): versioned(item) for item in items}
        self._tables.batch_write(puts=once.values())

    def remove_cadence(self, refresh_cadence: str) -> None:
        """Remove a cadence."""
        self._cadences.delete({"refresh_cadence": refresh_cadence})

    def remove_tables(self, keys: Iterable[tuple[str, str]]) -> None:
        """Remove tables."""
        self._tables.batch_write(
            deletes=({"refresh_cadence": cadence, "source_table_name": table} for cadence, table in keys)
        )

    def put_deployment(self, item: Mapping[str, Any]) -> None:
        """Record a deployment of configuration."""
        self._deployments.put(versioned(item))

    def deployments(self) -> list[dict[str, Any]]:
        """All deployments, without their parts."""
        return [unversioned(item) for item in self._deployments.scan() if _PART not in item]

    def put_deployment_parts(self, deployment_id: str, parts: Sequence[str]) -> None:
        """Items beside the record, one a part, under the record's key and the part's number."""
        for number, part in enumerate(parts):
            self._deployments.put(
                versioned({"deployment_id": f"{deployment_id}#{number}", _PART_OF: deployment_id, _PART: part})
            )

    def deployment_parts(self, deployment_id: str, count: int) -> list[str]:
        """The parts in their order."""
        parts = []
        for number in range(count):
            item = self._deployments.get({"deployment_id": f"{deployment_id}#{number}"})
            if item is None:
                raise TerminalError(
                    f"Part {number} of deployment {deployment_id} is missing from {self._deployments.name}, so what it replaced "
                    "is not known. Apply the files of that time again: odpf config apply PATH --prune."
                )
            parts.append(str(unversioned(item)[_PART]))
        return parts
