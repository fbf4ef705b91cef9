"""Maintenance of a cadence: which tables' timelines are long enough to be archived, and how one table is maintained.

Spark's commits archive by themselves; those of the Arrow engine never do, so that the timeline, and the listing of the
table's folder with it, would grow by three objects with each of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from file_processor.engine_choice import EngineChoice
from file_processor.engines.engine import MOST_COMMITS, Engine
from file_processor.instants import await_clock
from file_processor.packing import Batch, Packed
from file_processor.planning import CadenceTables, RunPlan
from file_processor.runtime_guard import check_table
from file_processor.timeline import Timeline
from file_processor.workshop import Workshop
from odpf.manifest import TableWork
from odpf.states import Compute, EngineName
from odpf.table_config import TableConfig
from odpf.table_state import TableState

TABLES_OF_A_BATCH = 500
"""Of one job run: nobody waits for maintenance, so that few runs are started (docs/cost.md)."""


def plan_maintenance(tables: CadenceTables, states: Mapping[str, TableState]) -> RunPlan:
    """Take the tables with a long timeline, the longest first; a broken table is the business of refreshes.

    Args:
        tables: the cadence's tables.
        states: processing tracker states by raw table; absent for tables never run.
    """
    lengths = {config.raw_table: _length(config, states.get(config.raw_table)) for config in tables.active}
    due = [config for config in tables.active if lengths[config.raw_table] > MOST_COMMITS]
    due.sort(key=lambda config: (-lengths[config.raw_table], config.raw_table))
    work = [_work(config, lengths[config.raw_table]) for config in due]
    starts = range(0, len(work), TABLES_OF_A_BATCH)
    batches = tuple(Batch(Compute.GLUE, tuple(work[at : at + TABLES_OF_A_BATCH])) for at in starts)
    return RunPlan(Packed(shared=batches), (), ())


def maintain(shop: Workshop, work: TableWork, timeline: Timeline, lease: TableState) -> tuple[Engine, TableState]:
    """Maintain one table that is held and recovered; returns what did it, and the lease with what the ledger has now.

    Args:
        shop: ports and engines.
        work: the table.
        timeline: its folder, listed under the lease.
        lease: the table as recovered.

    Raises:
        OdpfError: why it was not maintained; its rows are what they were.
    """
    engine = shop.engine(EngineChoice(work.engine, work.engine_reason))
    engine.check()
    check_table(timeline.location, timeline.properties(), work.config)
    await_clock(timeline.newest)
    shop.contender.check_epoch()  # the last thing before others see anything
    engine.maintain(work.config, timeline)
    shop.contender.check_again()
    timeline.refresh()
    found = {"active_commits": len(timeline.instants), "table_bytes": timeline.data_bytes()}
    return engine, shop.contender.ledger.advance(lease, lease.model_copy(update=found))


def _length(config: TableConfig, state: TableState | None) -> int:
    """Commits of a timeline that only maintenance bounds; 0 where there is none."""
    if state is None or not state.exists or config.hudi_table_type != "copy_on_write":
        return 0
    return state.active_commits or 0


def _work(config: TableConfig, length: int) -> TableWork:
    return TableWork(
        config=config,
        files=(),
        maintenance=True,
        engine=EngineName.SPARK,
        engine_reason=f"{length} commits in the timeline are more than {MOST_COMMITS}; Hudi itself archives them.",
    )
