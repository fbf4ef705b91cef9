"""The difference between configuration files and what is deployed, as one frozen value: printed by one, executed by another."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from config_manager.problem import Problem


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldChange(_Value):
    """One key of an item; None stands for absent."""

    field: str
    before: Any
    after: Any


class ItemChange(_Value):
    """One item to write.

    Attributes:
        name: the cadence, or the source table.
        item: what will stand in the configuration table.
        fields: what differs from the item there is; empty for a new one.
        moved_from: the cadence whose item of this table is to be removed.
        danger: what a person should know before saying yes.
    """

    kind: Literal["cadence", "table"]
    name: str
    item: dict[str, Any]
    fields: tuple[FieldChange, ...] = ()
    moved_from: str | None = None
    danger: str | None = None


class TableRemoval(_Value):
    """One table item to remove; the raw table and its data stay."""

    name: str
    refresh_cadence: str


class ConfigPlan(_Value):
    """What applying a configuration would do. With any problem nothing is to be written.

    Attributes:
        source: where the configuration comes from.
        digest: of the configuration; empty when there are problems.
        unchanged_cadences, unchanged_tables: names of what is deployed exactly so.
        schedules_put: expression by name of the schedule (odpf/cadence_schedule.py).
        databases: raw databases of all tables named.
    """

    source: str
    digest: str = ""
    added: tuple[ItemChange, ...] = ()
    changed: tuple[ItemChange, ...] = ()
    removed: tuple[TableRemoval, ...] = ()
    unchanged_cadences: tuple[str, ...] = ()
    unchanged_tables: tuple[str, ...] = ()
    schedules_put: dict[str, str] = {}
    schedules_removed: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def nothing_to_do(self) -> bool:
        """Whether everything is deployed as the files say."""
        return not (self.added or self.changed or self.removed or self.schedules_put or self.schedules_removed)

    def names(self, changes: tuple[ItemChange, ...], kind: str) -> list[str]:
        """Names of one kind among items to write."""
        return [change.name for change in changes if change.kind == kind]

    def printed(self) -> dict[str, Any]:
        """The JSON form of the output contract: names of source tables, those of cadences beside them."""
        return {
            "added": self.names(self.added, "table"),
            "changed": self.names(self.changed, "table"),
            "removed": [removal.name for removal in self.removed],
            "unchanged": list(self.unchanged_tables),
            "cadences_added": self.names(self.added, "cadence"),
            "cadences_changed": self.names(self.changed, "cadence"),
            "cadences_unchanged": list(self.unchanged_cadences),
            "schedules_put": dict(self.schedules_put),
            "schedules_removed": list(self.schedules_removed),
            "warnings": list(self.warnings),
            "problems": [problem.model_dump(exclude_none=True) for problem in self.problems],
        }
