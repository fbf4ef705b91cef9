"""Plan one run of a cadence: which tables have work, in which batches. Pure: values in, a plan out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from file_processor.engine_choice import planned_engine, planned_table_bytes
from file_processor.load_completion import LoadDecision, is_load
from file_processor.packing import Batch, Packed, pack
from file_processor.setting_aside import Trial, left_alone
from odpf.audit import TableResult
from odpf.errors import InvalidConfiguration
from odpf.landed_file import LandedFile
from odpf.manifest import TableWork
from odpf.rebuild import Rebuild
from odpf.states import Compute, Outcome
from odpf.table_config import CadenceConfig, TableConfig, read_cadence_config, read_table_config
from odpf.table_state import TableState


class CadenceTables(NamedTuple):
    """The tables of a cadence as configured: those a run may process, and those whose configuration is broken."""

    cadence: CadenceConfig
    active: tuple[TableConfig, ...]
    broken: tuple[TableResult, ...]


class RunPlan(NamedTuple):
    """What a run will do; `decided` are tables that need no job to know their outcome."""

    packed: Packed
    decided: tuple[TableResult, ...]
    warnings: tuple[str, ...]

    @property
    def batches(self) -> tuple[Batch, ...]:
        """All batches, in the order of their numbers."""
        return self.packed.batches

    @property
    def nothing_to_do(self) -> bool:
        """Whether the run can end here: no job to start, and nothing that a person has to be told."""
        return not self.batches and all(t.outcome is Outcome.WAITING_FOR_FULL_LOAD for t in self.decided)


def plan_rebuild(tables: CadenceTables, asked: Rebuild) -> RunPlan:
    """Take the one table that is to be rebuilt.

    Args:
        tables: the cadence's tables.
        asked: which, and from where on.

    Raises:
        InvalidConfiguration: the cadence has no such table, or its configuration is broken.
    """
    broken = next(
        (each for each in tables.broken if f"{each.raw_database_name}.{each.raw_table_name}" == asked.raw_table), None
    )
    if broken:
        raise InvalidConfiguration(broken.error or f"The configuration of {asked.raw_table} is not valid.")
    config = next((each for each in tables.active if each.raw_table == asked.raw_table), None)
    if config is None:
        raise InvalidConfiguration(
            f"{asked.raw_table} is no active table of {tables.cadence.refresh_cadence}. `odpf config show` lists those that are."
        )
    if asked.config:
        config = read_table_config(asked.config)
        if config.raw_table != asked.raw_table:
            raise InvalidConfiguration(f"A rebuild of {asked.raw_table} cannot make {config.raw_table} of it.")
    work = TableWork(config=config, files=(), rebuild=asked, engine_reason="A rebuild may need every engine.")
    return RunPlan(Packed(shared=(Batch(Compute.GLUE, (work,)),)), (), ())


def read_cadence(
    refresh_cadence: str, cadence_item: Mapping[str, Any] | None, items: Iterable[Mapping[str, Any]]
) -> CadenceTables:
    """Validate what stands in the configuration tables; a broken item costs its own table only.

    Args:
        refresh_cadence: the cadence of the run.
        cadence_item: its item of `odpf_batch_config`; without one the defaults hold, if tables name the cadence.
        items: all table items of all cadences, since one table configured in two cadences is an error of both.

    Raises:
        InvalidConfiguration: nobody knows the cadence, or its own item is broken.
    """
    items = list(items)
    mine = [item for item in items if item.get("refresh_cadence") == refresh_cadence]
    if cadence_item is None and not mine:
        raise InvalidConfiguration(
            f"No cadence {refresh_cadence!r} is configured. `odpf config show` lists those that are; "
            "add it with `odpf config apply`."
        )
    cadence = read_cadence_config(cadence_item or {"refresh_cadence": refresh_cadence})
    sources, raws = _claims(items)
    active, broken = [], []
    for item in mine:
        if str(item.get("is_active", "Y")).upper() == "N":
            continue
        try:
            config = read_table_config(item)
            _refuse_shared(config, sources, raws)
        except InvalidConfiguration as error:
            broken.append(_broken(item, str(error)))
        else:
            active.append(config)
    return CadenceTables(cadence, tuple(active), tuple(broken))


def plan_run(
    tables: CadenceTables,
    pending: Mapping[str, Sequence[LandedFile]],
    states: Mapping[str, TableState],
    unfinished: Collection[str] = (),
    *,
    held: Collection[str] = (),
    side_by_side: int = 1,
    loads: Mapping[str, LoadDecision] = MappingProxyType({}),
    over: Collection[str] = (),
    trial: Trial | None = None,
) -> RunPlan:
    """Choose an engine for each table that has pending files, and pack them into batches.

    Args:
        tables: the cadence's tables.
        pending: landed files by source table name, the frozen set of this run.
        states: processing tracker states by raw table; absent for tables never run.
        unfinished: raw tables that need a run without pending files, too, as those do that were given back with an intent.
        held: raw tables that a run holds which may be alive.
        side_by_side: tables that one process works on at once.
        loads: what may be taken of source tables for which LOAD objects wait.
        over: raw tables that a dead run left in the middle; they are unfinished.
        trial: what decides on tables that failed; without it all are tried.
    """
    work, decided, warnings = [], [], []
    unfinished = {*unfinished, *over}
    for config in tables.active:
        state, load = states.get(config.raw_table), loads.get(config.source_table_name)
        files = load.taken if load else pending.get(config.source_table_name, ())
        result = _waiting(config, files, load, state, recovers=config.raw_table in unfinished)
        has_intent = state is not None and state.intent is not None and state.lease_owner is None
        has_work = bool(files or load or config.raw_table in unfinished or has_intent)
        alone = None
        if has_work and trial and not result:
            alone = left_alone(config, state, files, trial)
        if ended := result or alone:
            decided.append(ended)
        elif has_work:
            work.append(_work(config, files, load, state))
        if told := result.error if result else load.reason if load and not load.is_whole else None:
            warnings.append(f"{config.source_table_name}: {told}")
    died = {raw_table: attempts.number for raw_table in over if (attempts := states[raw_table].attempts)}
    packed = pack(tables.cadence, work, held=held, side_by_side=side_by_side, died=died)
    return RunPlan(packed, (*tables.broken, *decided), tuple(warnings))


def only(tables: CadenceTables, source_tables: Collection[str]) -> CadenceTables:
    """The cadence with these source tables alone; with all where none is named.

    Raises:
        InvalidConfiguration: the cadence has no such table.
    """
    if not source_tables:
        return tables
    known = {*(t.source_table_name for t in tables.active), *(t.source_table_name for t in tables.broken)}
    if strange := sorted(set(source_tables) - known):
        raise InvalidConfiguration(
            f"{', '.join(strange)}: no active table of {tables.cadence.refresh_cadence}. `odpf config show` lists those "
            "that are."
        )
    return tables._replace(
        active=tuple(each for each in tables.active if each.source_table_name in source_tables),
        broken=tuple(each for each in tables.broken if each.source_table_name in source_tables),
    )


def with_staged_loads(
    plan: RunPlan, states: Mapping[str, TableState], listings: Mapping[str, Mapping[str, LandedFile]]
) -> RunPlan:
    """Add to tables that exist and take a LOAD file all LOAD objects of the listing (a reload may repeat some)."""

    def complete(table: TableWork) -> TableWork:
        state = states.get(table.config.raw_table)
        if state is None or not state.exists or not any(map(is_load, table.inputs)):
            return table
        staged = tuple(filter(is_load, listings.get(table.config.source_table_name, {}).values()))
        return table.model_copy(update={"staged_loads": staged})

    def all_complete(batches: Iterable[Batch]) -> tuple[Batch, ...]:
        return tuple(batch._replace(tables=tuple(map(complete, batch.tables))) for batch in batches)

    return plan._replace(packed=Packed(*map(all_complete, plan.packed)))


def _work(
    config: TableConfig, files: Sequence[LandedFile], load: LoadDecision | None, state: TableState | None
) -> TableWork:
    put_back = load.put_back if load else ()
    inputs = (*files, *put_back)
    engine, reason = planned_engine(config, inputs, state)
    return TableWork(
        config=config,
        files=tuple(sorted(files, key=lambda file: file.key)),
        put_back=put_back,
        full_load_completion=str(load.completion) if load and load.is_whole else None,
        engine=engine,
        engine_reason=reason,
        table_bytes=planned_table_bytes(config, inputs, state),
        pace=state.pace if state and state.pace else 1.0,
    )


def _claims(items: Iterable[Mapping[str, Any]]) -> tuple[Counter[str], dict[str, set[str]]]:
    """How often each source table is configured and active, and which source tables feed each raw table."""
    sources: Counter[str] = Counter()
    raws: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if str(item.get("is_active", "Y")).upper() == "N":
            continue
        source = str(item.get("source_table_name"))
        sources[source] += 1
        raws[f"{item.get('raw_database_name')}.{item.get('raw_table_name')}"].add(source)
    return sources, raws


def _refuse_shared(config: TableConfig, sources: Counter[str], raws: Mapping[str, set[str]]) -> None:
    if sources[config.source_table_name] > 1:
        raise InvalidConfiguration(
            f"Source table {config.source_table_name} is active in more than one cadence; its files would go to only "
            "one of them. Keep one and set the others inactive."
        )
    if len(feeding := raws[config.raw_table]) > 1:
        raise InvalidConfiguration(
            f"Raw table {config.raw_table} is fed by {', '.join(sorted(feeding))}. Give each source table its own raw table."
        )


def _broken(item: Mapping[str, Any], error: str) -> TableResult:
    return TableResult(
        source_table_name=str(item.get("source_table_name", "?")),
        raw_database_name=str(item.get("raw_database_name", "?")),
        raw_table_name=str(item.get("raw_table_name", "?")),
        outcome=Outcome.REFRESH_ERROR,
        error=error,
    )


def _waiting(
    config: TableConfig,
    files: Sequence[LandedFile],
    load: LoadDecision | None,
    state: TableState | None,
    *,
    recovers: bool,
) -> TableResult | None:
    """The result of a table for which no job has to be started; None where there is something to process.

    A load that is held keeps nobody from finishing what a dead run left.
    """
    left = state is not None and state.intent is not None
    if load and not load.is_whole and not files and not (left or recovers):
        return _waits(config, load.held, load.reason, str(load.completion))
    has_table = state is not None and (state.exists or left)
    if not files or has_table or config.full_load != "required" or any(map(is_load, files)):
        return None
    return _waits(
        config,
        files,
        f"{len(files)} change files wait for the table's full load. Start it in DMS, or set `full_load: none`.",
    )


def _waits(config: TableConfig, files: Sequence[LandedFile], error: str, completion: str | None = None) -> TableResult:
    return TableResult(
        source_table_name=config.source_table_name,
        raw_database_name=config.raw_database_name,
        raw_table_name=config.raw_table_name,
        outcome=Outcome.WAITING_FOR_FULL_LOAD,
        error=error,
        files=len(files),
        bytes=sum(file.size for file in files),
        full_load_completion=completion,
    )
