"""What the next run would do with a table, and why: decided here as the plan decides it, printed by `odpf explain`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from file_processor.engine_choice import EngineChoice, planned_engine, planned_table_bytes
from file_processor.expected import expected_seconds
from file_processor.load_completion import LoadDecision
from file_processor.packing import Packed
from file_processor.planning import CadenceTables, plan_run, read_cadence
from file_processor.setting_aside import Trial
from file_processor.write_choices import WriteChoice, write_choices
from odpf.clock import utc_now
from odpf.configured_table import ConfiguredTable, read_items
from odpf.errors import InvalidConfiguration, OdpfError
from odpf.landed_file import LandedFile
from odpf.ports import ConfigStore, FileTracker, Ledger
from odpf.run_request import RunRequest
from odpf.states import EngineName
from odpf.summarised import summarised
from odpf.table_config import TableConfig
from odpf.table_state import TableState
from odpf_cli.files import waiting
from odpf_cli.full_load_look import Look
from odpf_cli.table_names import named_table


class Explanation(BaseModel):
    """What the next run would do with a table.

    Attributes:
        engine: what it would take by what the ledger knows now; None when the configuration is not valid.
        reason: why, a sentence.
        engine_configured: what the table's configuration asks for.
        compute: where the table's cadence has its batches processed.
        expected_seconds: what it would add to a job run; None when the next run does not take it.
        pace: how long its last runs took beside what their bytes say; None before the first.
        workers: of a job run of its own, which only a large table has; None when it shares one.
        worker_type: of that.
        left_alone: why the next run would not take the table at all; None when it would.
        table_bytes: size of the table's data files after its last commit; None when the ledger does not know.
        full_load_completion: the rule by which the table's full load counts as whole, its own or the deployment's.
        full_load: what that rule says of the full load that waits now; None when none waits.
        writes_with: what the engine would choose where Hudi leaves a choice, each with its reason.
    """

    model_config = ConfigDict(frozen=True)

    source_table_name: str
    raw_database_name: str | None
    raw_table_name: str | None
    refresh_cadence: str | None
    engine: EngineName | None
    reason: str
    engine_configured: str | None
    compute: str | None
    expected_seconds: float | None
    pace: float | None
    workers: int | None
    worker_type: str | None
    left_alone: str | None
    table_bytes: int | None
    pending_files: int
    pending_bytes: int
    full_load_completion: str | None
    full_load: str | None
    writes_with: tuple[WriteChoice, ...] = ()


def explain_table(name: str, config: ConfigStore, ledger: Ledger, tracker: FileTracker, look: Look) -> Explanation:
    """Read what the plan of the next run would read of one table, and decide as it would.

    Args:
        name: a source table, or a raw table as `<database>.<table>`.
        config: the configuration.
        ledger: states of raw tables.
        tracker: files that wait.
        look: at its full load, when one waits.

    Raises:
        InvalidConfiguration: no table has this name.
    """
    items = config.tables()
    table = named_table(name, read_items(items))
    files = waiting(tracker, table.source_table_name)
    state = ledger.state(table.config.raw_table) if table.config else None
    try:
        cadence = _cadence(table, items, config)
    except InvalidConfiguration as error:
        return _explanation(table, files, state, left_alone=str(error))
    load, said = _full_load(table, files, state, tracker, look)
    taken = (*load.taken, *load.put_back) if load else ()
    choice = planned_engine(table.config, taken or files, state) if table.config else None
    planned = _planned(table, cadence, files, state, load, look)
    left_alone = planned if isinstance(planned, str) else None
    found = _explanation(table, files, state, choice=choice, cadence=cadence, left_alone=left_alone)
    rule = str(table.config.completion(look.settings.full_load_completion)) if table.config else None
    more: dict[str, Any] = {"full_load_completion": rule, "full_load": said}
    if table.config and choice:
        size = planned_table_bytes(table.config, taken or files, state)
        landed = sum(file.size for file in taken or files)
        more["writes_with"] = tuple(write_choices(table.config, choice.engine, landed, size))
    return found.model_copy(update=more | ({} if isinstance(planned, str) else _job_run(planned)))


def _cadence(table: ConfiguredTable, items: Sequence[dict[str, Any]], config: ConfigStore) -> CadenceTables:
    name = str(table.item.get("refresh_cadence"))
    return read_cadence(name, config.cadence(name), items)


def _full_load(
    table: ConfiguredTable, files: Sequence[LandedFile], state: TableState | None, tracker: FileTracker, look: Look
) -> tuple[LoadDecision | None, str | None]:
    """What is decided on a full load that waits, and the sentence; who may not look is told so, and the rest all the same."""
    if table.config is None:
        return None, None
    try:
        load = look.decide(table.config, files, state, tracker)
    except OdpfError as error:
        return None, f"It cannot be looked at from here: {error}"
    return load, load.reason if load else None


def _planned(
    table: ConfiguredTable,
    cadence: CadenceTables,
    files: Sequence[LandedFile],
    state: TableState | None,
    load: LoadDecision | None,
    look: Look,
) -> Packed | str:
    """The table as a run of the cadence would pack it alone; or why it would not, in the words that its summary would have."""
    if broken := [result for result in cadence.broken if result.source_table_name == table.source_table_name]:
        return broken[0].error or ""
    config: TableConfig | None = table.config
    if config is None:
        return table.problem or ""
    if config.pause:
        return config.pause.told(config.source_table_name)
    if config.is_active != "Y":
        return "The table's configuration says is_active: N; its files wait."
    if not files and not (state and state.lease_owner):
        return "No files wait for it."
    name = config.source_table_name
    settings, request = look.settings, RunRequest(refresh_cadence=config.refresh_cadence, scheduled=True)
    is_over = summarised(look.objects, settings.artifacts_bucket)
    alone = plan_run(
        cadence._replace(active=(config,), broken=()),
        {name: files},
        _by_raw(state),
        loads={name: load} if load else {},
        trial=Trial(settings.most_attempts, utc_now(), request, is_over),
    )
    return (alone.decided[0].error or "") if alone.decided else alone.packed


def _job_run(packed: Packed) -> dict[str, Any]:
    """How long the table is expected to take, and the job run of its own that it may have; nothing where no file waits."""
    if not packed.batches:
        return {}
    (work,) = packed.batches[0].tables
    size = next((batch.size for batch in packed.large), None)
    return {
        "expected_seconds": round(expected_seconds(work), 2),
        "workers": size.workers if size else None,
        "worker_type": size.worker_type if size else None,
    }


def _by_raw(state: TableState | None) -> dict[str, TableState]:
    return {state.raw_table: state} if state else {}


def _explanation(
    table: ConfiguredTable,
    files: Sequence[LandedFile],
    state: TableState | None,
    *,
    choice: EngineChoice | None = None,
    cadence: CadenceTables | None = None,
    left_alone: str | None,
) -> Explanation:
    item, config = table.item, table.config
    return Explanation(
        source_table_name=table.source_table_name,
        raw_database_name=_text(item.get("raw_database_name")),
        raw_table_name=_text(item.get("raw_table_name")),
        refresh_cadence=_text(item.get("refresh_cadence")),
        engine=choice.engine if choice else None,
        reason=choice.reason if choice else "The configuration is not valid.",
        engine_configured=config.engine if config else None,
        compute=cadence.cadence.compute if cadence else None,
        expected_seconds=None,
        pace=state.pace if state else None,
        workers=None,
        worker_type=None,
        left_alone=left_alone,
        table_bytes=state.table_bytes if state else None,
        pending_files=len(files),
        pending_bytes=sum(file.size for file in files),
        full_load_completion=None,
        full_load=None,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
