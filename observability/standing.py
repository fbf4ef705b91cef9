"""Where a deployment stands at one moment: every table with what waits for it, every cadence with its last plan. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from observability.limits import QUARANTINE_IS_NEWS, lag_objective
from odpf.configured_table import ConfiguredTable
from odpf.errors import InvalidConfiguration
from odpf.file_record import FileRecord
from odpf.freshness import landed_change_at
from odpf.landed_file import LandedFile
from odpf.last_plan import LastPlan
from odpf.states import ConfigurationState, DmsFileType
from odpf.table_config import TableConfig, read_cadence_config
from odpf.table_state import TableState


class Waiting(NamedTuple):
    """The files of a table that wait, in few words however many they are.

    Attributes:
        oldest_change: source commit time of the oldest change among them.
        oldest_put: when the first of them was put, by S3's clock.
        loads: how many are of a full load.
    """

    files: int = 0
    bytes: int = 0
    oldest_change: datetime | None = None
    oldest_put: datetime | None = None
    loads: int = 0


class Quarantined(NamedTuple):
    """The files of a table that were quarantined lately; times are ISO 8601."""

    files: int
    first_at: str
    newest: FileRecord


class CadenceStanding(NamedTuple):
    """A cadence; `scheduled_since` is when a watch first saw its present schedule."""

    refresh_cadence: str
    schedule: str | None = None
    lag_objective: timedelta | None = None
    problem: str | None = None
    last_plan: LastPlan | None = None
    scheduled_since: datetime | None = None


class TableStanding(NamedTuple):
    """A source table that is configured, or whose files wait or were quarantined though it is not.

    `set_aside` tells that no run tries it by itself any more.
    """

    source_table_name: str
    refresh_cadence: str | None
    state: ConfigurationState
    problem: str | None = None
    full_load_required: bool = False
    ledger: TableState | None = None
    waiting: Waiting = Waiting()
    quarantined: Quarantined | None = None
    set_aside: bool = False

    @property
    def expected(self) -> bool:
        """Whether somebody wants the table to be kept in step."""
        return self.state in (ConfigurationState.ACTIVE, ConfigurationState.BROKEN)

    @property
    def waits_for_full_load(self) -> bool:
        """Whether nothing can be applied before its full load comes."""
        exists = self.ledger is not None and (self.ledger.exists or self.ledger.intent is not None)
        return self.full_load_required and not exists and not self.waiting.loads


class Standing(NamedTuple):
    """The whole deployment; `dead_letters` are the messages in dead-letter queues, by queue."""

    now: datetime
    cadences: tuple[CadenceStanding, ...]
    tables: tuple[TableStanding, ...]
    dead_letters: Mapping[str, int]


def waiting_by_table(pending: Iterable[LandedFile]) -> dict[str, Waiting]:
    """Sum up the files that wait, one by one: a backlog may be larger than memory."""
    found: dict[str, Waiting] = {}
    for file in pending:
        so_far, change = found.get(file.source_table_name, Waiting()), landed_change_at(file)
        found[file.source_table_name] = Waiting(
            files=so_far.files + 1,
            bytes=so_far.bytes + file.size,
            oldest_change=min(so_far.oldest_change or change, change),
            oldest_put=min(so_far.oldest_put or file.last_modified, file.last_modified),
            loads=so_far.loads + (file.dms_file_type is DmsFileType.FULL),
        )
    return found


def quarantined_by_table(records: Iterable[FileRecord], now: datetime) -> dict[str, Quarantined]:
    """Sum up the files quarantined within the last day; of older ones people were told."""
    found: dict[str, Quarantined] = {}
    for record in records:
        done_at = record.done_at or ""
        if not done_at or datetime.fromisoformat(done_at) < now - QUARANTINE_IS_NEWS:
            continue
        table = record.file.source_table_name
        so_far = found.get(table, Quarantined(0, done_at, record))
        newer = done_at > (so_far.newest.done_at or "")
        found[table] = Quarantined(so_far.files + 1, min(so_far.first_at, done_at), record if newer else so_far.newest)
    return found


def cadence_standings(items: Iterable[Mapping[str, Any]], tables: Iterable[ConfiguredTable]) -> list[CadenceStanding]:
    """The configured cadences, and those that only tables name, which run by hand; plans are added by the caller."""
    found: dict[str, CadenceStanding] = {}
    for item in items:
        name = str(item.get("refresh_cadence"))
        try:
            config = read_cadence_config(item)
        except InvalidConfiguration as error:
            found[name] = CadenceStanding(name, problem=str(error))
        else:
            found[name] = CadenceStanding(name, config.schedule, lag_objective(config))
    for table in tables:
        if (named := _cadence_of(table)) is not None:
            found.setdefault(named, CadenceStanding(named))
    return [found[name] for name in sorted(found)]


def table_standings(
    tables: Sequence[ConfiguredTable],
    states: Mapping[str, TableState],
    waiting: Mapping[str, Waiting],
    quarantined: Mapping[str, Quarantined],
    given_up: Callable[[TableConfig, TableState], bool] = lambda _, __: False,
) -> list[TableStanding]:
    """Every configured table, then the strangers: tables that files came for though nobody configured them.

    Args:
        tables: the configuration.
        states: of raw tables.
        waiting: by source table.
        quarantined: by source table.
        given_up: whether a table is set aside.
    """
    known = [
        TableStanding(
            source_table_name=table.source_table_name,
            refresh_cadence=_cadence_of(table),
            state=_state(table),
            problem=table.problem,
            full_load_required=table.config is not None and table.config.full_load == "required",
            ledger=states.get(table.config.raw_table) if table.config else None,
            waiting=waiting.get(table.source_table_name, Waiting()),
            quarantined=quarantined.get(table.source_table_name),
            set_aside=_is_set_aside(table.config, states, given_up),
        )
        for table in tables
    ]
    strangers = (waiting.keys() | quarantined.keys()) - {table.source_table_name for table in known}
    return known + [
        TableStanding(
            source_table_name=name,
            refresh_cadence=None,
            state=ConfigurationState.UNCONFIGURED,
            waiting=waiting.get(name, Waiting()),
            quarantined=quarantined.get(name),
        )
        for name in sorted(strangers)
    ]


def _is_set_aside(
    config: TableConfig | None,
    states: Mapping[str, TableState],
    given_up: Callable[[TableConfig, TableState], bool],
) -> bool:
    state = states.get(config.raw_table) if config else None
    return config is not None and state is not None and given_up(config, state)


def _cadence_of(table: ConfiguredTable) -> str | None:
    named = table.item.get("refresh_cadence")
    return named if isinstance(named, str) else None


def _state(table: ConfiguredTable) -> ConfigurationState:
    """A run passes inactive tables over before it reads what else their items say."""
    if str(table.item.get("is_active", "Y")).upper() == "N":
        return ConfigurationState.INACTIVE
    return ConfigurationState.BROKEN if table.config is None else ConfigurationState.ACTIVE
