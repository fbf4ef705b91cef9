"""Which tables `odpf status` shows, and in what order; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from odpf.states import ConfigurationState, RefreshStatus
from odpf_cli.table_selection import matches
from odpf_cli.table_status import TableStatus


class Order(StrEnum):
    """What comes first."""

    NAME = "name"
    LAG = "lag"
    TROUBLE = "trouble"


class Selection(NamedTuple):
    """Tables that are asked for; those that pass all of it are shown.

    Attributes:
        match: a pattern of the source or the raw name.
        failed: only tables that need a person.
        lagging: only tables whose lag is at least so many seconds.
        order: by name within their cadences, by lag over all, or what needs a person first.
        limit: so many at most.
    """

    match: str | None = None
    failed: bool = False
    lagging: float | None = None
    order: Order = Order.NAME
    limit: int | None = None

    def of(self, statuses: Iterable[TableStatus]) -> list[TableStatus]:
        """Those that are asked for, in order."""
        found = [entry for entry in statuses if self._takes(entry)]
        if self.order is Order.LAG:
            found.sort(key=lambda entry: -entry.freshness_lag_seconds)
        elif self.order is Order.TROUBLE:
            found.sort(key=_urgency)
        return found[: self.limit]

    def _takes(self, entry: TableStatus) -> bool:
        raw = f"{entry.raw_database_name}.{entry.raw_table_name}" if entry.raw_table_name else None
        return (
            (self.match is None or matches(self.match, entry.source_table_name, raw))
            and (not self.failed or needs_a_person(entry))
            and (self.lagging is None or (bool(entry.pending_files) and entry.freshness_lag_seconds >= self.lagging))
        )


def needs_a_person(entry: TableStatus) -> bool:
    """Whether a table failed, is set aside, or is not configured as it should be."""
    return (
        entry.set_aside
        or entry.refresh_status is RefreshStatus.ERROR
        or entry.state in (ConfigurationState.BROKEN, ConfigurationState.UNCONFIGURED)
    )


def summed(statuses: Sequence[TableStatus], never: str) -> dict[str, int]:
    """How many tables there are of each word, the most frequent first."""
    return dict(Counter(entry.word or never for entry in statuses).most_common())


def _urgency(entry: TableStatus) -> tuple[bool, bool, float, str]:
    is_busy = entry.refresh_status is RefreshStatus.UPDATING
    return (not needs_a_person(entry), not is_busy, -entry.freshness_lag_seconds, entry.source_table_name)
