"""What the statuses of tables are made of, read from a deployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from odpf.configured_table import ConfiguredTable, read_items
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.ports import ConfigStore, FileTracker, Ledger, ObjectStore
from odpf.settings import Settings
from odpf.summarised import summarised
from odpf.table_state import TableState
from odpf_cli.table_status import TableStatus, table_statuses


class Ports(Protocol):
    """Of a deployment what has these facts, under the names that `odpf.adapters.aws.Aws` has."""

    @property
    def settings(self) -> Settings:
        """Names of the deployment's resources."""

    @property
    def config(self) -> ConfigStore:
        """Configuration items."""

    @property
    def ledger(self) -> Ledger:
        """States of the raw tables."""

    @property
    def tracker(self) -> FileTracker:
        """Landed files."""

    @property
    def objects(self) -> ObjectStore:
        """Summaries of runs."""


class Facts(NamedTuple):
    """Configuration, ledger states by raw table, files that wait, and records of those in quarantine."""

    tables: Sequence[ConfiguredTable]
    states: Mapping[str, TableState]
    pending: Sequence[LandedFile]
    quarantined: Sequence[FileRecord]


def read_facts(ports: Ports) -> Facts:
    """Read all of them now; what waits and what is in quarantine after the states, as the ledger moves files last."""
    tables = read_items(ports.config.tables())
    states = ports.ledger.states(raw_tables(tables))
    return Facts(tables, states, list(ports.tracker.all_pending()), list(ports.tracker.quarantined()))


def raw_tables(tables: Sequence[ConfiguredTable]) -> list[str]:
    """Names of the raw tables whose configuration is valid."""
    return [table.config.raw_table for table in tables if table.config]


def statuses(facts: Facts, ports: Ports, now: datetime) -> list[TableStatus]:
    """Where every table stands."""
    is_over = summarised(ports.objects, ports.settings.artifacts_bucket)
    return table_statuses(*facts, now, most_attempts=ports.settings.most_attempts, is_over=is_over)
