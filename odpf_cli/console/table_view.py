"""One table in full, and the rows of its last runs."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from threading import Lock
from typing import Any

from odpf.audit import AuditRow
from odpf.ports import AuditLog
from odpf.states import FileState
from odpf.table_state import TableState
from odpf_cli.console.deployment import Deployment
from odpf_cli.console.overview import Overview
from odpf_cli.files import file_entry
from odpf_cli.table_facts import Facts, statuses
from odpf_cli.table_names import named_table

RUNS_IN_A_LINE, RUNS_IN_FULL = 12, 40
MOST_TABLES_AT_ONCE = 80
MOST_FILES = 100
_AT_ONCE = 8


class RunLines:
    """Rows per run of the tables that somebody has on the screen, each read again only when a run has had it since."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit
        self._lock = Lock()
        self._known: dict[str, tuple[tuple[str | None, ...], list[list[Any]]]] = {}

    def of(self, raw_tables: Sequence[str], states: dict[str, TableState]) -> dict[str, list[list[Any]]]:
        """[rows read, outcome, run id] of each table's newest runs, oldest first; tables never run are absent."""
        wanted = [name for name in raw_tables[:MOST_TABLES_AT_ONCE] if name in states]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = pool.map(lambda name: self._of_one(name, states[name]), wanted)
            return dict(zip(wanted, found, strict=True))

    def _of_one(self, raw_table: str, state: TableState) -> list[list[Any]]:
        mark = (state.run_id, state.refresh_status)
        with self._lock:
            known = self._known.get(raw_table)
        if known and known[0] == mark:
            return known[1]
        rows = self._audit.newest_of_table(raw_table, RUNS_IN_A_LINE)
        line = [[row.counts.rows_read, row.outcome.value, row.run_id] for row in reversed(rows)]
        with self._lock:
            self._known[raw_table] = (mark, line)
        return line


def table_view(name: str, overview: Overview, deployment: Deployment, now: datetime) -> dict[str, Any]:
    """Everything about one table that a person asks next.

    Raises:
        InvalidConfiguration: there is no such table, and no files of one.
    """
    facts = overview.facts
    waiting = [file for file in facts.pending if file.source_table_name == name]
    configured = [table for table in facts.tables if table.source_table_name == name]
    if not configured and not waiting:
        configured = [named_table(name, facts.tables)]
    raw_tables = [table.config.raw_table for table in configured if table.config]
    states = deployment.operator.ledger.states(raw_tables)
    quarantined = [record for record in facts.quarantined if record.file.source_table_name == name]
    entries = statuses(Facts(configured, states, waiting, quarantined), deployment.operator, now)
    runs = [row for raw in raw_tables for row in deployment.operator.audit.newest_of_table(raw, RUNS_IN_FULL)]
    by_age = sorted(waiting, key=lambda file: file.last_modified)
    return {
        "tables": [
            {**entry.model_dump(mode="json"), "word": entry.word, "why_paused": entry.paused} for entry in entries
        ],
        "states": [_state(state) for state in states.values()],
        "runs": [run_entry(row) for row in runs],
        "waiting": [file_entry(file, FileState.LANDED) for file in islice(by_age, MOST_FILES)],
        "in_quarantine": [{**file_entry(record.file, record.state), "reason": record.reason} for record in quarantined],
    }


def run_entry(row: AuditRow) -> dict[str, Any]:
    """A table's part of a run."""
    return {**row.printed(), "raw_table": row.raw_table}


def _state(state: TableState) -> dict[str, Any]:
    kept = {"raw_table", "lease_owner", "fence", "generation", "run_id", "updated_at", "table_bytes", "only_spark"}
    return state.model_dump(mode="json", include=kept)
