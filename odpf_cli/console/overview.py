"""All tables as the console shows them: what is read of them again and when, and what a browser has not seen yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from observability.standing import CadenceStanding, cadence_standings
from odpf.clock import utc_now
from odpf.configured_table import ConfiguredTable, read_items
from odpf.landed_file import LandedFile
from odpf.states import RefreshStatus
from odpf.table_state import TableState
from odpf_cli.table_facts import Facts, Ports, raw_tables, statuses
from odpf_cli.table_status import TableStatus

CONFIGURATION_KEPT, STATES_KEPT = timedelta(minutes=1), timedelta(minutes=5)
ITEMS_A_SECOND = 200
"""How many states and files may be read per second, on average: a page that is looked at all day costs cents."""
MOST_ROWS = 1000
"""Of one answer; a browser asks again for the rest."""
_LONGEST_ERROR = 200

COLUMNS = (
    "source_table_name",
    "raw_table",
    "refresh_cadence",
    "word",
    "pending_files",
    "pending_bytes",
    "quarantined_files",
    "oldest_change_at",
    "last_change_at",
    "last_error",
    "why_paused",
    "run_id",
)
Row = tuple[Any, ...]
"""A table in the order of COLUMNS."""


class Overview(NamedTuple):
    """All tables at one moment.

    Attributes:
        version: grows with every reading.
        rows: by source table and cadence, in the order that people count.
        changed: the version in which each row was last another.
        gone: keys that are no longer there, with the version since which they are not.
        items: how many states and files this reading read.
        configured_at, states_at: when all items of the configuration, and all states, were last read.
    """

    version: int
    rows: Mapping[str, Row]
    changed: Mapping[str, int]
    gone: Mapping[str, int]
    cadences: Sequence[CadenceStanding]
    facts: Facts
    items: int
    configured_at: datetime
    states_at: datetime

    def since(self, version: int, first: int) -> dict[str, Any]:
        """What a browser that has seen a version has not, at most MOST_ROWS rows of it.

        Args:
            version: 0 for a browser that has seen nothing.
            first: how many of these rows it has by now.
        """
        keys = [key for key, changed in self.changed.items() if changed > version]
        last = first + MOST_ROWS
        return {
            "version": self.version,
            "columns": COLUMNS,
            "rows": [[key, *self.rows[key]] for key in keys[first:last]],
            "order": list(self.rows) if version and self._is_another_set(version) else None,
            "next": last if last < len(keys) else None,
            "total": len(self.rows),
            "cadences": [_cadence(cadence) for cadence in self.cadences],
        }

    def _is_another_set(self, version: int) -> bool:
        """Whether tables came or went since a version."""
        return any(at > version for at in self.gone.values())

    def waiting(self) -> list[LandedFile]:
        """Files that wait, the longest waiting first."""
        return sorted(self.facts.pending, key=lambda file: file.last_modified)


class OverviewReader:
    """Reads as little as it can: a table's state only changes when files of it wait, or somebody holds it.

    All states are read every five minutes, for what else happens to tables: maintenance, rebuilds, operators.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._changed_at: datetime | None = None

    def configuration_changed(self, now: datetime) -> None:
        """Read the configuration again at the next reading that begins after this."""
        self._changed_at = now

    def read(self, before: Overview | None) -> Overview:
        """The next overview."""
        now = utc_now()
        anew = before is None or self._is_old(before.configured_at, now)
        tables = read_items(self._ports.config.tables()) if anew or before is None else before.facts.tables
        cadences = (
            cadence_standings(self._ports.config.cadences(), tables) if anew or before is None else before.cadences
        )
        pending = list(self._ports.tracker.all_pending())
        whole = before is None or now - before.states_at >= STATES_KEPT
        known = {} if whole or before is None else dict(before.facts.states)
        asked = raw_tables(tables) if whole else sorted(_may_have_changed(tables, pending, before))
        known |= self._ports.ledger.states(asked)
        facts = Facts(tables, known, pending, list(self._ports.tracker.quarantined()))
        rows = dict(_rows(statuses(facts, self._ports, now), facts.states))
        version = before.version + 1 if before else 1
        changed, gone = _changes(before, rows, version)
        return Overview(
            version=version,
            rows=rows,
            changed=changed,
            gone=gone,
            cadences=cadences,
            facts=facts,
            items=len(asked) + len(pending) + len(facts.quarantined),
            configured_at=now if anew or before is None else before.configured_at,
            states_at=now if whole or before is None else before.states_at,
        )

    def _is_old(self, configured_at: datetime, now: datetime) -> bool:
        changed = self._changed_at is not None and configured_at <= self._changed_at
        return changed or now - configured_at >= CONFIGURATION_KEPT


def _may_have_changed(
    tables: Sequence[ConfiguredTable], pending: Iterable[LandedFile], before: Overview | None
) -> set[str]:
    """Raw tables for which files wait or waited, that somebody holds, or that are new."""
    names = {file.source_table_name for file in pending}
    if before:
        names |= {file.source_table_name for file in before.facts.pending}
    states = before.facts.states if before else {}
    held = {raw for raw, state in states.items() if state.lease_owner or state.refresh_status is RefreshStatus.UPDATING}
    of_files = {table.config.raw_table for table in tables if table.config and table.source_table_name in names}
    fresh = set(raw_tables(tables)) - set(raw_tables(before.facts.tables)) if before else set()
    return held | of_files | fresh


def _rows(found: Iterable[TableStatus], states: Mapping[str, TableState]) -> Iterable[tuple[str, Row]]:
    for entry in found:
        raw_table = f"{entry.raw_database_name}.{entry.raw_table_name}" if entry.raw_table_name else None
        state = states.get(raw_table or "")
        error = entry.last_error
        row = (
            entry.source_table_name,
            raw_table,
            entry.refresh_cadence,
            str(entry.word) if entry.word else None,
            entry.pending_files,
            entry.pending_bytes,
            entry.quarantined_files,
            entry.oldest_change_at,
            entry.last_change_at,
            error if error is None or len(error) <= _LONGEST_ERROR else f"{error[:_LONGEST_ERROR]} …",
            entry.paused,
            state.run_id if state else None,
        )
        yield f"{entry.source_table_name} {entry.refresh_cadence or ''}", row


def _changes(before: Overview | None, rows: Mapping[str, Row], version: int) -> tuple[dict[str, int], dict[str, int]]:
    if before is None:
        return dict.fromkeys(rows, version), {}
    changed = {
        key: before.changed[key] if key in before.rows and before.rows[key] == row else version
        for key, row in rows.items()
    }
    came_or_went = before.rows.keys() ^ rows.keys()
    return changed, {**before.gone, **dict.fromkeys(came_or_went, version)}


def _cadence(cadence: CadenceStanding) -> dict[str, Any]:
    return {
        "refresh_cadence": cadence.refresh_cadence,
        "schedule": cadence.schedule,
        "lag_objective_seconds": cadence.lag_objective.total_seconds() if cadence.lag_objective else None,
        "problem": cadence.problem,
    }
