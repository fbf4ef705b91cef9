"""The difference between configuration files and what is deployed, as one frozen value: printed by one, executed by another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from config_manager.problem import Problem
from config_manager.recorded_change import RecordedChange


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
        before: what stands there, or at `moved_from`; None for a new one.
        fields: what differs from the item there is; empty for a new one.
        moved_from: the cadence whose item of this table is to be removed.
        danger: what a person should know before saying yes.
    """

    kind: Literal["cadence", "table"]
    name: str
    item: dict[str, Any]
    before: dict[str, Any] | None = None
    fields: tuple[FieldChange, ...] = ()
    moved_from: str | None = None
    danger: str | None = None

    def recorded(self) -> tuple[RecordedChange, ...]:
        """What a deployment's record says of it."""
        if self.kind == "cadence":
            return (RecordedChange(kind="cadence", name=self.name, before=self.before, after=self.item),)
        here = RecordedChange(
            kind="table",
            name=self.name,
            refresh_cadence=self.item["refresh_cadence"],
            before=None if self.moved_from else self.before,
            after=self.item,
        )
        if not self.moved_from:
            return (here,)
        left = RecordedChange(kind="table", name=self.name, refresh_cadence=self.moved_from, before=self.before)
        return (left, here)


class ItemRemoval(_Value):
    """One item to remove; a table's raw table and its rows stay."""

    kind: Literal["cadence", "table"]
    name: str
    refresh_cadence: str
    before: dict[str, Any]

    def recorded(self) -> RecordedChange:
        """What a deployment's record says of it."""
        cadence = self.refresh_cadence if self.kind == "table" else ""
        return RecordedChange(kind=self.kind, name=self.name, refresh_cadence=cadence, before=self.before)


class ConfigPlan(_Value):
    """What applying a configuration would do. With any problem nothing is to be written.

    Attributes:
        source: where the configuration comes from.
        digest: of the configuration; empty when there are problems.
        unchanged_cadences, unchanged_tables: names of what is deployed exactly so.
        schedules_put: expression by name of the schedule (odpf/cadence_schedule.py).
        schedules_before: what those that are put or removed are now; without those that are new.
        databases: raw databases of all tables named.
        unfinished: deployments that did not come to their end, or are under way.
        undoes: deployments that this one puts back.
    """

    source: str
    digest: str = ""
    added: tuple[ItemChange, ...] = ()
    changed: tuple[ItemChange, ...] = ()
    removed: tuple[ItemRemoval, ...] = ()
    unchanged_cadences: tuple[str, ...] = ()
    unchanged_tables: tuple[str, ...] = ()
    schedules_put: dict[str, str] = {}
    schedules_removed: tuple[str, ...] = ()
    schedules_before: dict[str, str] = {}
    databases: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    undoes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def nothing_to_do(self) -> bool:
        """Whether everything is deployed as the files say."""
        return not (self.added or self.changed or self.removed or self.schedules_put or self.schedules_removed)

    def names(self, changes: Iterable[ItemChange | ItemRemoval], kind: str) -> list[str]:
        """Names of one kind among items to write or to remove."""
        return [change.name for change in changes if change.kind == kind]

    @property
    def recorded(self) -> tuple[RecordedChange, ...]:
        """Every single change, as the deployment's record keeps it."""
        items = [each for change in (*self.added, *self.changed) for each in change.recorded()]
        schedules = dict.fromkeys(self.schedules_removed) | self.schedules_put
        return (
            *items,
            *(removal.recorded() for removal in self.removed),
            *(
                RecordedChange(kind="schedule", name=name, before=self.schedules_before.get(name), after=after)
                for name, after in schedules.items()
            ),
        )

    def printed(self) -> dict[str, Any]:
        """The JSON form of the output contract: names of source tables, those of cadences beside them."""
        return {
            "added": self.names(self.added, "table"),
            "changed": self.names(self.changed, "table"),
            "removed": self.names(self.removed, "table"),
            "unchanged": list(self.unchanged_tables),
            "cadences_added": self.names(self.added, "cadence"),
            "cadences_changed": self.names(self.changed, "cadence"),
            "cadences_removed": self.names(self.removed, "cadence"),
            "cadences_unchanged": list(self.unchanged_cadences),
            "schedules_put": dict(self.schedules_put),
            "schedules_removed": list(self.schedules_removed),
            "dangerous": [change.name for change in self.changed if change.danger] + self.names(self.removed, "table"),
            "unfinished": list(self.unfinished),
            "warnings": list(self.warnings),
            "problems": [problem.model_dump(exclude_none=True) for problem in self.problems],
        }
