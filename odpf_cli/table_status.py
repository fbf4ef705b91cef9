"""Where every table stands: decided here from configuration, ledger and trackers, printed by `odpf status`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from odpf.errors import InvalidConfiguration
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.order import OrderPosition
from odpf.states import ConfigurationState, DmsFileType, RefreshStatus
from odpf.table_config import TableConfig, read_table_config
from odpf.table_state import TableState

_STAMP = re.compile(r"^(\d{8}-\d{6})(\d{3})\d?\.")


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
    refresh_status: RefreshStatus | None
    pending_files: int
    pending_bytes: int
    quarantined_files: int
    high_water_mark: Position | None
    complete_through: Position | None
    freshness_lag_seconds: float
    last_change_at: str | None
    last_error: str | None


class ConfiguredTable(NamedTuple):
    """An item of the configuration as it stands; `config` is None when it is not valid, for the reason in `problem`."""

    item: Mapping[str, Any]
    config: TableConfig | None
    problem: str | None = None

    @property
    def source_table_name(self) -> str:
        """The source table the item names, whatever else is wrong with it."""
        return str(self.item.get("source_table_name", "?"))


def read_items(items: Iterable[Mapping[str, Any]]) -> list[ConfiguredTable]:
    """Read configuration items; a broken one stays in the list, with what is wrong."""
    tables = []
    for item in items:
        try:
            tables.append(ConfiguredTable(item, read_table_config(item)))
        except InvalidConfiguration as error:
            tables.append(ConfiguredTable(item, None, str(error)))
    return tables


def table_statuses(
    tables: Iterable[ConfiguredTable],
    states: Mapping[str, TableState],
    pending: Iterable[LandedFile],
    quarantined: Iterable[FileRecord],
    now: datetime,
) -> list[TableStatus]:
    """Every configured table, then source tables whose files wait though nobody configured them.

    Args:
        tables: the configuration.
        states: ledger states by raw table.
        pending: files that wait.
        quarantined: records of files in quarantine.
        now: the moment that freshness is told for.
    """
    waiting = _by_table(pending)
    set_aside: dict[str, list[FileRecord]] = {}
    for record in quarantined:
        set_aside.setdefault(record.file.source_table_name, []).append(record)
    known = sorted(tables, key=lambda table: (str(table.item.get("refresh_cadence")), _as_people_count(table)))
    statuses = [
        _configured(
            table,
            states.get(table.config.raw_table) if table.config else None,
            waiting.get(table.source_table_name, []),
            set_aside.get(table.source_table_name, []),
            now,
        )
        for table in known
    ]
    strangers = sorted(set(waiting) - {table.source_table_name for table in known})
    return statuses + [_unconfigured(name, waiting[name], set_aside.get(name, []), now) for name in strangers]


def freshness_lag(pending: Iterable[LandedFile], now: datetime) -> float:
    """Age in seconds of the oldest change that waits; 0 when nothing does."""
    moments = [landed_change_at(file) for file in pending]
    return round(max((now - min(moments)).total_seconds(), 0.0), 3) if moments else 0.0


def landed_change_at(file: LandedFile) -> datetime:
    """When the changes of a file were made: DMS stamps change files with it, in UTC; a load has S3's time only."""
    stamp = _STAMP.match(file.name)
    if file.dms_file_type is DmsFileType.FULL or stamp is None:
        return file.last_modified
    try:
        second = datetime.strptime(stamp[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return file.last_modified
    return second.replace(microsecond=int(stamp[2]) * 1000)


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
        stamp = _STAMP.match(record.file.name)
        sequence = (stamp[1].replace("-", "") + stamp[2][:2]) if stamp else ""
    return OrderPosition(generation, sequence, record.file.name, 0)


def _configured(
    table: ConfiguredTable,
    state: TableState | None,
    waiting: list[LandedFile],
    quarantined: list[FileRecord],
    now: datetime,
) -> TableStatus:
    reached = OrderPosition.parse(state.high_water_mark) if state and state.high_water_mark else None
    return TableStatus(
        source_table_name=table.source_table_name,
        raw_database_name=_text(table.item.get("raw_database_name")),
        raw_table_name=_text(table.item.get("raw_table_name")),
        refresh_cadence=_text(table.item.get("refresh_cadence")),
        state=_configuration_state(table.config),
        refresh_status=state.refresh_status if state else None,
        pending_files=len(waiting),
        pending_bytes=sum(file.size for file in waiting),
        quarantined_files=len(quarantined),
        high_water_mark=_position(reached),
        complete_through=_position(complete_through(reached, quarantined)),
        freshness_lag_seconds=freshness_lag(waiting, now),
        last_change_at=state.last_change_at if state else None,
        last_error=table.problem or (state.last_error if state else None),
    )


def _unconfigured(name: str, waiting: list[LandedFile], quarantined: list[FileRecord], now: datetime) -> TableStatus:
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
        freshness_lag_seconds=freshness_lag(waiting, now),
        last_change_at=None,
        last_error=None,
    )


def _configuration_state(config: TableConfig | None) -> ConfigurationState:
    if config is None:
        return ConfigurationState.BROKEN
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
