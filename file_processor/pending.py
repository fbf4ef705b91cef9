"""What was begun in a table's timeline and not finished. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from odpf.ports import StoredObject

_UNFINISHED = re.compile(r"^(\d{17})\.(?:([a-z]+)\.)?(requested|inflight)$")
_COMPLETED_AS = {"compaction": "commit", "logcompaction": "deltacommit", "clustering": "replacecommit"}


class Pending(NamedTuple):
    """An instant that was begun and not finished; with the lease held, its writer is dead.

    Attributes:
        action: commit, replacecommit, deltacommit, compaction, clean, rollback and so on.
        requested, inflight: its entries in the listing; None where there is none.
    """

    instant: str
    action: str
    requested: StoredObject | None = None
    inflight: StoredObject | None = None

    @property
    def may_be_clustering(self) -> bool:
        """Whether it is a clustering, or a reload of Spark's, which are told apart by their content alone."""
        is_planned = self.requested is not None and self.requested.size > 0
        return self.action == "clustering" or (self.action == "replacecommit" and is_planned)


def unfinished(entries: Mapping[str, StoredObject]) -> tuple[Pending, ...]:
    """Begun instants without their completed entry, oldest first.

    Args:
        entries: the timeline's, by name.
    """
    begun: dict[tuple[str, str], dict[str, StoredObject]] = {}
    for name, entry in entries.items():
        if match := _UNFINISHED.match(name):
            begun.setdefault((match[1], match[2] or "commit"), {})[match[3]] = entry
    return tuple(
        Pending(instant, action, parts.get("requested"), parts.get("inflight"))
        for (instant, action), parts in sorted(begun.items())
        if f"{instant}.{_COMPLETED_AS.get(action, action)}" not in entries
    )
