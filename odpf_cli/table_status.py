"""Where every table stands: decided here from configuration, ledger and trackers, printed by `odpf status`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from odpf.clock import iso
from odpf.configured_table import ConfiguredTable
from odpf.file_record import FileRecord
from odpf.freshness import age, oldest_change, stamp_digits
from odpf.landed_file import LandedFile
from odpf.order import OrderPosition
from odpf.pause import Pause
from odpf.set_aside import IsOver, is_set_aside, why_set_aside
from odpf.states import ConfigurationState, Outcome, RefreshStatus
from odpf.table_config import TableConfig
from odpf.table_state import TableState

_COMMIT_TIME_DIGITS = 16
"""A change sequence begins with the commit time, yyyyMMddHHmmSShh (DMS user guide, AR_H_CHANGE_SEQ)."""


class Position(BaseModel):
    """An order position as JSON."""

    model_config = ConfigDict(frozen=True)

    generation: int
    sequence: str
    file: str
    row: int


class TableStatus(BaseModel):
    """One entry of `odpf status`; the names are those of the output contract."""

    model_config = ConfigDict(frozen=True)

    source_table_name: str
    raw_database_name: str | None
    raw_table_name: str | None
    refresh_cadence: str | None
    state: ConfigurationState
    pause: Pause | None = None
    refresh_status: RefreshStatus | None
    pending_files: int
    pending_bytes: int
    quarantined_files: int
    high_water_mark: Position | None
    complete_through: Position | None
    freshness_lag_seconds: float
    oldest_change_at: str | None
    last_change_at: str | None
    failed_attempts: int
    set_aside: bool
    last_error: str | None

    @property
    def word(self) -> str | None:
        """The one word that says how the table is; None when it is configured and no run has had it.

        The refresh status, unless the configuration says that there is none to expect.
        """
        if self.state is not ConfigurationState.ACTIVE:
            return self.state
        return Outcome.SET_ASIDE if self.set_aside else self.refresh_status

    @property
    def paused(self) -> str | None:
        """Who paused the table and why, in a sentence; None when nobody did."""
        return self.pause.told(self.source_table_name) if self.pause else None


class Tried(NamedTuple):
    """What tells how often a table failed: `Settings.most_attempts`, and whether a run is over."""

    most_attempts: int
    is_over: IsOver

    def is_set_aside(self, config: TableConfig | None, state: TableState | None) -> bool:
        """Whether no run tries the table by itself."""
        return config is not None and is_set_aside(config, state, self.most_attempts, self.is_over)

    def failed(self, state: TableState | None, *, aside: bool) -> int:
        """Attempts in a row that failed; an owner is asked about only where it matters."""
        if state is None or state.attempts is None:
            return 0
        return state.attempts.number - (state.lease_owner is not None and not aside)


def table_statuses(
    tables: Iterable[ConfiguredTable],
    states: Mapping[str, TableState],
    pending: Iterable[LandedFile],
    quarantined: Iterable[FileRecord],
    now: datetime,
    *,
    most_attempts: int,
    is_over: IsOver,
) -> list[TableStatus]:
    """Every configured table, then source tables whose files wait though nobody configured them.

    Args:
        tables: the configuration.
        states: ledger states by raw table.
        pending: files that wait.
        quarantined: records of files in quarantine.
        now: the moment that freshness is told for.
        most_attempts: `Settings.most_attempts`.
        is_over: whether a run is over.
    """
    waiting = _by_table(pending)
    in_quarantine: dict[str, list[FileRecord]] = {}
    for record in quarantined:
        in_quarantine.setdefault(record.file.source_table_name, []).append(record)
    known = sorted(tables, key=lambda table: (str(table.item.get("refresh_cadence")), _as_people_count(table)))
    statuses = [
        _configured(
            table,
            states.get(table.config.raw_table) if table.config else None,
            waiting.get(table.source_table_name, []),
            in_quarantine.get(table.source_table_name, []),
            now,
            Tried(most_attempts, is_over),
        )
        for table in known
    ]
    strangers = sorted(set(waiting) - {table.source_table_name for table in known})
    return statuses + [_unconfigured(name, waiting[name], in_quarantine.get(name, []), now) for name in strangers]


def complete_through(reached: OrderPosition | None, quarantined: Iterable[FileRecord]) -> OrderPosition | None:
    """The lowest position of a quarantined file at or below the high-water mark, else that mark."""
    if reached is None:
        return None
    holes = [_first_position(record, reached) for record in quarantined]
    return min([reached, *holes])


def _first_position(record: FileRecord, reached: OrderPosition) -> OrderPosition:
    """Where a quarantined file begins; by its name alone when its rows could not be read."""
    generation = reached.generation if record.generation is None else record.generation
    sequence = record.first_sequence
    if sequence is None:
        sequence = (stamp_digits(record.file.name) or "")[:_COMMIT_TIME_DIGITS]
    return OrderPosition(generation, sequence, record.file.name, 0)


def _configured(
    table: ConfiguredTable,
    state: TableState | None,
    waiting: list[LandedFile],
    quarantined: list[FileRecord],
    now: datetime,
    tried: Tried,
) -> TableStatus:
    aside = tried.is_set_aside(table.config, state)
    error = (
        why_set_aside(table.config, state) if aside and table.config and state else state.last_error if state else None
    )
    reached = OrderPosition.parse(state.high_water_mark) if state and state.high_water_mark else None
    oldest = oldest_change(waiting)
    return TableStatus(
        source_table_name=table.source_table_name,
        raw_database_name=_text(table.item.get("raw_database_name")),
        raw_table_name=_text(table.item.get("raw_table_name")),
        refresh_cadence=_text(table.item.get("refresh_cadence")),
        state=_configuration_state(table.config),
        pause=table.config.pause if table.config else None,
        refresh_status=state.refresh_status if state else None,
        pending_files=len(waiting),
        pending_bytes=sum(file.size for file in waiting),
        quarantined_files=len(quarantined),
        high_water_mark=_position(reached),
        complete_through=_position(complete_through(reached, quarantined)),
        freshness_lag_seconds=age(oldest, now),
        oldest_change_at=iso(oldest) if oldest else None,
        last_change_at=state.last_change_at if state else None,
        failed_attempts=tried.failed(state, aside=aside),
        set_aside=aside,
        last_error=table.problem or error,
    )


def _unconfigured(name: str, waiting: list[LandedFile], quarantined: list[FileRecord], now: datetime) -> TableStatus:
    oldest = oldest_change(waiting)
    return TableStatus(
        source_table_name=name,
        raw_database_name=None,
        raw_table_name=None,
        refresh_cadence=None,
        state=ConfigurationState.UNCONFIGURED,
        refresh_status=None,
        pending_files=len(waiting),
        pending_bytes=sum(file.size for file in waiting),
        quarantined_files=len(quarantined),
        high_water_mark=None,
        complete_through=None,
        freshness_lag_seconds=age(oldest, now),
        oldest_change_at=iso(oldest) if oldest else None,
        last_change_at=None,
        failed_attempts=0,
        set_aside=False,
        last_error=None,
    )


def _configuration_state(config: TableConfig | None) -> ConfigurationState:
    if config is None:
        return ConfigurationState.BROKEN
    if config.pause:
        return ConfigurationState.PAUSED
    return ConfigurationState.ACTIVE if config.is_active == "Y" else ConfigurationState.INACTIVE


def _as_people_count(table: ConfiguredTable) -> list[tuple[bool, int, str]]:
    """A sort key that puts `table_2` before `table_10`."""
    parts = re.split(r"(\d+)", table.source_table_name)
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _by_table(files: Iterable[LandedFile]) -> dict[str, list[LandedFile]]:
    by_table: dict[str, list[LandedFile]] = {}
    for file in files:
        by_table.setdefault(file.source_table_name, []).append(file)
    return by_table


def _position(position: OrderPosition | None) -> Position | None:
    return Position(**position._asdict()) if position else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
